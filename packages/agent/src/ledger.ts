import type { Report } from '@lockstep/wire'
import type { Journal } from './journal.ts'

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
  acknowledged?: boolean
}

/** Longer than clocks are apart. */
const REMEMBERED_MS = 24 * 3600 * 1000
/** Of results in one report, in characters; the server takes bodies of a megabyte. */
const REPORT_LENGTH = 200_000

/**
 * What commands this node has begun, in a journal that is on the disk before a command runs: each runs once at most,
 * and its result is kept until the server has it. A command that was under way when the agent died is reported as
 * interrupted, and never run again: nobody knows how far it came.
 */
export class Ledger {
  readonly #journal: Journal
  readonly #known = new Map<string, Known>()
  /** Of {@link #known}, what the server does not have yet. */
  readonly #open = new Set<string>()

  private constructor(journal: Journal) {
    this.#journal = journal
  }

  /**
   * Reads the journal, settles what an earlier agent left, and drops what need not be remembered at `now`.
   * @throws SyntaxError where the journal was damaged: nobody knows then what has run
   */
  static open(journal: Journal, now: Date): Ledger {
    const ledger = new Ledger(journal)
    // Written by this class.
    for (const line of journal.read()) ledger.#take(JSON.parse(line) as Entry)
    for (const [commandId, known] of ledger.#known) {
      known.result ??= { commandId, outcome: 'Interrupted', steps: [] }
      const isOver = new Date(known.notAfter).getTime() + REMEMBERED_MS < now.getTime()
      if (known.acknowledged && isOver) ledger.#known.delete(commandId)
    }
    journal.rewrite(ledger.#entries().map((entry) => JSON.stringify(entry)))
    return ledger
  }

  has(commandId: string): boolean {
    return this.#known.has(commandId)
  }

  /** To be called before the command runs; on the disk when it returns. @throws where it was begun before */
  begin(commandId: string, at: Date, notAfter: string): void {
    if (this.has(commandId)) throw new Error(`${commandId} was begun before`)
    this.#append({ kind: 'begun', commandId, at: at.toISOString(), notAfter })
  }

  end(result: Result): void {
    this.#append({ kind: 'ended', result })
  }

  acknowledge(commandId: string): void {
    const known = this.#known.get(commandId)
    if (known?.result && !known.acknowledged) this.#append({ kind: 'acknowledged', commandId })
  }

  /** The server sends the command again: it has lost what it was told, and is told again. */
  tellAgain(commandId: string): void {
    if (this.has(commandId)) this.#open.add(commandId)
  }

  /** What the server does not have yet, as far as it is known to the node, and as much as one report holds. */
  pending(): Pick<Report, 'started' | 'results'> {
    const open = [...this.#open].flatMap((commandId) => {
      const known = this.#known.get(commandId)
      return known ? [[commandId, known] as const] : []
    })
    const results: Result[] = []
    let length = 0
    for (const [, { result }] of open) {
      if (!result) continue
      length += JSON.stringify(result).length
      if (results.length > 0 && length > REPORT_LENGTH) break
      results.push(result)
    }
    return { started: open.map(([commandId, { at }]) => ({ commandId, startedAt: at })), results }
  }

  close(): void {
    this.#journal.close()
  }

  #append(entry: Entry): void {
    this.#journal.append(JSON.stringify(entry))
    this.#take(entry)
  }

  #take(entry: Entry): void {
    switch (entry.kind) {
      case 'begun':
        this.#known.set(entry.commandId, { at: entry.at, notAfter: entry.notAfter })
        this.#open.add(entry.commandId)
        return
      case 'ended': {
        const known = this.#known.get(entry.result.commandId)
        if (known) known.result = entry.result
        return
      }
      case 'acknowledged': {
        const known = this.#known.get(entry.commandId)
        if (known) known.acknowledged = true
        this.#open.delete(entry.commandId)
      }
    }
  }

  #entries(): readonly Entry[] {
    return [...this.#known].flatMap(([commandId, { at, notAfter, result, acknowledged }]): Entry[] => [
      { kind: 'begun', commandId, at, notAfter },
      ...(result ? [{ kind: 'ended', result } as const] : []),
      ...(acknowledged ? [{ kind: 'acknowledged', commandId } as const] : []),
    ])
  }
}
