import type { KeyObject } from 'node:crypto'
import type {
  FrameBody,
  Listen,
  NodeCommand,
  NodeFacts,
  NodeStep,
  Report,
  ReportAnswer,
  StepResult,
} from '@lockstep/wire'
import { Alarms } from './alarms.ts'
import type { AgentConfig } from './config.ts'
import { Desired } from './desired.ts'
import { serverKeyOf } from './identity.ts'
import { filesIn, type Kept } from './journal.ts'
import { Ledger } from './ledger.ts'
import { openFrame } from './open-frame.ts'
import type { Doors } from './platform.ts'
import { newSteps, runStep, stepsIn } from './run-step.ts'

/** As many commands run side by side as under Amazon's agent. */
const WORKERS = 5
/** Longer than a command may take to come. */
const RECALLED_MS = 31 * 24 * 3600 * 1000
const CONVERGE_MS = 60_000
const REPORT_RETRY_MS = 2_000

export interface Network {
  report(report: Report): Promise<ReportAnswer>
}

export interface AgentParts {
  readonly config: AgentConfig
  readonly doors: Doors
  facts(): NodeFacts
  /** How a step is run; the real way unless a test or a simulated node has another. */
  readonly run?: (step: NodeStep, cancelled: AbortSignal) => Promise<StepResult>
  /** Where it is kept what happened; files of the state directory unless a simulated node has none. */
  readonly kept?: Kept
}

/**
 * What a node does: obeys the server's signed commands, each once, and keeps to the desired state. It believes nothing
 * that the network brings but the signature of the key that was pinned when it was enrolled.
 */
export class Agent implements Disposable {
  readonly #parts: AgentParts
  readonly #ledger: Ledger
  readonly #desired: Desired
  readonly #serverKey: KeyObject
  /** Of this process: two that live at once have one identity between them. */
  readonly #session: string
  readonly #running = new Map<string, AbortController>()
  readonly #waiting: NodeCommand[] = []
  readonly #stop = new AbortController()
  #network: Network | undefined
  #reporting = false
  #reportAgain = false
  #converging = false
  readonly #alarms: Alarms

  constructor(parts: AgentParts) {
    const { stateDirectory } = parts.config
    const kept = parts.kept ?? filesIn(stateDirectory)
    if (!parts.run) newSteps(stateDirectory)
    this.#parts = parts
    this.#alarms = new Alarms(parts.doors)
    this.#serverKey = serverKeyOf(parts.config.serverKey)
    this.#ledger = Ledger.open(kept.ledger, parts.doors.now())
    this.#desired = new Desired(kept.desired)
    this.#session = parts.doors.hex(16)
  }

  /** Begins to report and to converge over `network`. */
  start(network: Network): void {
    this.#network = network
    this.#report()
    this.#converge()
  }

  /** Of the desired state that is held. */
  get generation(): number {
    return this.#desired.generation
  }

  listen(): Listen {
    return {
      facts: this.#parts.facts(),
      session: this.#session,
      desiredGeneration: this.#desired.generation,
    }
  }

  [Symbol.dispose](): void {
    this.#stop.abort()
    this.#alarms[Symbol.dispose]()
    for (const running of this.#running.values()) running.abort()
    this.#ledger.close()
  }

  /** Takes one line of what the network brought. Answers whether it was the server's, obeyed or not. */
  take(line: string): boolean {
    const { config, doors } = this.#parts
    const opened = openFrame(line, {
      serverKey: this.#serverKey,
      node: config.instanceId,
      now: doors.now(),
      generation: this.#desired.generation,
    })
    if (typeof opened === 'string') {
      doors.log('frame.refused', { reason: opened })
      return opened !== 'forged' && opened !== 'malformed'
    }
    this.#obey(opened)
    return true
  }

  #obey(body: FrameBody): void {
    switch (body.kind) {
      case 'ping':
        return
      case 'cancel':
        this.#cancel(body.commandId)
        return
      case 'desired':
        this.#desired.hold(body.desired)
        this.#converge()
        return
      case 'command':
        this.#command(body.command)
    }
  }

  #command(command: NodeCommand): void {
    const { commandId } = command
    if (this.#waiting.some((each) => each.commandId === commandId)) return
    if (this.#ledger.has(commandId)) {
      this.#parts.doors.log('command.repeated', { commandId })
      this.#ledger.tellAgain(commandId)
      this.#report()
      return
    }
    this.#waiting.push(command)
    this.#startNext()
  }

