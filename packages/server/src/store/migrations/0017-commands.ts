import type { Migration } from './migration.ts'

/**
 * Run Command's commands, an invocation for each node, and an outcome for each of its steps. What may hold anything
 * is in columns of its own tables, so that no list reads it.
 */
export const commands: Migration = {
  number: 17,
  name: 'commands',
  up: ({ bytes, integer, text, end, endUpdated }) => [
    `create table commands (
      account ${text} not null,
      region ${text} not null,
      id ${text} not null,
      document_name ${text} not null,
      document_version ${text} not null,
      document_hash ${text} not null,
      comment ${text} not null,
      instance_ids ${text} not null,
      targets ${text} not null,
      max_concurrency ${text} not null,
      max_errors ${text} not null,
      timeout_seconds ${integer} not null,
      requested_at ${integer} not null,
      expires_at ${integer} not null,
      requester_arn ${text} not null,
      status ${text} not null,
      target_count ${integer} not null,
      completed_count ${integer} not null,
      error_count ${integer} not null,
      delivery_timed_out_count ${integer} not null,
      cancel_requested_at ${integer},
      timer_at ${integer} not null,
      primary key (account, region, id)
    )${endUpdated}`,
    'create index commands_latest on commands (account, region, requested_at)',
    `create table command_contents (
      account ${text} not null,
      region ${text} not null,
      command_id ${text} not null,
      parameters ${bytes} not null,
      steps ${bytes} not null,
      primary key (account, region, command_id)
    )${end}`,
    `create table command_invocations (
      account ${text} not null,
      region ${text} not null,
      command_id ${text} not null,
      instance_id ${text} not null,
      requested_at ${integer} not null,
      status ${text} not null,
      dispatched_at ${integer},
      started_at ${integer},
      ended_at ${integer},
      primary key (account, region, command_id, instance_id)
    )${endUpdated}`,
    'create index command_invocations_latest on command_invocations (account, region, requested_at)',
    'create index command_invocations_of on command_invocations (account, region, instance_id, requested_at)',
    // What is open has no end, and so lies together.
    'create index command_invocations_open on command_invocations (account, region, instance_id, ended_at)',
    `create table command_outcomes (
      account ${text} not null,
      region ${text} not null,
      command_id ${text} not null,
      instance_id ${text} not null,
      step ${integer} not null,
      name ${text} not null,
      status ${text} not null,
      exit_code ${integer} not null,
      started_at ${integer} not null,
      ended_at ${integer} not null,
      output ${bytes} not null,
      primary key (account, region, command_id, instance_id, step)
    )${end}`,
  ],
}
