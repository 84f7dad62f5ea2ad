/** What the node link meets at its other sides: Run Command, State Manager, and the connection of a node. */
import type { FrameBody, NodeAssociation, NodeCommand, Report } from '@lockstep/wire'
import type { Outlet } from '../gateway/open-reply.ts'
import type { Associations, Dispatch, Due, NodeName } from './dispatch.ts'

/** Run Command's side, in memory. */
export class MemoryDispatch implements Dispatch {
  /** By the node's id. */
  readonly commands = new Map<string, NodeCommand[]>()
  readonly cancelled = new Map<string, string[]>()
  readonly reports: { readonly node: string; readonly report: Pick<Report, 'started' | 'results'> }[] = []

  async waitingAmong(): Promise<readonly string[]> {
    return [...this.commands.keys(), ...this.cancelled.keys()]
  }

  async due({ id }: NodeName): Promise<Due> {
    return { commands: this.commands.get(id) ?? [], cancelled: this.cancelled.get(id) ?? [] }
  }

  async takeReport({ id }: NodeName, report: Pick<Report, 'started' | 'results'>): Promise<void> {
    this.reports.push({ node: id, report })
    const started = new Set([...report.started, ...report.results].map(({ commandId }) => commandId))
    this.commands.set(
      id,
      (this.commands.get(id) ?? []).filter(({ commandId }) => !started.has(commandId)),
    )
  }
}

export class MemoryAssociations implements Associations {
  readonly wanted = new Map<string, readonly NodeAssociation[]>()
  readonly reports: { readonly node: string; readonly report: Report['associations'] }[] = []

  async of(): Promise<ReadonlyMap<string, readonly NodeAssociation[]>> {
    return this.wanted
  }

  async takeReport({ id }: NodeName, report: Report['associations']): Promise<void> {
    this.reports.push({ node: id, report })
  }
}

/** An outlet that a test reads and closes. */
export class TestOutlet implements Outlet {
  readonly lines: string[] = []
  waitingBytes = 0
  isEnded = false
  isGone = false
  readonly #closed: (() => void)[] = []

  send(text: string): boolean {
    if (this.isEnded || this.isGone) return false
    this.lines.push(text)
    return true
  }

  end(): void {
    this.isEnded = true
    this.#close()
  }

  /** The client is gone. */
  hangUp(): void {
    this.isGone = true
    this.#close()
  }

  onClosed(callback: () => void): void {
    this.#closed.push(callback)
  }

  get bodies(): readonly FrameBody[] {
    return this.lines.map((line) => JSON.parse(JSON.parse(line).body))
  }

  #close(): void {
    for (const callback of this.#closed.splice(0)) callback()
  }
}
