/** Run Command as people at Amazon use it: the `aws` command and boto3's waiter, on real agents. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam'
import { AwsCli } from './aws-cli.ts'
import { AWS, PYTHON } from './components.ts'
import { finish } from './process.ts'
import { newUser, sdk } from './sdk.ts'
import { noNodes, type SshNode } from './ssh-node.ts'
import { SshWorld } from './ssh-world.ts'
import { until } from './until.ts'

const reason = noNodes() ?? (existsSync(AWS) ? undefined : 'aws-cli: conformance/setup has not been run')
const options = reason === undefined ? {} : { skip: reason }

interface Command {
  readonly CommandId: string
  readonly Status: string
  readonly StatusDetails: string
  readonly TargetCount: number
  readonly CompletedCount: number
  readonly ErrorCount: number
}

interface Invocation {
  readonly InstanceId: string
  readonly Status: string
  readonly StatusDetails: string
  readonly ResponseCode: number
  readonly StandardOutputContent: string
  readonly StandardErrorContent: string
}

const ALL = [{ Key: 'tag:fleet', Values: ['blue'] }]

describe('aws ssm send-command', options, () => {
  let world: SshWorld
  let cli: AwsCli
  let nodes: readonly [SshNode, SshNode]
  before(async () => {
    world = await SshWorld.start(0)
    const tags = { fleet: 'blue' }
    nodes = [await world.join({ tags }), await world.join({ tags })]
    await world.join({ tags: { fleet: 'red' } })
    cli = new AwsCli(await world.server.administrator())
  })
  after(async () => {
    await world?.[Symbol.asyncDispose]()
  })

  async function send(script: readonly string[], more: object = {}): Promise<string> {
    const { Command: sent } = await cli.run<{ Command: Command }>('ssm send-command', {
      'document-name': 'AWS-RunShellScript',
      targets: ALL,
      parameters: { commands: script },
      ...more,
    })
    return sent.CommandId
  }

  /** The command as lists show it, once the CLI's waiter saw it end on both nodes; the waiter fails where it failed. */
  async function ended(commandId: string, code = 0): Promise<Command> {
    for (const { id } of nodes) {
      const waited = await cli.call('ssm wait command-executed', {
        'command-id': commandId,
        'instance-id': id,
      })
      assert.equal(waited.code, code, waited.stderr)
    }
    const { Commands } = await cli.run<{ Commands: Command[] }>('ssm list-commands', {
      'command-id': commandId,
    })
    const [command] = Commands
    assert.ok(command)
    return command
  }

  function invocation(commandId: string, { id }: SshNode): Promise<Invocation> {
    return cli.run('ssm get-command-invocation', { 'command-id': commandId, 'instance-id': id })
  }

  test('row 43: an agent that connected is online in describe-instance-information, with its tags', async () => {
    const { InstanceInformationList } = await cli.run<{
      InstanceInformationList: { InstanceId: string; PingStatus: string }[]
    }>('ssm describe-instance-information', { filters: ALL })
    assert.deepEqual(
      InstanceInformationList.map(({ InstanceId, PingStatus }) => [InstanceId, PingStatus]).toSorted(),
      nodes.map(({ id }) => [id, 'Online']).toSorted(),
    )
    const { TagList } = await cli.run<{ TagList: object[] }>('ssm list-tags-for-resource', {
      'resource-type': 'ManagedInstance',
      'resource-id': nodes[0].id,
    })
    assert.deepEqual(TagList, [{ Key: 'fleet', Value: 'blue' }])
  })

  test('row 44: a command reaches each node with the tag once, and its output and exit code come back', async () => {
    const id = await send(['echo out; echo err >&2; echo ran >> ran'], { comment: 'hello' })
    const { Status, TargetCount, CompletedCount } = await ended(id)
    assert.deepEqual([Status, TargetCount, CompletedCount], ['Success', 2, 2])
    const { CommandInvocations } = await cli.run<{ CommandInvocations: Invocation[] }>(
      'ssm list-command-invocations',
      { 'command-id': id, details: true },
    )
    assert.deepEqual(
      CommandInvocations.map(({ InstanceId }) => InstanceId).toSorted(),
      nodes.map((node) => node.id).toSorted(),
    )
    for (const node of nodes) {
      const { ResponseCode, StandardOutputContent, StandardErrorContent } = await invocation(id, node)
      assert.deepEqual([ResponseCode, StandardOutputContent, StandardErrorContent], [0, 'out\n', 'err\n'])
    }
  })

  test('row 45: one node that fails makes the command fail, and says its own exit code', async () => {
    const id = await send(['exit 7'])
    const { Status, ErrorCount } = await ended(id, 255)
    assert.deepEqual([Status, ErrorCount > 0], ['Failed', true])
    const { Status: own, ResponseCode } = await invocation(id, nodes[0])
    assert.deepEqual([own, ResponseCode], ['Failed', 7])
  })

  test('row 45: after one failure no further node is begun with where none may fail', async () => {
    const id = await send(['exit 1'], { 'max-concurrency': '1', 'max-errors': '0' })
    const details = await eventually(async () => {
      const all = await Promise.all(nodes.map((node) => invocation(id, node)))
      const found = all.map(({ StatusDetails }) => StatusDetails).toSorted()
      return found.includes('Pending') || found.includes('InProgress') ? undefined : found
    })
    assert.deepEqual(details, ['Failed', 'Terminated'])
  })

  test('row 45: a command that is cancelled ends on a node in the middle of it', async () => {
    const id = await send(['sleep 300'])
    await eventually(async () =>
      (await invocation(id, nodes[0])).Status === 'InProgress' ? true : undefined,
    )
    await cli.run('ssm cancel-command', { 'command-id': id })
    const status = await eventually(async () => {
      const { Status } = await invocation(id, nodes[0])
      return ['Cancelled', 'Success', 'Failed'].includes(Status) ? Status : undefined
    })
    assert.equal(status, 'Cancelled')
  })

  test('row 45: a node that does not begin in time is told of as a delivery that timed out', async () => {
    const [, away] = nodes
    await away.stop()
    const id = await send(['true'], { 'timeout-seconds': 30 })
    const details = await eventually(async () => {
      const { StatusDetails } = await invocation(id, away)
      return ['Pending', 'Delayed', 'InProgress'].includes(StatusDetails) ? undefined : StatusDetails
    })
    assert.equal(details, 'DeliveryTimedOut')
    assert.equal((await invocation(id, nodes[0])).Status, 'Success')
    away.start()
  })

  test('row 46: commands are found by when they were invoked, page by page', async () => {
    const filters = [{ key: 'InvokedAfter', value: '2020-01-01T00:00:00Z' }]
    const { Commands } = await cli.run<{ Commands: Command[] }>('ssm list-commands', {
      filters,
      'page-size': 1,
    })
    assert.ok(Commands.length >= 4)
    assert.equal(new Set(Commands.map(({ CommandId }) => CommandId)).size, Commands.length)
    const none = [{ key: 'InvokedBefore', value: '2020-01-01T00:00:00Z' }]
    assert.deepEqual(
      (await cli.run<{ Commands: object[] }>('ssm list-commands', { filters: none })).Commands,
      [],
    )
  })

  test('row 47: both the document and each node have to be allowed, a node by its tag', async () => {
    const admin = world.caller
    const ada = await newUser(admin, 'ada')
    const grant = (Statement: readonly object[]) =>
      sdk(IAMClient, admin).send(
        new PutUserPolicyCommand({
          UserName: 'ada',
          PolicyName: 'send',
          PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }),
        }),
      )
    const to = (id: string) => ({
      'document-name': 'AWS-RunShellScript',
      'instance-ids': [id],
      parameters: { commands: ['true'] },
    })
    const document = { Effect: 'Allow', Action: 'ssm:SendCommand', Resource: 'arn:aws:ssm:*:*:document/*' }
    const node = {
      Effect: 'Allow',
      Action: 'ssm:SendCommand',
      Resource: ['arn:aws:ssm:*:*:managed-instance/*', 'arn:aws:ec2:*:*:instance/*'],
      Condition: { StringEquals: { 'ssm:resourceTag/fleet': 'blue' } },
    }
    const red = world.nodes.at(-1)?.id ?? ''
    const hers = cli.as(ada)
    for (const [statements, id] of [
      [[document], nodes[0].id],
      [[node], nodes[0].id],
      [[document, node], red],
    ] as const) {
      await grant(statements)
      assert.equal((await hers.refused('ssm send-command', to(id))).code, 'AccessDeniedException')
    }
    await grant([document, node])
    const { Command: sent } = await hers.run<{ Command: Command }>('ssm send-command', to(nodes[0].id))
    assert.equal(sent.TargetCount, 1)
  })

  test("boto3's waiter sees a command end, and one that fails", async () => {
    const { code, stdout, stderr } = await finish(PYTHON, ['-c', BOTO3, nodes[0].id], {
      env: { ...(await world.server.administrator()), PATH: process.env.PATH ?? '' },
      limitMs: 120_000,
    })
    assert.equal(code, 0, stderr)
    assert.deepEqual(JSON.parse(stdout), { first: 'Success', second: 'Failed' })
  })
})

const BOTO3 = `
import boto3, json, sys
from botocore.exceptions import WaiterError
ssm = boto3.client("ssm")
def run(script):
    sent = ssm.send_command(DocumentName="AWS-RunShellScript", InstanceIds=[sys.argv[1]], Parameters={"commands": [script]})
    asked = {"CommandId": sent["Command"]["CommandId"], "InstanceId": sys.argv[1]}
    try:
        ssm.get_waiter("command_executed").wait(**asked, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    except WaiterError as error:
        return error.last_response["Status"]
    return ssm.get_command_invocation(**asked)["Status"]
print(json.dumps({"first": run("true"), "second": run("false")}))
`

const LIMIT_MS = 90_000

/** What `look` finds in the end. */
function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  return until('end of it', LIMIT_MS, look)
}
