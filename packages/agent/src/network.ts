import { type ChildProcess, fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Report, ReportAnswer } from '@lockstep/wire'
import type { Agent, Network } from './agent.ts'
import { type AgentConfig, nodeName } from './config.ts'
import type { FromNetwork, ToNetwork } from './network-process.ts'
import type { Doors } from './platform.ts'
import { idsOf } from './users.ts'

const RESTART_MS = 1_000
/** Facts may have changed: another address, another host key. */
const REFRESH_MS = 60_000

/**
 * The process that speaks with the network, without root's rights where the agent has them: whoever takes it over can
 * hold back or repeat what the server says, and cannot make the agent do anything.
 */
export class NetworkProcess implements Network, Disposable {
  readonly #config: AgentConfig
  readonly #agent: Agent
  readonly #doors: Doors
  readonly #asked = new Map<number, PromiseWithResolvers<ReportAnswer>>()
  #child: ChildProcess | undefined
  #next = 0
  #alarm: Disposable | undefined
  #closed = false

  constructor(config: AgentConfig, agent: Agent, doors: Doors) {
    this.#config = config
    this.#agent = agent
    this.#doors = doors
    this.#start()
    this.#refresh()
  }

  report(report: Report): Promise<ReportAnswer> {
    if (!this.#child?.connected) return Promise.reject(new Error('the connection is not there'))
    const id = ++this.#next
    const asked = Promise.withResolvers<ReportAnswer>()
    this.#asked.set(id, asked)
    this.#tell({ kind: 'report', id, report })
    return asked.promise
  }

  [Symbol.dispose](): void {
    this.#closed = true
    this.#alarm?.[Symbol.dispose]()
    this.#child?.kill('SIGKILL')
  }

  #start(): void {
    const { endpoint, caFile, stateDirectory, networkUser } = this.#config
    const user = networkUser !== undefined && process.getuid?.() === 0 ? idsOf(networkUser) : {}
    const child = fork(join(import.meta.dirname, 'network-process.ts'), [], {
      ...user,
      env: { PATH: process.env.PATH ?? '' },
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#child = child
    child.on('message', (message: FromNetwork) => this.#take(message))
    child.on('error', (error) => this.#doors.log('network.error', { error }))
    child.once('exit', () => {
      for (const asked of this.#asked.values()) asked.reject(new Error('the connection ended'))
      this.#asked.clear()
      if (!this.#closed) this.#doors.after(RESTART_MS, () => this.#closed || this.#start())
    })
    this.#tell({
      kind: 'open',
      endpoint,
      ca: caFile === undefined ? undefined : readFileSync(caFile, 'utf8'),
      node: nodeName(this.#config),
      key: readFileSync(join(stateDirectory, 'node.key'), 'utf8'),
      listen: this.#agent.listen(),
    })
  }

  #take(message: FromNetwork): void {
    if (message.kind === 'line') {
      const { generation } = this.#agent
      if (!this.#agent.take(String(message.line))) this.#tell({ kind: 'distrust' })
      if (this.#agent.generation !== generation) this.#tell({ kind: 'listen', listen: this.#agent.listen() })
      return
    }
    const asked = this.#asked.get(message.id)
    this.#asked.delete(message.id)
    if (message.error !== undefined) asked?.reject(new Error(message.error))
    else if (isReportAnswer(message.answer)) asked?.resolve(message.answer)
    else asked?.reject(new Error('the answer is none'))
  }

  #refresh(): void {
    this.#alarm = this.#doors.after(REFRESH_MS, () => {
      this.#tell({ kind: 'listen', listen: this.#agent.listen() })
      this.#refresh()
    })
  }

  #tell(message: ToNetwork): void {
    if (this.#child?.connected) this.#child.send(message, () => {})
  }
}

/** Whoever has taken that process over may say anything. Only ids that were asked about count. */
function isReportAnswer(answer: unknown): answer is ReportAnswer {
  return (
    typeof answer === 'object' &&
    answer !== null &&
    'acknowledged' in answer &&
    Array.isArray(answer.acknowledged)
  )
}
