import {
  CancelCommandCommand,
  type Command,
  type CommandInvocation,
  GetCommandInvocationCommand,
  type GetCommandInvocationResult,
  ListCommandInvocationsCommand,
  ListCommandsCommand,
  SendCommandCommand,
  type SendCommandCommandInput,
  type SSMClient,
} from '@aws-sdk/client-ssm'
import type { NodeCommand, StepResult } from '@lockstep/wire'
import {
  cancelsFor,
  type DispatchDoors,
  due,
  type News,
  type NodeResult,
  takeNews,
} from '../../fleet/dispatch.ts'
import { putNodes } from '../../fleet/nodes.test-support.ts'
import { systemRandom } from '../../platform/random.ts'
import type { FleetNode } from '../../store/nodes.ts'
import { TEST_ACCOUNT, TEST_REGION, type TestServer } from '../../testing/server.ts'
import { openSsm, type SsmScene } from './ssm.test-support.ts'

// For tests of Run Command: nodes do what the test says, through the doors that the node link uses.

/** A command of AWS-RunShellScript's only step. */
export const STEP = 'aws:runShellScript'

/** A node of a test. */
export class ScriptedNode {
  readonly #server: TestServer
  readonly id: string

  constructor(server: TestServer, id: string) {
    this.#server = server
    this.id = id
  }

  get #place() {
    return { account: TEST_ACCOUNT, region: TEST_REGION, instanceId: this.id }
  }

  get #doors(): DispatchDoors {
    return { keyring: this.#server.house.keyring, random: systemRandom, now: this.#server.clock.now() }
  }

  /** What it is handed. */
  due(): Promise<readonly NodeCommand[]> {
    const { store, keyring } = this.#server.house
    return due({ store: store.read, keyring }, this.#place)
  }

  async dueIds(): Promise<readonly string[]> {
    return (await this.due()).map(({ commandId }) => commandId)
  }

  /** What it is to stop. */
  cancels(): Promise<readonly string[]> {
    return cancelsFor(this.#server.house.store.read, this.#place)
  }

  starts(commandId: string): Promise<void> {
    return this.#tells(commandId, { instanceId: this.id, startedAt: this.#doors.now })
  }

  reports(result: NodeResult): Promise<void> {
    return this.#tells(result.commandId, { instanceId: this.id, result })
  }

  async #tells(commandId: string, news: News): Promise<void> {
    const of = { ...this.#place, commandId }
    await this.#server.house.store.write((tx) => takeNews(tx, of, [news], this.#doors))
  }

  /** Begins and ends a command of one step. */
  async runs(commandId: string, changes: Partial<StepResult> = {}): Promise<void> {
    await this.starts(commandId)
    await this.reports({ commandId, outcome: 'Completed', steps: [this.step(changes)] })
  }

  async fails(commandId: string): Promise<void> {
    await this.runs(commandId, { status: 'Failed', exitCode: 1 })
  }

  step(changes: Partial<StepResult> = {}): StepResult {
    const at = this.#doors.now.toISOString()
    const quiet = { exitCode: 0, stdout: '', stderr: '' }
    return { name: STEP, status: 'Success', ...quiet, startedAt: at, endedAt: at, ...changes }
  }
}

export interface CommandScene extends AsyncDisposable {
  readonly server: TestServer
  readonly base: SsmScene
  readonly nodes: readonly ScriptedNode[]
  /** TEST_ACCOUNT's administrator. */
  readonly ssm: SSMClient
  /** The node with this number, from 0. */
  node(number: number): ScriptedNode
  /** `AWS-RunShellScript` with `true`, to all nodes unless said otherwise; answers the command's id. */
  send(changes?: Partial<SendCommandCommandInput>): Promise<string>
  command(id: string): Promise<Command>
  invocations(id: string): Promise<readonly CommandInvocation[]>
  invocation(id: string, node?: ScriptedNode): Promise<GetCommandInvocationResult>
  /** StatusDetails of the command, and of its invocations in the order of the nodes. */
  standing(id: string): Promise<readonly [string | undefined, ...(string | undefined)[]]>
  cancel(id: string, ...nodes: readonly ScriptedNode[]): Promise<void>
  /** Moves the clock on, and lets the jobs run that are due. */
  wait(seconds: number): Promise<void>
}

export async function openCommands(...of: readonly Partial<FleetNode>[]): Promise<CommandScene> {
  const base = await openSsm()
  const { server } = base
  const nodes = (await putNodes(server, ...of)).map((id) => new ScriptedNode(server, id))
  const invocations = async (CommandId: string) =>
    (await base.ssm.send(new ListCommandInvocationsCommand({ CommandId }))).CommandInvocations ?? []
  const command = async (CommandId: string) => {
    const [found] = (await base.ssm.send(new ListCommandsCommand({ CommandId }))).Commands ?? []
    if (!found) throw new Error('there is no such command')
    return found
  }
  return {
    server,
    base,
    nodes,
    get ssm() {
      return base.ssm
    },
    node(number) {
      const found = nodes[number]
      if (!found) throw new Error(`there is no node ${number}`)
      return found
    },
    async send(changes = {}) {
      const { Command } = await base.ssm.send(new SendCommandCommand(shellCommand(nodes, changes)))
      return Command?.CommandId ?? ''
    },
    command,
    invocations,
    invocation: (CommandId, node = nodes[0]) =>
      base.ssm.send(new GetCommandInvocationCommand({ CommandId, InstanceId: node?.id })),
    async standing(id) {
      const details = (await invocations(id)).map(({ StatusDetails }) => StatusDetails)
      return [(await command(id)).StatusDetails, ...details]
    },
    async cancel(CommandId, ...some) {
      const InstanceIds = some.map(({ id }) => id)
      await base.ssm.send(new CancelCommandCommand({ CommandId, ...(some.length > 0 && { InstanceIds }) }))
    },
    async wait(seconds) {
      server.clock.advance(seconds)
      await server.house.scheduler.settle()
    },
    [Symbol.asyncDispose]: () => base[Symbol.asyncDispose](),
  }
}

export function shellCommand(
  nodes: readonly ScriptedNode[],
  changes: Partial<SendCommandCommandInput> = {},
): SendCommandCommandInput {
  const InstanceIds = changes.Targets ? undefined : nodes.map(({ id }) => id)
  return {
    DocumentName: 'AWS-RunShellScript',
    InstanceIds,
    Parameters: { commands: ['true'] },
    ...changes,
  }
}
