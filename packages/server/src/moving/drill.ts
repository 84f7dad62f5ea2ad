import { Keyring } from '../keyring/keyring.ts'
import type { RootKey } from '../keyring/root-keys/root-key.ts'
import { openSnapshot } from '../store/open.ts'
import type { StoreSnapshot } from '../store/snapshot.ts'
import { type Checkpoint, parseCheckpoint } from '../trail/checkpoint.ts'
import { verifyStored } from '../trail/database.ts'
import { describeFinding } from '../trail/verdict.ts'
import { authenticate } from './backup-content.ts'
import { BackupReader } from './backup-reader.ts'
import { clearScratch } from './filling.ts'
import { type Manifest, rowsIn } from './manifest.ts'
import { MoveRefused } from './mark.ts'
import type { Doors } from './moved.ts'
import { openSamples } from './opening.ts'
import { fill } from './restore.ts'
import { type LastingStore, openTarget } from './target.ts'

export interface DrillOptions {
  /** The backup's path. */
  readonly from: string
  /** Empty, or left by a drill that was interrupted. Its tables are gone afterwards. */
  readonly scratch: LastingStore
  readonly root: RootKey
  /** Checkpoints that left the server before the backup was made. */
  readonly witnesses: readonly Checkpoint[]
}

/** One line of what a drill tells. */
export interface DrillStep {
  readonly step: string
  /** What was checked, and how many. */
  readonly found: string
  readonly ms: number
}

/**
 * Proves a backup: restores it into a scratch place, opens keys and values there, verifies the trail to the very
 * checkpoint that the manifest names, and takes everything away again.
 *
 * @param onStep Hears of each step that has passed.
 * @throws MoveRefused, RootKeyError, StoreUnavailable: the backup would not have helped, and why.
 */
export async function drill(
  { from, scratch, root, witnesses }: DrillOptions,
  doors: Doors,
  onStep: (step: DrillStep) => void,
): Promise<void> {
  const timed = stopwatch(doors, onStep)
  await using reader = await BackupReader.open(from, root)
  const manifest = await timed(
    'the file is whole and authentic',
    () => authenticate(reader, doors.onProgress),
    (found) => `${reader.bytes} bytes of ${found.createdAt}, schema ${found.schema}`,
  )
  await using target = await openTarget(scratch, doors.clock)
  try {
    await timed(
      'restored, and each table compared',
      async () => {
        const filler = await fill(target, { reader, manifest, what: 'drill' }, doors)
        await filler.compare(manifest.tables, doors.onProgress)
        await filler.forward()
      },
      () => `${rowsIn(manifest)} rows in ${manifest.tables.length} tables`,
    )
    await using restored = await openSnapshot(scratch)
    await inspect(restored, { manifest, root, witnesses }, { doors, timed })
  } finally {
    await clearScratch(target)
  }
}

interface Expected {
  readonly manifest: Manifest
  readonly root: RootKey
  readonly witnesses: readonly Checkpoint[]
}

async function inspect(
  { sql, read }: StoreSnapshot,
  { manifest, root, witnesses }: Expected,
  { doors, timed }: { readonly doors: Doors; readonly timed: Timed },
): Promise<void> {
  const keyring = await timed(
    'the root key opens the keyring',
    async () => Keyring.unseal(root, await read.installation.keyringGenerations(), doors.random),
    () => `${manifest.keyring.length} generations`,
  )
  await timed(
    'keys and values open',
    () => openSamples(sql, { keyring, random: doors.random }),
    ({ values, materials, materialsInUse, accessKeys, lost, byGeneration }) =>
      [
        `${values} values under ${materialsInUse} generations of KMS keys`,
        `all ${materials} generations and ${accessKeys} access keys`,
        [...byGeneration]
          .sort(([a], [b]) => a - b)
          .map(([generation, count]) => `${count} of keyring generation ${generation}`)
          .join(', '),
        lost > 0 ? `${lost} versions whose KMS key was deleted do not` : '',
      ]
        .filter((part) => part !== '')
        .join('; '),
  )
  await timed(
    'the trail verifies to its last checkpoint',
    async () => {
      const verdict = await verifyStored(read.trail, {
        keyring,
        witnesses: [...witnesses, ...headOf(manifest)],
      })
      if (verdict.kind === 'broken') throw new MoveRefused(`The trail: ${describeFinding(verdict.finding)}`)
      const last = await read.trail.lastCheckpoint()
      if (last?.text !== manifest.checkpoint?.text) {
        throw new MoveRefused("The trail's last checkpoint is not the one that the manifest names.")
      }
      return verdict
    },
    ({ events, checkpoints }) => `${events} events, ${checkpoints} checkpoints, every MAC`,
  )
}

function headOf({ checkpoint }: Manifest): readonly Checkpoint[] {
  const head = checkpoint && parseCheckpoint(checkpoint.text)
  return head ? [head] : []
}

type Timed = <T>(step: string, act: () => Promise<T>, found: (result: T) => string) => Promise<T>

function stopwatch({ clock }: Doors, onStep: (step: DrillStep) => void): Timed {
  return async (step, act, found) => {
    const fromMs = clock.now().getTime()
    const result = await act()
    onStep({ step, found: found(result), ms: clock.now().getTime() - fromMs })
    return result
  }
}
