import { existsSync } from 'node:fs'
import type { Keyring } from '../keyring/keyring.ts'
import { OpenFailure } from '../keyring/open-failure.ts'
import { migrations } from '../store/migrations/index.ts'
import type { Applied } from '../store/migrations/runner.ts'
import { openSnapshot, type StoreKind } from '../store/open.ts'
import type { StoreSnapshot } from '../store/snapshot.ts'
import type { Sql } from '../store/sql/sql.ts'
import { filesIn } from '../store/sqlite/files.ts'
import type { TrailKey, TrailReader, TrailRow } from '../store/trail.ts'
import { StoreUnavailable } from '../store/unavailable.ts'
import { type TrailLine, trailLines } from './lines.ts'
import { openTrailKey, type SigningKey } from './signing-key.ts'
import type { Verdict } from './verdict.ts'
import { type VerifyOptions, verifyTrail } from './verify.ts'

/** There is no trail to look at. The message says why; show it without a stack. */
export class NoTrail extends Error {
  override readonly name = 'NoTrail'
}

/**
 * Opens a store's trail for looking at and nothing else, as it is at this instant; servers may go on writing it.
 * @throws NoTrail where there is no Lockstep; StoreUnavailable where it cannot be read.
 */
export async function openTrailDatabase(kind: StoreKind): Promise<StoreSnapshot> {
  if (kind.kind === 'memory') throw new NoTrail('A store in memory is gone with its server.')
  if (kind.kind === 'sqlite' && !existsSync(filesIn(kind.directory).database))
    throw new NoTrail(`There is no database in ${kind.directory}. Name the data directory with --data.`)
  const snapshot = await openSnapshot(kind)
  try {
    await demandLockstep(snapshot.sql)
    return snapshot
  } catch (error) {
    await snapshot[Symbol.asyncDispose]()
    throw error
  }
}

/** The first schema with all that is read here. */
const OLDEST_READABLE = 6

/** The address of a database may hold its password, so the sentences name no place. */
async function demandLockstep(sql: Sql): Promise<void> {
  let applied: readonly Applied[]
  try {
    applied = await appliedTo(sql)
  } catch (error) {
    if (error instanceof StoreUnavailable) throw error
    throw new NoTrail(
      'No Lockstep was ever started on this database. Name the right one with --data or --store.',
    )
  }
  const isKnown = applied.every(({ number, name }, index) => {
    const migration = migrations[index]
    return migration?.number === number && migration.name === name
  })
  if (!isKnown || applied.length < OLDEST_READABLE) throw new NoTrail(OTHER_VERSION)
}

/** @throws NoTrail where a server has still to bring the schema forward, or another version has. */
export async function demandThisVersion(sql: Sql): Promise<void> {
  if ((await appliedTo(sql)).length !== migrations.length) throw new NoTrail(OTHER_VERSION)
}

const OTHER_VERSION =
  'The database is of another version of Lockstep than this command. Use the command that came with its server.'

function appliedTo(sql: Sql): Promise<readonly Applied[]> {
  return sql.rows<Applied>('select number, name from schema_migrations order by number')
}

export interface StoredTrailOptions extends Pick<VerifyOptions, 'publicKey' | 'witnesses'> {
  /** Present: every MAC is recomputed, and the public key is the one whose private key it opens. */
  readonly keyring?: Keyring | undefined
  /** Leaves the search terms out: where their table was compared, row by row, with the one it was copied from. */
  readonly withoutTerms?: boolean
}

/**
 * Verifies a stored trail, its search terms included.
 * @param trail Reads from one snapshot, or from a store that nobody writes.
 */
export async function verifyStored(trail: TrailReader, options: StoredTrailOptions): Promise<Verdict> {
  const { keyring, witnesses, publicKey } = options
  const key = await trail.key()
  const own = keyring && key && opened(key, keyring)
  if (own === 'not ours') return brokenKey(witnesses?.length ?? 0)
  const lines = trailLines(trail)
  return verifyTrail(options.withoutTerms ? lines : ahead(lines, trail), {
    publicKey: publicKey ?? own?.publicKey,
    laneKey: keyring && ((generation) => keyring.macKey('trail-lane', generation)),
    witnesses,
    missingTerms: options.withoutTerms ? undefined : (row) => trail.missingTerms(row),
  })
}

/** Enough for one question about all of their terms. */
const LINES_AHEAD = 250

/** The same lines, read so far ahead that the database is asked for the terms of many events at once. */
async function* ahead(lines: AsyncIterable<TrailLine>, trail: TrailReader): AsyncGenerator<TrailLine> {
  let held: TrailLine[] = []
  for await (const line of lines) {
    held.push(line)
    if (held.length < LINES_AHEAD) continue
    await trail.expectTerms(eventsIn(held))
    yield* held
    held = []
  }
  await trail.expectTerms(eventsIn(held))
  yield* held
}

function eventsIn(lines: readonly TrailLine[]): readonly TrailRow[] {
  return lines.flatMap((line) => (line.kind === 'event' ? [line.event] : []))
}

function opened(key: TrailKey, keyring: Keyring): SigningKey | 'not ours' {
  try {
    return openTrailKey(key, keyring)
  } catch (error) {
    if (error instanceof OpenFailure) return 'not ours'
    throw error
  }
}

function brokenKey(witnesses: number): Verdict {
  const why =
    'The stored signing key was not sealed with this root key: it is not the one that Lockstep made.'
  const nothing = {
    events: 0,
    unsealed: 0,
    checkpoints: 0,
    macs: true,
    publicKey: 'none',
    witnesses,
  } as const
  return { kind: 'broken', finding: { kind: 'key', what: 'forged', why }, ...nothing }
}
