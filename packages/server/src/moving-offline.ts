import { createReadStream, existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Config, ConfigError, readConfig } from './config.ts'
import { openRootKey } from './keyring/root-keys/index.ts'
import { type RootKey, RootKeyError } from './keyring/root-keys/root-key.ts'
import { backUp } from './moving/backup.ts'
import { copyStore } from './moving/copy.ts'
import { type DrillStep, drill } from './moving/drill.ts'
import type { OnProgress } from './moving/filling.ts'
import { type Manifest, rowsIn } from './moving/manifest.ts'
import { MoveRefused } from './moving/mark.ts'
import type { Doors, Moved } from './moving/moved.ts'
import { restore } from './moving/restore.ts'
import type { LastingStore } from './moving/target.ts'
import { systemClock } from './platform/clock.ts'
import { systemRandom } from './platform/random.ts'
import type { Values } from './settings.ts'
import type { StoreKind } from './store/open.ts'
import { filesIn } from './store/sqlite/files.ts'
import { readWitnesses } from './trail/export.ts'

export type { DrillStep } from './moving/drill.ts'
export type { Progress } from './moving/filling.ts'
export type { Moved } from './moving/moved.ts'
export { describeFinding } from './trail/verdict.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** What every command here may be told. */
interface Common {
  /** `data`, `store` and `root-key` as `lockstep serve` has them. */
  readonly settings: Values
  readonly env: Environment
  readonly onProgress: OnProgress
}

/**
 * Copies a store into an empty one of either engine. With a root key at hand every MAC of the copied trail is
 * recomputed; `withoutRootKey` says why it was not.
 *
 * @param copy `from` and `to` are `sqlite:DIR` or `postgres://…`.
 * @throws MoveRefused, ConfigError, RootKeyError, StoreUnavailable: each message says what to do
 */
export async function copy(
  copy: Common & { readonly from: string; readonly to: string; readonly restart: boolean },
): Promise<Moved & { readonly withoutRootKey?: string }> {
  const from = storeNamed('--from', copy.from)
  const to = storeNamed('--to', copy.to)
  demandThere(from)
  // The root key lies beside the database that it belongs to, unless somebody says otherwise.
  const beside = from.kind === 'sqlite' ? { data: from.directory } : {}
  const { root, withoutRootKey } = await rootKeyIfThere({
    ...copy,
    settings: { ...beside, ...copy.settings },
  })
  const moved = await copyStore({ from, to, restart: copy.restart, root }, doorsOf(copy))
  return { ...moved, ...(withoutRootKey !== undefined && { withoutRootKey }) }
}

/**
 * Writes an encrypted backup of the settings' store, beside running servers.
 * @throws as {@link copy}
 */
export async function backup(
  backup: Common & { readonly to: string; readonly force: boolean },
): Promise<{ readonly rows: number; readonly bytes: number; readonly manifest: Manifest }> {
  const config = readConfig(backup.settings, backup.env)
  const from = lasting(config.store)
  demandThere(from)
  const to = { path: resolve(backup.to), force: backup.force }
  const { manifest, bytes } = await backUp({ from, to, root: await rootKeyOf(config) }, doorsOf(backup))
  return { rows: rowsIn(manifest), bytes, manifest }
}

/** What a restore or a drill may be told besides. */
interface FromBackup extends Common {
  /** The backup's path. */
  readonly from: string
  /** Files with checkpoints that left the server: its log, an export. */
  readonly checkpointFiles: readonly string[]
}

/**
 * Fills the settings' store, which is empty, from a backup.
 * @throws as {@link copy}; nothing was written where the file is not whole and authentic
 */
export async function restoreBackup(from: FromBackup): Promise<Moved & { readonly manifest: Manifest }> {
  const config = readConfig(from.settings, from.env)
  const to = lasting(config.store)
  const root = await rootKeyOf(config)
  const witnesses = await witnessesIn(from.checkpointFiles)
  return restore({ from: resolve(from.from), to, root, witnesses }, doorsOf(from))
}

/**
 * Proves a backup in a scratch place: a directory of its own, unless `scratch` names an empty PostgreSQL.
 * @throws as {@link copy}, where the backup would not have helped
 */
export async function drillBackup(
  from: FromBackup & { readonly scratch?: string | undefined; onStep(step: DrillStep): void },
): Promise<void> {
  const root = await rootKeyOf(readConfig(from.settings, from.env))
  const witnesses = await witnessesIn(from.checkpointFiles)
  const run = (scratch: LastingStore) =>
    drill({ from: resolve(from.from), scratch, root, witnesses }, doorsOf(from), from.onStep)
  if (from.scratch !== undefined) {
    const scratch = storeNamed('--scratch', from.scratch)
    if (scratch.kind === 'sqlite')
      throw new ConfigError(['--scratch: a directory is made by itself, below TMPDIR'])
    return run(scratch)
  }
  const directory = await mkdtemp(join(tmpdir(), 'lockstep-drill-'))
  try {
    await run({ kind: 'sqlite', directory })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function doorsOf({ onProgress }: Common): Doors {
  return { clock: systemClock, random: systemRandom, onProgress }
}

const SQLITE = 'sqlite:'

/** The address is not repeated in a complaint: it may hold a password. */
function storeNamed(flag: string, text: string): LastingStore {
  if (text.startsWith(SQLITE) && text !== SQLITE) {
    return { kind: 'sqlite', directory: resolve(text.slice(SQLITE.length)) }
  }
  if (!/^postgres(ql)?:\/\//.test(text))
    throw new ConfigError([`${flag}: is neither sqlite:DIR nor postgres://…`])
  // In memory nothing is read from a directory; the address is held to the same rules as a server's.
  return lasting(readConfig({ data: 'memory', store: text }, {}).store)
}

function lasting(store: StoreKind): LastingStore {
  if (store.kind === 'memory')
    throw new ConfigError(['--data (LOCKSTEP_DATA): there is nothing to move in memory'])
  return store
}

/** @throws MoveRefused where nothing is at the source: opening it would answer with the disk's error. */
function demandThere(store: LastingStore): void {
  if (store.kind === 'postgres' || existsSync(filesIn(store.directory).database)) return
  throw new MoveRefused(`There is no database in ${store.directory}.`)
}

function rootKeyOf({ rootKey, passphrase, passphraseFile }: Config): Promise<RootKey> {
  return openRootKey(rootKey, { create: false, random: systemRandom, passphrase, passphraseFile })
}

/** A copy can do without, unless it was asked for. */
async function rootKeyIfThere({
  settings,
  env,
}: Common): Promise<{ readonly root?: RootKey; readonly withoutRootKey?: string }> {
  try {
    return { root: await rootKeyOf(readConfig(settings, env)) }
  } catch (error) {
    if (error instanceof RootKeyError && settings['root-key'] === undefined)
      return { withoutRootKey: error.message }
    throw error
  }
}

async function witnessesIn(files: readonly string[]) {
  const found = await Promise.all(files.map((file) => readWitnesses(createReadStream(file))))
  return found.flat()
}
