/**
 * Simulated nodes in a process of their own, so that what the server uses is the server's alone: the agent's own code over
 * real connections, with its ledger in memory. Some have an sshd, whose authorized_keys the scripts of rotations change;
 * any other step succeeds at once. As a child process: how many, and of which server, by message; says `enrolled`, waits
 * for `connect`, says `connected`, and answers every `tell` with what has happened since the last one.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent } from '@lockstep/agent/agent'
import type { AgentConfig } from '@lockstep/agent/config'
import { answerOf, send } from '@lockstep/agent/http'
import { newNodeKey, registerRequest } from '@lockstep/agent/identity'
import { MemoryJournal, MemoryKeep } from '@lockstep/agent/journal'
import { Link } from '@lockstep/agent/link'
import { systemDoors } from '@lockstep/agent/platform'
import { SignOfLife } from '@lockstep/agent/sign-of-life'
import type { NodeFacts, NodeStep, RegisterAnswer, StepResult } from '@lockstep/wire'
import { SimulatedSshd } from '../packages/workers/src/ssh/simulated-sshd.test-support.ts'

export interface SimulatedFleet {
  readonly endpoint: string
  readonly count: number
  readonly activations: readonly { readonly id: string; readonly code: string }[]
  readonly perActivation: number
  /** The first so many have an sshd for this account. */
  readonly ssh: { readonly count: number; readonly user: string }
}

/** What the nodes with an sshd tell. */
export interface Told {
  readonly nodes: readonly {
    /** Of authorized_keys. */
    readonly lines: readonly string[]
    /** By the line that let them in. */
    readonly logins: readonly (readonly [line: string, count: number])[]
    readonly refused: number
  }[]
  /** Scripts that changed a file, and scripts that found it as it should be. */
  readonly changed: Span
  readonly unchanged: Span
}

/** How often something happened, and when first and last, by the clock of the machine. */
export interface Span {
  readonly count: number
  readonly firstAtMs: number
  readonly lastAtMs: number
}

const NEVER: Span = { count: 0, firstAtMs: Number.POSITIVE_INFINITY, lastAtMs: 0 }
/** Enrolling or connecting at once. */
const SIDE_BY_SIDE = 50
/** What the shell script of a rotation takes on a machine of its own, most of it for the disk. */
const SCRIPT_MS = 50
/** What a login costs a machine's own processors, for processes and accounts. */
const SHELL_MS = 80
const doors = { ...systemDoors, log: () => {} }
const sshds: SimulatedSshd[] = []
const signs: SignOfLife[] = []
let [changed, unchanged] = [NEVER, NEVER]

function factsOf(number: number, sshd: SimulatedSshd | undefined): NodeFacts {
  return {
    hostname: `simulated-${number}`,
    ipAddress: '127.0.0.1',
    sshPort: sshd?.port ?? 22,
    platformType: 'Linux',
    platformName: 'Simulated',
    platformVersion: '1',
    agentVersion: '0.1.0',
    machineId: createHash('sha256').update(`${process.pid} ${number}`).digest('hex').slice(0, 32),
    hostKeys: sshd ? [sshd.hostKey] : [],
  }
}

/** Enrols one, and answers how it is brought online; that resolves with the first word of the server. */
async function enrolled(asked: SimulatedFleet, number: number): Promise<() => Promise<void>> {
  const { endpoint, activations, perActivation, ssh } = asked
  const { id: activationId = '', code: activationCode = '' } =
    activations[Math.floor(number / perActivation)] ?? {}
  const key = newNodeKey()
  const sshd = number < ssh.count ? await SimulatedSshd.start(ssh.user, SHELL_MS) : undefined
  if (sshd) sshds.push(sshd)
  const facts = factsOf(number, sshd)
  const body = JSON.stringify(registerRequest(key, { activationId, activationCode, facts }))
  const signal = AbortSignal.timeout(60_000)
  const response = await send({ endpoint }, { path: '/agent/v1/register', body, signal })
  const answer = JSON.parse(await answerOf(response, 65_536)) as RegisterAnswer
  const config: AgentConfig = { endpoint, stateDirectory: '/nonexistent', ...answer }
  const agent = new Agent({
    ...{ config, doors, facts: () => facts, run: (step: NodeStep) => run(step, sshd) },
    kept: { ledger: new MemoryJournal(), desired: new MemoryKeep() },
  })
  return () => {
    const first = Promise.withResolvers<void>()
    const node = `${answer.account}/${answer.region}/${answer.instanceId}`
    const onLine = (line: string) => {
      first.resolve()
      agent.take(line)
    }
    const link = new Link({ server: { endpoint }, node, key, doors, listen: () => agent.listen(), onLine })
    agent.start(link)
    void link.run()
    signs.push(new SignOfLife((report) => link.report(report), doors))
    return first.promise
  }
}

async function run({ name, script }: NodeStep, sshd: SimulatedSshd | undefined): Promise<StepResult> {
  const startedAt = new Date().toISOString()
  const said = sshd?.run(script)
  if (said !== undefined) {
    if (said.endsWith('changed\n')) changed = counted(changed)
    else unchanged = counted(unchanged)
    await sleep(SCRIPT_MS)
  }
  const endedAt = new Date().toISOString()
  return { name, status: 'Success', exitCode: 0, stdout: said ?? 'done\n', stderr: '', startedAt, endedAt }
}

function counted({ count, firstAtMs }: Span): Span {
  const now = Date.now()
  return { count: count + 1, firstAtMs: Math.min(firstAtMs, now), lastAtMs: now }
}

function tell(): Told {
  const nodes = sshds.map((sshd) => {
    const { lines, logins, refused } = sshd
    const told = { lines, logins: [...logins], refused }
    sshd.forget()
    return told
  })
  const told = { nodes, changed, unchanged }
  changed = NEVER
  unchanged = NEVER
  return told
}

async function inTurns<Done>(
  count: number,
  act: (number: number) => Promise<Done>,
): Promise<readonly Done[]> {
  const done: Done[] = []
  let next = 0
  async function worker(): Promise<void> {
    while (next < count) done.push(await act(next++))
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker))
  return done
}

process.once('message', (asked: SimulatedFleet) => {
  async function begin(): Promise<void> {
    const connects = await inTurns(asked.count, (number) => enrolled(asked, number))
    process.send?.('enrolled')
    await once(process, 'message')
    await inTurns(connects.length, async (number) => connects[number]?.())
    process.on('message', () => process.send?.(tell()))
    process.send?.('connected')
  }
  begin().catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`)
    process.exit(1)
  })
})
