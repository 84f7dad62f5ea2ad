/**
 * Simulated nodes in a process of their own, so that what the server uses is the server's alone: the agent's own code over
 * real connections, with its ledger in memory and steps that succeed at once. As a child process: how many, and of which
 * server, by message; says `enrolled`, waits for a word, and then `connected`.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Agent } from '@lockstep/agent/agent'
import type { AgentConfig } from '@lockstep/agent/config'
import { answerOf, send } from '@lockstep/agent/http'
import { newNodeKey, registerRequest } from '@lockstep/agent/identity'
import { MemoryJournal, MemoryKeep } from '@lockstep/agent/journal'
import { Link } from '@lockstep/agent/link'
import { systemDoors } from '@lockstep/agent/platform'
import type { NodeFacts, RegisterAnswer, StepResult } from '@lockstep/wire'

export interface SimulatedFleet {
  readonly endpoint: string
  readonly count: number
  readonly activations: readonly { readonly id: string; readonly code: string }[]
  readonly perActivation: number
}

/** Enrolling or connecting at once. */
const SIDE_BY_SIDE = 50
const doors = { ...systemDoors, log: () => {} }

function factsOf(number: number): NodeFacts {
  return {
    hostname: `simulated-${number}`,
    ipAddress: '127.0.0.1',
    sshPort: 22,
    platformType: 'Linux',
    platformName: 'Simulated',
    platformVersion: '1',
    agentVersion: '0.1.0',
    machineId: createHash('sha256').update(`${process.pid} ${number}`).digest('hex').slice(0, 32),
    hostKeys: [],
  }
}

/** Enrols one, and answers how it is brought online; that resolves with the first word of the server. */
async function enrolled(asked: SimulatedFleet, number: number): Promise<() => Promise<void>> {
  const { endpoint, activations, perActivation } = asked
  const { id: activationId = '', code: activationCode = '' } =
    activations[Math.floor(number / perActivation)] ?? {}
  const key = newNodeKey()
  const facts = factsOf(number)
  const body = JSON.stringify(registerRequest(key, { activationId, activationCode, facts }))
  const signal = AbortSignal.timeout(60_000)
  const response = await send({ endpoint }, { path: '/agent/v1/register', body, signal })
  const answer = JSON.parse(await answerOf(response, 65_536)) as RegisterAnswer
  const config: AgentConfig = { endpoint, stateDirectory: '/nonexistent', ...answer }
  const agent = new Agent({
    ...{ config, doors, facts: () => facts, run: succeed },
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
    return first.promise
  }
}

async function succeed({ name }: { readonly name: string }): Promise<StepResult> {
  const at = new Date().toISOString()
  return { name, status: 'Success', exitCode: 0, stdout: 'done\n', stderr: '', startedAt: at, endedAt: at }
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
  async function run(): Promise<void> {
    const connects = await inTurns(asked.count, (number) => enrolled(asked, number))
    process.send?.('enrolled')
    await once(process, 'message')
    await inTurns(connects.length, async (number) => connects[number]?.())
    process.send?.('connected')
  }
  run().catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`)
    process.exit(1)
  })
})
