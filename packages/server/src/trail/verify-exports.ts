import { createReadStream } from 'node:fs'
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts'
import { readTrail } from './export.ts'
import type { TrailLine } from './lines.ts'
import type { Verdict } from './verdict.ts'
import { type VerifyOptions, verifyTrail } from './verify.ts'

/** Lines before the first lane: the key, and where a pruned trail starts. */
const HEAD_LINES = 2

/**
 * Verifies exports that follow each other: what was pruned, file by file, and at last what is there now. The
 * checkpoint that a file starts with must be in the one before; what a file ends with, in the one after it if that
 * reaches back so far, as it does after a prune that was killed. All are signed with one key.
 *
 * @param files In the order of what they hold.
 * @returns One verdict over all of them, or the first that is not good, with its file.
 */
export async function verifyExports(
  files: readonly string[],
  options: Omit<VerifyOptions, 'missingTerms'>,
): Promise<{ readonly verdict: Verdict; readonly file?: string }> {
  const heads = await Promise.all(files.map(headOf))
  let whole: Verdict | undefined
  let last: Checkpoint | undefined
  for (const [index, file] of files.entries()) {
    const [head, next] = [heads[index], heads[index + 1]]
    const witnesses = [...(options.witnesses ?? []), last, next?.start].filter((one) => one !== undefined)
    const [from, upTo] = [head?.start?.sequence ?? 0, next?.start?.sequence ?? Number.POSITIVE_INFINITY]
    const verdict = await verifyTrail(
      watched(file, (checkpoint) => {
        last = checkpoint
      }),
      {
        ...options,
        // Without a key from outside every file is held to the one that the first carries.
        publicKey: options.publicKey ?? (index > 0 ? heads[0]?.publicKey : undefined),
        witnesses: witnesses.filter(({ sequence }) => sequence >= from && sequence <= upTo),
      },
    )
    if (verdict.kind === 'broken') return { verdict, file }
    whole = whole && head?.start ? joined(whole, verdict) : verdict
  }
  if (!whole) throw new TypeError('There is no export to verify')
  return { verdict: whole }
}

/** The lines of a file; `onCheckpoint` sees its checkpoints. */
async function* watched(
  file: string,
  onCheckpoint: (checkpoint: Checkpoint) => void,
): AsyncGenerator<TrailLine> {
  for await (const line of readTrail(createReadStream(file))) {
    yield line
    const checkpoint = line.kind === 'checkpoint' ? parseCheckpoint(line.text) : undefined
    if (checkpoint) onCheckpoint(checkpoint)
  }
}

function joined(before: Verdict, { start: _, ...last }: Verdict): Verdict {
  return {
    ...last,
    ...(before.start && { start: before.start }),
    publicKey: before.publicKey,
    events: before.events + last.events,
    checkpoints: before.checkpoints + last.checkpoints,
    witnesses: before.witnesses + last.witnesses,
  }
}

interface Head {
  readonly publicKey?: string
  /** The checkpoint that the file starts with. Nothing of it is proven yet. */
  readonly start?: Checkpoint
}

async function headOf(file: string): Promise<Head> {
  let publicKey: string | undefined
  let start: Checkpoint | undefined
  let lines = 0
  for await (const line of readTrail(createReadStream(file))) {
    if (line.kind === 'trail') publicKey = line.publicKey
    if (line.kind === 'start') start = parseCheckpoint(line.checkpoint)
    lines += 1
    if (lines === HEAD_LINES) break
  }
  return { ...(publicKey !== undefined && { publicKey }), ...(start && { start }) }
}
