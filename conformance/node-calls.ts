/** What tests ask of Systems Manager about nodes, by Amazon's SDK. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import {
  CreateActivationCommand,
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  type GetCommandInvocationCommandOutput,
  SendCommandCommand,
  type SendCommandCommandInput,
  SSMClient,
} from '@aws-sdk/client-ssm'
import { type Caller, sdk } from './sdk.ts'
import { until } from './until.ts'

const ONLINE_WITHIN_MS = 30_000
const ENDED_WITHIN_MS = 90_000
const LOOK_AGAIN_MS = 100

const NODE_ROLE = 'node'
const OPEN = ['Pending', 'InProgress', 'Delayed', 'Cancelling']

/** The role that activations name. */
export async function makeNodeRole(caller: Caller): Promise<void> {
  const trust = { Effect: 'Allow', Principal: { Service: 'ssm.amazonaws.com' }, Action: 'sts:AssumeRole' }
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [trust] })
  await sdk(IAMClient, caller).send(new CreateRoleCommand({ RoleName: NODE_ROLE, AssumeRolePolicyDocument }))
}

/** What a machine is given to become a node. */
export interface Admission {
  readonly activationId: string
  readonly code: string
  readonly fingerprint: string
}

/** For one machine. */
export async function admission(caller: Caller): Promise<Admission> {
  const { ActivationId: activationId = '', ActivationCode: code = '' } = await sdk(SSMClient, caller).send(
    new CreateActivationCommand({ IamRole: NODE_ROLE, RegistrationLimit: 1 }),
  )
  const answer = await fetch(new URL('/agent/v1/server-key', caller.endpoint))
  const { fingerprint } = (await answer.json()) as { fingerprint: string }
  return { activationId, code, fingerprint }
}

/** Waits until a node is. */
export async function online(ssm: SSMClient, id: string): Promise<void> {
  const limit = performance.now() + ONLINE_WITHIN_MS
  const Filters = [{ Key: 'InstanceIds', Values: [id] }]
  for (;;) {
    const { InstanceInformationList = [] } = await ssm.send(
      new DescribeInstanceInformationCommand({ Filters }),
    )
    if (InstanceInformationList[0]?.PingStatus === 'Online') return
    assert.ok(performance.now() < limit, `${id} is not online`)
    await sleep(LOOK_AGAIN_MS)
  }
}

/** Run Command's shell scripts. */
export class Scripts {
  readonly #ssm: SSMClient

  constructor(ssm: SSMClient) {
    this.#ssm = ssm
  }

  /** Answers the command's id. @param where Instance ids, or targets, and what else the call is to say. */
  async send(lines: readonly string[], where: Partial<SendCommandCommandInput>): Promise<string> {
    const { Command } = await this.#ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunShellScript',
        Parameters: { commands: [...lines] },
        ...where,
      }),
    )
    assert.ok(Command?.CommandId)
    return Command.CommandId
  }

  on(id: string, commandId: string): Promise<GetCommandInvocationCommandOutput> {
    return this.#ssm.send(new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: id }))
  }

  /** Waits until a node's part of a command is in a status. */
  async is(status: string, id: string, commandId: string): Promise<void> {
    await until(`${status} on ${id}`, ENDED_WITHIN_MS, async () =>
      (await this.on(id, commandId)).Status === status ? true : undefined,
    )
  }

  /** How a command ended on a node. */
  ended(id: string, commandId: string): Promise<GetCommandInvocationCommandOutput> {
    return until(`end of ${commandId} on ${id}`, ENDED_WITHIN_MS, async () => {
      const found = await this.on(id, commandId)
      return OPEN.includes(found.Status ?? '') ? undefined : found
    })
  }

  /** Sends a script to one node, and answers how it ended there. */
  async run(id: string, lines: readonly string[]): Promise<GetCommandInvocationCommandOutput> {
    return this.ended(id, await this.send(lines, { InstanceIds: [id] }))
  }
}

/** How many nodes listen to a server. */
export async function connectedTo(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text()
  return Number(/^lockstep_nodes_connected (\d+)$/m.exec(metrics)?.[1])
}
