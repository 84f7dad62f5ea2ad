/** Nodes in memory whose faults are drawn beforehand, and what has to hold of them at every moment. */
import assert from 'node:assert/strict'
import type { CommandResult, Fleet, FleetNode, Pace } from './fleet.ts'
import type { Standing } from './plan.ts'
import { tokensIn } from './scene.ts'

/** What happens at one call: numbers below the first are nothing. */
const FIRST_FAULT = 8
export const FAULTS = FIRST_FAULT + 6

export class Crash extends Error {}

interface ModelNode {
  readonly id: string
  isOnline: boolean
  /** Whether sshd can be reached. */
  isReachable: boolean
  /** Its disk is full: scripts fail, and leave everything as it was. */
  isBroken: boolean
  /** Whether it has run the association since it was last away. */
  isSettled: boolean
  readonly keys: Set<string>
}

export class ModelFleet implements Fleet {
  readonly members: ModelNode[] = []
  readonly pace: Pace = { now: () => this.nowMs, sleep: async (ms) => this.#advance(ms) }
  nowMs = 0
  /** What readers may hold: the version that is current, and until when those before it may be in use. */
  currentToken: string | undefined
  readonly inUseUntilMs = new Map<string, number>()
  readonly drainMs: number
  #script: readonly string[] | undefined
  #faults: number[]
  /** Reads AWSCURRENT, as a reader would. */
  readonly #readCurrent: () => Promise<string | undefined>

  constructor(of: {
    nodes: number
    drainMs: number
    faults: readonly number[]
    readCurrent(): Promise<string | undefined>
  }) {
    this.drainMs = of.drainMs
    this.#faults = [...of.faults]
    this.#readCurrent = of.readCurrent
    for (let n = 0; n < of.nodes; n++) this.join()
  }

  join(): void {
    const id = `mi-${String(this.members.length).padStart(17, '0')}`
    this.members.push({
      id,
      isOnline: true,
      isReachable: true,
      isBroken: false,
      isSettled: false,
      keys: new Set(),
    })
  }

  /** Every fault ends, and what nodes have missed they do now. */
  heal(): void {
    this.#faults = []
    for (const node of this.members) {
      Object.assign(node, { isOnline: true, isReachable: true, isBroken: false })
      this.#settle(node)
    }
  }

  /** No login of a reader who has read the secret fails on a node that is there and knows of the secret. */
  async check(): Promise<void> {
    const current = await this.#readCurrent()
    if (current !== this.currentToken) {
      if (this.currentToken !== undefined) this.inUseUntilMs.set(this.currentToken, this.nowMs + this.drainMs)
      this.currentToken = current
    }
    const inUse = [...this.inUseUntilMs].filter(([, untilMs]) => this.nowMs < untilMs).map(([token]) => token)
    for (const node of this.members.filter(({ isOnline, isSettled }) => isOnline && isSettled)) {
      for (const token of current === undefined ? inUse : [current, ...inUse]) {
        assert.ok(node.keys.has(token), `${node.id} lets ${token} in, which readers have`)
      }
    }
  }

  async nodes(): Promise<readonly FleetNode[]> {
    return await this.#call(() => this.members.map(({ id, isOnline }) => ({ id, isOnline })))
  }

  async run({ script, nodeIds }: Parameters<Fleet['run']>[0]): Promise<ReadonlyMap<string, CommandResult>> {
    return await this.#call(() => {
      const targets = this.members.filter(({ id }) => nodeIds?.includes(id) ?? true)
      return new Map(targets.map((node): [string, CommandResult] => [node.id, this.#execute(node, script)]))
    })
  }

  /** Its nodes take a command at once or never. */
  async recall(): Promise<void> {}

  async association(): Promise<readonly string[] | undefined> {
    return await this.#call(() => this.#script)
  }

  async associate(script: readonly string[]): Promise<void> {
    await this.#call(() => {
      this.#script = script
    })
  }

  async logIn(nodes: readonly FleetNode[], key: Parameters<Fleet['logIn']>[1]): Promise<readonly Standing[]> {
    const token = tokenOf(key.privateKey.reveal())
    return await this.#call(() =>
      nodes.map(({ id, isOnline }) => {
        const node = this.members.find((each) => each.id === id)
        const is = !node?.isReachable ? 'away' : node.keys.has(token) ? 'ok' : 'failed'
        return { nodeId: id, isOnline, is, why: is }
      }),
    )
  }

  #execute(node: ModelNode, script: readonly string[]): CommandResult {
    if (!node.isOnline) return { state: 'waiting', details: 'Delayed' }
    if (node.isBroken) return { state: 'failed', details: 'Failed' }
    for (const token of removedBy(script)) node.keys.delete(token)
    for (const token of tokensIn(script)) node.keys.add(token)
    return { state: 'done', details: '' }
  }

  #settle(node: ModelNode): void {
    if (this.#script === undefined) return
    node.isSettled = this.#execute(node, this.#script).state === 'done' || node.isSettled
  }

  #advance(ms: number): void {
    this.nowMs += ms
  }

  async #call<T>(act: () => T): Promise<T> {
    const fault = (this.#faults.shift() ?? 0) - FIRST_FAULT
    const [node] = this.members.slice(this.#faults.length % this.members.length)
    if (fault === 0) throw new Crash('before')
    if (fault === 2 && node) node.isOnline = !node.isOnline
    if (fault === 2 && node) node.isSettled = false
    if (fault === 3 && node) node.isReachable = !node.isReachable
    if (fault === 4 && node) node.isBroken = !node.isBroken
    if (fault === 5) this.join()
    const result = act()
    // State Manager comes to each node in its own time.
    for (const [n, each] of this.members.entries())
      if ((n + this.#faults.length) % 3 === 0) this.#settle(each)
    await this.check()
    if (fault === 1) throw new Crash('after')
    return result
  }
}

/** The comment of an Ed25519 file, which is the version that it belongs to. */
function tokenOf(privateKey: string): string {
  const content = Buffer.from(privateKey.replaceAll(/-----.*-----/g, ''), 'base64').toString('latin1')
  return /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(content)?.[0] ?? ''
}

function removedBy(script: readonly string[]): readonly string[] {
  const [, tokens = ''] =
    /^remove='(.*)'$/.exec(script.find((line) => line.startsWith('remove=')) ?? '') ?? []
  return tokens.split(' ').filter((token) => token !== '')
}
