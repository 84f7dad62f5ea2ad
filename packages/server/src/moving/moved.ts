import { Keyring } from '../keyring/keyring.ts'
import type { RootKey } from '../keyring/root-keys/root-key.ts'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import { openSnapshot } from '../store/open.ts'
import type { Checkpoint } from '../trail/checkpoint.ts'
import { verifyStored } from '../trail/database.ts'
import type { Verdict } from '../trail/verdict.ts'
import type { Filler, OnProgress } from './filling.ts'
import type { TableDigest } from './reading.ts'
import type { Table } from './tables.ts'
import type { LastingStore } from './target.ts'

/** What a move uses of the world besides the stores. */
export interface Doors {
  readonly clock: Clock
  readonly random: Random
  readonly onProgress: OnProgress
}

/** What came of a move. Every row is there and was compared, whatever the verdict on the trail. */
export interface Moved {
  readonly tables: number
  readonly rows: number
  /** Of the trail in the target. A trail that was broken at the source is broken here. */
  readonly verdict: Verdict
}

export interface Trust {
  /** With it every MAC of the trail is recomputed. */
  readonly root?: RootKey | undefined
  /** Checkpoints from outside, which the trail must contain. */
  readonly witnesses?: readonly Checkpoint[] | undefined
}

/**
 * The end of every move: compares each table with the source's digests, brings the schema forward, verifies the
 * trail where it is now (but for its search terms, which were compared with the other tables), and only then lets
 * servers start. A trail that does not verify stops nothing: the rows are
 * the source's own, and the secrets among them are wanted.
 *
 * @throws MoveRefused where a row differs; RootKeyError where the root key is another's. The store stays unfinished.
 */
export async function conclude(
  filler: Filler,
  store: LastingStore,
  tables: readonly (Table & TableDigest)[],
  { trust, doors }: { readonly trust: Trust; readonly doors: Doors },
): Promise<Moved> {
  await filler.compare(tables, doors.onProgress)
  await filler.forward()
  const verdict = await verifyIn(store, trust, doors.random)
  await filler.finish()
  return { tables: tables.length, rows: tables.reduce((sum, { rows }) => sum + rows, 0), verdict }
}

async function verifyIn(store: LastingStore, { root, witnesses }: Trust, random: Random): Promise<Verdict> {
  await using snapshot = await openSnapshot(store)
  const { installation, trail } = snapshot.read
  const keyring = root && (await Keyring.unseal(root, await installation.keyringGenerations(), random))
  return await verifyStored(trail, { keyring, witnesses, withoutTerms: true })
}
