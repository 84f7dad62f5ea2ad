import { createReadStream } from 'node:fs'
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readConfig } from './config.ts'
import { Keyring } from './keyring/keyring.ts'
import { openRootKey } from './keyring/root-keys/index.ts'
import { type RootKey, RootKeyError } from './keyring/root-keys/root-key.ts'
import { systemClock } from './platform/clock.ts'
import { systemRandom } from './platform/random.ts'
import type { Values } from './settings.ts'
import type { InstallationReader } from './store/installation.ts'
import type { TrailRow } from './store/trail.ts'
import { demandThisVersion, openTrailDatabase, verifyStored } from './trail/database.ts'
import { exportTrail, readWitnesses } from './trail/export.ts'
import { type TrailLine, trailLines } from './trail/lines.ts'
import { demandOld, oldIn, type Pruned, PruneRefused, prune } from './trail/prune.ts'
import { exportsIn, type OldPart, planOld } from './trail/prune-export.ts'
import { openToPrune } from './trail/prune-store.ts'
import { recordFiles } from './trail/record-files.ts'
import { openTrailKey } from './trail/signing-key.ts'
import type { Verdict } from './trail/verdict.ts'
import { verifyExports } from './trail/verify-exports.ts'

export { verifyDelivered } from './trail/delivery/verify-directory.ts'
export { describeFinding, type Verdict } from './trail/verdict.ts'

const DAY_MS = 24 * 60 * 60 * 1000

type Environment = Readonly<Record<string, string | undefined>>

/** What is vouched for from outside the trail itself. */
export interface Trusted {
  /** PEM. Without it the signatures show only that the trail agrees with itself. */
  readonly publicKey?: string | undefined
  /** Files that hold checkpoints which left the server: its log, an older export. */
  readonly checkpointFiles: readonly string[]
}

/**
 * Verifies the trail of a store, beside running servers or without one. With the root key at hand every MAC is
 * recomputed; `withoutRootKey` says why it was not.
 *
 * @throws RootKeyError when the root key does not open this database, or was asked for by `settings` and is missing;
 * NoTrail where there is no Lockstep
 */
export async function verifyDirectory(
  settings: Values,
  env: Environment,
  trusted: Trusted,
): Promise<{ readonly verdict: Verdict; readonly withoutRootKey?: string }> {
  const config = readConfig(settings, env)
  await using database = await openTrailDatabase(config.store)
  const isDemanded = settings['root-key'] !== undefined
  const { keyring, withoutRootKey } = await unseal(database.read.installation, config, isDemanded)
  const verdict = await verifyStored(database.read.trail, {
    publicKey: trusted.publicKey,
    witnesses: await witnessesIn(trusted.checkpointFiles),
    keyring,
  })
  return { verdict, ...(withoutRootKey !== undefined && { withoutRootKey }) }
}

/**
 * Verifies exports with nothing but their public key: one, or several that follow each other, in their order.
 * @param paths Files, and folders that `trail prune` has filled.
 */
export async function verifyExportFiles(
  paths: readonly string[],
  trusted: Trusted,
): Promise<{ readonly verdict: Verdict; readonly file?: string }> {
  const files: string[] = []
  for (const path of paths) {
    if (!(await stat(path)).isDirectory()) files.push(path)
    else files.push(...(await exportsIn(path)))
  }
  return verifyExports(files, {
    publicKey: trusted.publicKey,
    witnesses: await witnessesIn(trusted.checkpointFiles),
  })
}

/** The whole trail as JSON lines: all that a verifier needs. */
export async function* exportDirectory(settings: Values, env: Environment): AsyncGenerator<string> {
  await using database = await openTrailDatabase(readConfig(settings, env).store)
  yield* exportTrail(trailLines(database.read.trail))
}

/** Writes the events as CloudTrail's own files below `into`; answers how many files. */
export async function exportRecordFiles(settings: Values, env: Environment, into: string): Promise<number> {
  await using database = await openTrailDatabase(readConfig(settings, env).store)
  let files = 0
  for await (const { path, content } of recordFiles(eventsOf(trailLines(database.read.trail)))) {
    const target = join(into, path)
    await mkdir(dirname(target), { recursive: true })
    await writeFile(target, content, { mode: 0o600 })
    files += 1
  }
  return files
}

/** What is to be pruned: what is older than an instant, or than so many days. */
export type Age = { readonly before: Date } | { readonly days: number }

/**
 * What {@link pruneTrail} would export and remove.
 * @throws PruneRefused, NoTrail
 */
export async function planPrune(settings: Values, env: Environment, age: Age): Promise<OldPart> {
  await using database = await openTrailDatabase(readConfig(settings, env).store)
  await demandThisVersion(database.sql)
  return await planOld(database.read.trail, await oldIn(database.read, limitOf(age)))
}

/**
 * Moves the old part of the trail into files below `folder`, beside running servers or without one. Needs the root
 * key: without the signing key nobody can say that a trail may start later than at its beginning.
 *
 * @throws PruneRefused, NoTrail, RootKeyError, OpenFailure
 */
export async function pruneTrail(
  settings: Values,
  env: Environment,
  { age, folder }: { readonly age: Age; readonly folder: string },
): Promise<Pruned> {
  const config = readConfig(settings, env)
  const limit = limitOf(age)
  const { keyring, stored } = await lookInto(config)
  const { store: kind } = config
  if (!keyring || !stored || kind.kind === 'memory') throw new PruneRefused('There is no trail yet.')
  await using store = await openToPrune(kind)
  const key = openTrailKey(stored, keyring)
  return await prune({ store, keyring, key, folder, now: systemClock.now() }, limit)
}

async function lookInto(config: ReturnType<typeof readConfig>) {
  await using database = await openTrailDatabase(config.store)
  await demandThisVersion(database.sql)
  const { keyring } = await unseal(database.read.installation, config, true)
  return { keyring, stored: await database.read.trail.key() }
}

function limitOf(age: Age): Date {
  const now = systemClock.now()
  const before = 'before' in age ? age.before : new Date(now.getTime() - age.days * DAY_MS)
  demandOld(before, now)
  return before
}

async function* eventsOf(lines: AsyncIterable<TrailLine>): AsyncGenerator<TrailRow> {
  for await (const line of lines) if (line.kind === 'event') yield line.event
}

async function witnessesIn(files: readonly string[]) {
  const found = await Promise.all(files.map((file) => readWitnesses(createReadStream(file))))
  return found.flat()
}

async function unseal(
  installation: InstallationReader,
  { rootKey, passphrase, passphraseFile }: ReturnType<typeof readConfig>,
  isDemanded: boolean,
): Promise<{ keyring?: Keyring; withoutRootKey?: string }> {
  let root: RootKey
  try {
    root = await openRootKey(rootKey, { create: false, random: systemRandom, passphrase, passphraseFile })
  } catch (error) {
    if (error instanceof RootKeyError && !isDemanded) return { withoutRootKey: error.message }
    throw error
  }
  // One that is there has to fit: otherwise whoever can edit the stored key-encryption key could have the
  // MACs left out.
  return { keyring: await Keyring.unseal(root, await installation.keyringGenerations(), systemRandom) }
}
