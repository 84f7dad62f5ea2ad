import type { Migration } from './migration.ts'

// `position` is lane and number in one integer (see store/sql/trail.ts): SQLite then keeps the events in the
// order of their places without a second index beside the table. Measured, that is a microsecond per event.
export const trail: Migration = {
  number: 4,
  name: 'trail',
  up: ({ bytes, integer, text, end }) => [
    `create table trail_events (
      account ${text} not null,
      region ${text} not null,
      position ${integer} primary key,
      at ${integer} not null,
      event_id ${text} not null,
      source ${text} not null,
      name ${text} not null,
      read_only ${integer} not null,
      user_name ${text},
      access_key_id ${text},
      resources ${text} not null,
      digest ${bytes} not null,
      mac ${bytes} not null,
      body ${text} not null
    )${end}`,
    'create index trail_events_at on trail_events (account, region, at, position)',
    // Which seconds hold an event that can be found by a value. A few rows per second, not per event.
    `create table trail_terms (
      account ${text} not null,
      region ${text} not null,
      attribute ${text} not null,
      value ${text} not null,
      bucket ${integer} not null,
      primary key (account, region, attribute, value, bucket)
    )${end && `${end}, without rowid`}`,
    `create table trail_lanes (
      account ${text} not null,
      region ${text} not null,
      lane ${integer} not null,
      key_generation ${integer} not null,
      primary key (account, region, lane)
    )${end}`,
    `create table trail_checkpoints (
      account ${text} not null,
      region ${text} not null,
      sequence ${integer} not null,
      checkpoint ${text} not null,
      primary key (account, region, sequence)
    )${end}`,
    `create table trail_keys (
      account ${text} not null,
      region ${text} not null,
      public_key ${text} not null,
      sealed_private_key ${bytes} not null,
      primary key (account, region)
    )${end}`,
  ],
}