  #startNext(): void {
    while (this.#running.size < WORKERS) {
      const command = this.#waiting.shift()
      if (!command) return
      const cancelled = new AbortController()
      this.#running.set(command.commandId, cancelled)
      this.#execute(command, cancelled.signal)
        .catch((error: unknown) =>
          this.#parts.doors.log('command.failed', { commandId: command.commandId, error }),
        )
        .finally(() => {
          this.#running.delete(command.commandId)
          this.#report()
          this.#startNext()
        })
    }
  }

  async #execute({ commandId, notAfter, steps }: NodeCommand, cancelled: AbortSignal): Promise<void> {
    const { doors } = this.#parts
    const now = doors.now()
    // On the disk before anything happens: after a crash it counts as begun.
    this.#ledger.begin(commandId, now, notAfter)
    if (new Date(notAfter) <= now) {
      this.#ledger.end({ commandId, outcome: 'TooLate', steps: [] })
      return
    }
    this.#report()
    const results: StepResult[] = []
    for (const step of steps) {
      const result = await this.#run(step, cancelled)
      results.push(result)
      if (result.status !== 'Success') break
    }
    if (this.#stop.signal.aborted) return
    this.#ledger.end({ commandId, outcome: cancelled.aborted ? 'Cancelled' : 'Completed', steps: results })
  }

  #run(step: NodeStep, cancelled: AbortSignal): Promise<StepResult> {
    const { run, config, doors } = this.#parts
    if (run) return run(step, cancelled)
    const variables = { AWS_SSM_INSTANCE_ID: config.instanceId, AWS_SSM_REGION_NAME: config.region }
    return runStep(step, { directory: stepsIn(config.stateDirectory), variables, cancelled }, doors)
  }

  #cancel(commandId: string): void {
    const waiting = this.#waiting.findIndex((command) => command.commandId === commandId)
    const [command] = waiting < 0 ? [] : this.#waiting.splice(waiting, 1)
    if (command) {
      this.#ledger.begin(commandId, this.#parts.doors.now(), command.notAfter)
      this.#ledger.end({ commandId, outcome: 'Cancelled', steps: [] })
      this.#report()
    } else if (this.#ledger.has(commandId)) this.#recalled(commandId)
    else {
      // It has not come yet, and must not be begun when it does.
      const now = this.#parts.doors.now()
      const notAfter = new Date(now.getTime() + RECALLED_MS).toISOString()
      this.#ledger.begin(commandId, now, notAfter)
      this.#ledger.end({ commandId, outcome: 'Cancelled', steps: [] })
      this.#report()
    }
  }

  /** Stops it where it runs; where it is over, the server has not heard of it. */
  #recalled(commandId: string): void {
    const running = this.#running.get(commandId)
    if (running) {
      running.abort()
      return
    }
    this.#ledger.tellAgain(commandId)
    this.#report()
  }

  /** Applies what is due, one after another, and looks again in a minute. */
  #converge(): void {
    if (this.#converging || this.#stop.signal.aborted) return
    this.#converging = true
    this.#applyDue()
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted) this.#parts.doors.log('desired.failed', { error })
      })
      .finally(() => {
        this.#converging = false
        this.#alarms.after(CONVERGE_MS, () => this.#converge())
      })
  }

  async #applyDue(): Promise<void> {
    const { doors } = this.#parts
    const run = async (step: NodeStep) => {
      const result = await this.#run(step, this.#stop.signal)
      // What was cut off has not failed: the next agent applies it anew.
      this.#stop.signal.throwIfAborted()
      return result
    }
    for (let due = this.#desired.due(doors.now()); due.length > 0; due = this.#desired.due(doors.now())) {
      for (const association of due) {
        if (this.#stop.signal.aborted) return
        await this.#desired.apply(association, doors.now(), run)
      }
      this.#report()
    }
  }

  /** Sends what the server does not have, until it has it. */
  #report(): void {
    if (!this.#network || this.#stop.signal.aborted) return
    if (this.#reporting) {
      this.#reportAgain = true
      return
    }
    const report: Report = { ...this.#ledger.pending(), associations: this.#desired.pending() }
    if (report.started.length + report.results.length + report.associations.length === 0) return
    this.#reporting = true
    this.#network
      .report(report)
      .then(({ acknowledged }) => {
        if (this.#stop.signal.aborted) return
        if (this.#settle(report, new Set(acknowledged))) this.#reportAgain = true
      })
      .catch((error: unknown) => {
        this.#parts.doors.log('report.unsent', { error })
        this.#alarms.after(REPORT_RETRY_MS + this.#parts.doors.below(REPORT_RETRY_MS), () => this.#report())
      })
      .finally(() => {
        this.#reporting = false
        if (!this.#reportAgain) return
        this.#reportAgain = false
        this.#report()
      })
  }

  /** Notes what the server has. Answers whether there is more than that report held. */
  #settle(report: Report, acknowledged: ReadonlySet<string>): boolean {
    let settled = false
    for (const { commandId } of report.results) {
      if (!acknowledged.has(commandId)) continue
      this.#ledger.acknowledge(commandId)
      settled = true
    }
    for (const { associationId, version } of report.associations)
      if (acknowledged.has(associationId)) this.#desired.acknowledge(associationId, version)
    return settled && this.#ledger.pending().results.length > 0
  }
}
