import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import type { Report } from '@lockstep/wire'

type Result = Report['results'][number]

/** One line of the journal. */
type Entry =
  | { readonly kind: 'begun'; readonly commandId: string; readonly at: string; readonly notAfter: string }
  | { readonly kind: 'ended'; readonly result: Result }
  | { readonly kind: 'acknowledged'; readonly commandId: string }

interface Known {
  readonly at: string
  /** After this the server's signature is worth nothing any more, and the command need not be remembered. */
  readonly notAfter: string
  result?: Result
  acknowledged?: true
}

/** Longer than clocks are apart. */
const REMEMBERED_MS = 24 * 3600 * 1000

/**
 * What commands this node has begun, in a journal that is on the disk before a command runs: each runs once at most,
 * and its result is kept until the server has it. A command that was under way when the agent died is reported as
 * interrupted, and never run again: nobody knows how far it came.
 */
export class Ledger {
  readonly #path: string
  readonly #known = new Map<string, Known>()
  #file: number

  private constructor(path: string) {
    this.#path = path
    this.#file = -1
  }

  /** Reads the journal, settles what an earlier agent left, and drops what need not be remembered at `now`. */
  static open(path: string, now: Date): Ledger {
    const ledger = new Ledger(path)
    for (const entry of readEntries(path)) ledger.#take(entry)
    for (const [commandId, known] of ledger.#known) {
      const isOver = new Date(known.notAfter).getTime() + REMEMBERED_MS < now.getTime()
      if (known.acknowledged && isOver) ledger.#known.delete(commandId)
      known.result ??= { commandId, outcome: 'Interrupted', steps: [] }
    }
    ledger.#rewrite()
    return ledger
  }

  has(commandId: string): boolean {
    return this.#known.has(commandId)
  }

  /** To be called before the command runs; on the disk when it returns. */
  begin(commandId: string, at: Date, notAfter: string): void {
    if (this.has(commandId)) throw new Error(`${commandId} was begun before`)
    this.#append({ kind: 'begun', commandId, at: at.toISOString(), notAfter })
  }

  end(result: Result): void {
    this.#append({ kind: 'ended', result })
  }

  acknowledge(commandId: string): void {
    if (this.#known.get(commandId)?.result) this.#append({ kind: 'acknowledged', commandId })
  }

  /** What the server does not have yet, for as far as it is known to the node. */
  pending(): Pick<Report, 'started' | 'results'> {
    const open = [...this.#known].filter(([, { acknowledged }]) => !acknowledged)
    return {
      started: open.map(([commandId, { at }]) => ({ commandId, startedAt: at })),
      results: open.flatMap(([, { result }]) => (result ? [result] : [])),
    }
  }

  close(): void {
    if (this.#file >= 0) closeSync(this.#file)
    this.#file = -1
  }

  #append(entry: Entry): void {
    const line = Buffer.from(`${JSON.stringify(entry)}\n`)
    for (let written = 0; written < line.length; ) written += writeSync(this.#file, line, written)
    fsyncSync(this.#file)
    this.#take(entry)
  }

  #take(entry: Entry): void {
    switch (entry.kind) {
      case 'begun':
        this.#known.set(entry.commandId, { at: entry.at, notAfter: entry.notAfter })
        return
      case 'ended': {
        const known = this.#known.get(entry.result.commandId)
        if (known) known.result = entry.result
        return
      }
      case 'acknowledged': {
        const known = this.#known.get(entry.commandId)
        if (known) known.acknowledged = true
      }
    }
  }

  /** Beside, and then in its place: a crash leaves the old journal or the new one. */
  #rewrite(): void {
    const lines = [...this.#known].flatMap(([commandId, { at, notAfter, result, acknowledged }]): Entry[] => [
      { kind: 'begun', commandId, at, notAfter },
      ...(result ? [{ kind: 'ended', result } as const] : []),
      ...(acknowledged ? [{ kind: 'acknowledged', commandId } as const] : []),
    ])
    const beside = `${this.#path}.new`
    writeFileSync(beside, lines.map((line) => `${JSON.stringify(line)}\n`).join(''), { mode: 0o600 })
    syncPath(beside)
    renameSync(beside, this.#path)
    syncPath(dirname(this.#path))
    this.#file = openSync(this.#path, 'a', 0o600)
  }
}

/** The journal's lines but a last one that a crash cut off. */
function readEntries(path: string): readonly Entry[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n')
  const cut = lines.pop()
  if (cut) lines.push(...(isJson(cut) ? [cut] : []))
  return lines.map((line) => JSON.parse(line) as Entry) // written by this class
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function syncPath(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
