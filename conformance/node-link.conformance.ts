/**
 * Rogue nodes at a real server: what a node says counts only where its own key signed it just now, and about itself
 * alone; and machines become nodes by an activation that is right, in time and not used up.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail'
import {
  CancelCommandCommand,
  CreateAssociationCommand,
  DeregisterManagedInstanceCommand,
  DescribeAssociationExecutionsCommand,
  DescribeInstanceAssociationsStatusCommand,
  DescribeInstanceInformationCommand,
  ListCommandInvocationsCommand,
} from '@aws-sdk/client-ssm'
import { LinkWorld } from './link-world.ts'
import { enrolment, newKey, say, takeCommand } from './raw-node.ts'
import { sdk } from './sdk.ts'
import { Scratch } from './server.ts'
import { until } from './until.ts'

const LISTEN_MS = 1_500
const PATHS = ['/agent/v1/stream', '/agent/v1/poll'] as const
/** The shortest that AWS admits. */
const WINDOW = { TimeoutSeconds: 30 }
/** Longer than that, and than it takes to notice. */
const WINDOW_LIMIT_MS = 90_000
const WRONG_TRIES = 150

describe('the node link, of rogue nodes', { concurrency: 8 }, () => {
  let world: LinkWorld
  before(async () => {
    world = await LinkWorld.start()
  })
  after(async () => {
    await world?.[Symbol.asyncDispose]()
  })

  async function isNode(filter: { readonly Key: string; readonly Values: string[] }): Promise<number> {
    const { InstanceInformationList = [] } = await world.ssm.send(
      new DescribeInstanceInformationCommand({ Filters: [filter] }),
    )
    return InstanceInformationList.length
  }

  /** What the API tells of a node's association. */
  async function associated(InstanceId: string, AssociationId: string): Promise<readonly unknown[]> {
    const { AssociationExecutions } = await world.ssm.send(
      new DescribeAssociationExecutionsCommand({ AssociationId }),
    )
    const { InstanceAssociationStatusInfos } = await world.ssm.send(
      new DescribeInstanceAssociationsStatusCommand({ InstanceId }),
    )
    assert.equal(InstanceAssociationStatusInfos?.length, 1)
    return [AssociationExecutions, InstanceAssociationStatusInfos]
  }

  test('a node’s key speaks for no other node: whatever it asks in its name is refused, and the log says so', async () => {
    const [rogue, victim] = [await world.rawNode(), await world.rawNode()]
    const commandId = await world.send(victim, 'true')
    const before = await world.invocation(victim, commandId)
    const as = { as: victim.name }
    const report = rogue.ended(commandId, ['runShellScript'], { status: 'Success', stdout: 'I was here' })
    const asked = [rogue.reporting(report, as), ...PATHS.map((path) => rogue.listening(path, as))]
    const answers = await Promise.all(asked.map((one) => rogue.say(one)))
    const unknown = await rogue.say(
      rogue.reporting(report, { as: victim.name.replace(/mi-.{17}/, 'mi-0123456789abcdef0') }),
    )
    for (const answer of answers) assert.deepEqual(answer, { ...unknown, status: 401 })
    assert.deepEqual(await world.invocation(victim, commandId), before)
    const logged = world.logged('nodes.refused').filter(({ claims }) => claims === victim.name)
    assert.deepEqual(
      logged.map(({ status }) => status),
      [401, 401, 401],
    )
    for (const { reason } of logged) assert.match(String(reason), /not the one of a node of this server/)
  })

  test('a node that reports of another’s command or association under its own name changes nothing, and is told of', async () => {
    const [rogue, victim] = [await world.rawNode(), await world.rawNode()]
    const commandId = await world.send(victim, 'true')
    const { AssociationDescription } = await world.ssm.send(
      new CreateAssociationCommand({
        Name: 'AWS-RunShellScript',
        Targets: [{ Key: 'InstanceIds', Values: [victim.id] }],
        Parameters: { commands: ['true'] },
      }),
    )
    const associationId = AssociationDescription?.AssociationId ?? ''
    const desired = await until('desired state', WINDOW_LIMIT_MS, async () =>
      (await victim.poll()).find((body) => body.kind === 'desired'),
    )
    assert.ok(desired.kind === 'desired')
    const version = desired.desired.associations[0]?.version ?? ''
    const before = await world.invocation(victim, commandId)
    const wasAssociated = await associated(victim.id, associationId)
    const told = rogue.ended(commandId, ['runShellScript'], { status: 'Success', stdout: 'I was here' })
    const steps = told.results?.[0]?.steps ?? []
    const now = new Date().toISOString()
    for (const report of [
      { started: [{ commandId, startedAt: now }] },
      told,
      { associations: [{ associationId, version, steps }] },
    ])
      assert.equal((await rogue.report(report)).status, 200)
    assert.deepEqual(await world.invocation(victim, commandId), before)
    assert.deepEqual(await associated(victim.id, associationId), wasAssociated)
    const logged = world.logged('nodes.foreign-report').filter(({ node }) => node === rogue.id)
    assert.deepEqual(
      logged.map(({ id }) => id),
      [commandId, commandId, associationId],
    )
  })

  test('a node that listens hears nothing that is for another', async () => {
    const [one, other] = [await world.rawNode(), await world.rawNode()]
    const heard = one.say(one.listening('/agent/v1/stream'), LISTEN_MS)
    const commandId = await world.send(other, 'true')
    await takeCommand(other, commandId)
    const { status, text } = await heard
    assert.equal(status, 200)
    assert.match(text, new RegExp(one.id))
    assert.ok(!text.includes(commandId) && !text.includes(other.id))
  })

  test('a request that comes in again, or from another time, is refused, and told why', async () => {
    const node = await world.rawNode()
    const asked = node.reporting({})
    assert.equal((await node.say(asked)).status, 200)
    const again = await node.say(asked)
    assert.equal(again.status, 401)
    assert.match(again.text, /has come in before/)
    for (const path of PATHS)
      for (const aheadMs of [-6 * 60_000, 6 * 60_000, 365 * 86_400_000]) {
        const { status, text } = await node.say(node.listening(path, { aheadMs }))
        assert.equal(status, 401)
        assert.match(text, /look at the clock of the node/)
      }
    const { body, ...rest } = node.reporting({})
    assert.equal((await node.say({ ...rest, body: `${body} ` })).status, 401)
    assert.equal((await node.say({ ...node.reporting({}), path: '/agent/v1/poll' })).status, 401)
  })

  test('a request that a server has heard is nothing to the one that starts after it', async () => {
    using scratch = new Scratch()
    const directory = `${scratch.path}/data`
    const [node, commandId, requests] = await (async () => {
      await using first = await LinkWorld.start(directory)
      const raw = await first.rawNode()
      const id = await first.send(raw, 'true')
      const steps = await takeCommand(raw, id)
      const recorded = [
        raw.reporting(raw.ended(id, steps, { status: 'Success', stdout: 'done' })),
        raw.listening('/agent/v1/poll'),
        raw.listening('/agent/v1/stream'),
      ]
      for (const one of recorded) assert.equal((await raw.say(one, LISTEN_MS)).status, 200)
      assert.equal((await first.invocation(raw, id)).Status, 'Success')
      await first.server.stop()
      return [raw, id, recorded] as const
    })()
    await using second = await LinkWorld.start(directory)
    const told = await second.invocation(node, commandId)
    for (const one of requests) assert.equal((await say(second.server.url, one)).status, 401)
    assert.deepEqual(await second.invocation(node, commandId), told)
    assert.equal(told.StandardOutputContent, 'done')
  })

  test('a wrong code, a wrong id, one that is used up and one that is over are refused in one and the same answer', async () => {
    const expiring = await world.activate({
      ExpirationDate: new Date(Date.now() + 2_000),
      RegistrationLimit: 5,
    })
    const right = await world.activate()
    const used = await world.activate()
    const ask = (leave: typeof right) => say(world.server.url, enrolment(leave, newKey()))
    assert.equal((await ask(used)).status, 200)
    await sleep(2_100)
    const activationCode = `${right.activationCode.slice(0, -1)}${right.activationCode.endsWith('x') ? 'y' : 'x'}`
    const refused = [
      await ask({ ...right, activationCode }),
      await ask({ ...right, activationId: '00000000-0000-4000-8000-000000000000' }),
      await ask(used),
      await ask(expiring),
    ]
    assert.equal(new Set(refused.map(({ status, text }) => `${status} ${text}`)).size, 1)
    assert.equal(refused[0]?.status, 403)
    assert.equal((await ask(right)).status, 200)
    for (const { activationId } of [used, right])
      assert.equal(await isNode({ Key: 'ActivationIds', Values: [activationId] }), 1)
    assert.equal(await isNode({ Key: 'ActivationIds', Values: [expiring.activationId] }), 0)
  })

  test('a code that is guessed at many times lets nobody in, says nothing new, and keeps nobody out who has it', async () => {
    const leave = await world.activate()
    const answers = new Set<string>()
    for (let i = 0; i < WRONG_TRIES; i++) {
      const activationCode = `${'guess'.repeat(4)}${i}`
      const { status, text } = await say(world.server.url, enrolment({ ...leave, activationCode }, newKey()))
      answers.add(`${status} ${text}`)
    }
    assert.equal(answers.size, 1)
    assert.match([...answers][0] ?? '', /^403 /)
    assert.equal(await isNode({ Key: 'ActivationIds', Values: [leave.activationId] }), 0)
    const { Events = [] } = await sdk(CloudTrailClient, world.caller).send(
      new LookupEventsCommand({
        LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'RegisterManagedInstance' }],
      }),
    )
    const refused = Events.map(({ CloudTrailEvent = '{}' }) => JSON.parse(CloudTrailEvent)).filter(
      ({ requestParameters, errorCode }) =>
        requestParameters?.activationId === leave.activationId && errorCode === 'AccessDenied',
    )
    assert.ok(refused.length > 0)
    assert.equal((await say(world.server.url, enrolment(leave, newKey()))).status, 200)
  })

  test('of many machines that enrol at once with a code for one, one becomes a node', async () => {
    const leave = await world.activate({ RegistrationLimit: 1 })
    const raw = Array.from({ length: 6 }, () => say(world.server.url, enrolment(leave, newKey())))
    const agents = [world.enrol({ leave }), world.enrol({ leave })]
    const statuses = (await Promise.all(raw)).map(({ status }) => status)
    const codes = (await Promise.all(agents)).map(({ code }) => code)
    const admitted =
      statuses.filter((status) => status === 200).length + codes.filter((code) => code === 0).length
    assert.equal(admitted, 1)
    assert.ok(statuses.every((status) => status === 200 || status === 403))
    assert.equal(await isNode({ Key: 'ActivationIds', Values: [leave.activationId] }), 1)
  })

  test('what has ended does not end again: not a second report, nor one after it was cancelled or given up', async () => {
    const node = await world.rawNode()
    const silent = await world.rawNode()
    const late = await world.send(silent, 'true', WINDOW)
    const lateSteps = await takeCommand(silent, late)

    const done = await world.send(node, 'true')
    const steps = await takeCommand(node, done)
    await node.report(node.ended(done, steps, { status: 'Success', stdout: 'first' }))
    const cancelled = await world.send(node, 'true')
    await takeCommand(node, cancelled)
    await node.report({ started: [{ commandId: cancelled, startedAt: new Date().toISOString() }] })
    await world.ssm.send(new CancelCommandCommand({ CommandId: cancelled }))
    await node.report({ results: [{ commandId: cancelled, outcome: 'Cancelled', steps: [] }] })
    const givenUp = await world.ended(silent, late, WINDOW_LIMIT_MS)

    const cases = [
      { of: node, commandId: done, names: steps, was: 'Success' },
      { of: node, commandId: cancelled, names: steps, was: 'Cancelled' },
      { of: silent, commandId: late, names: lateSteps, was: 'TimedOut' },
    ]
    for (const { of, commandId, names, was } of cases) {
      const told = await world.invocation(of, commandId)
      assert.equal(told.Status, was)
      const lists = () =>
        world.ssm.send(new ListCommandInvocationsCommand({ CommandId: commandId, Details: true }))
      const { CommandInvocations } = await lists()
      for (const status of ['Success', 'Failed'] as const) {
        const { status: answered } = await of.report(of.ended(commandId, names, { status, stdout: 'second' }))
        assert.equal(answered, 200)
      }
      await of.report({ started: [{ commandId, startedAt: new Date().toISOString() }] })
      assert.deepEqual(await world.invocation(of, commandId), told)
      assert.deepEqual((await lists()).CommandInvocations, CommandInvocations)
    }
    assert.equal(givenUp.StandardOutputContent, '')
  })

  test('a deregistered node is cut off at once, refused from then on, and hears of nothing more', async () => {
    const middle = await world.middle()
    const agent = await world.join(middle.url)
    const marker = world.marker()
    await world.ended(agent, await world.send(agent, marker.script('before')))
    const [heard] = middle.asked.filter(({ path }) => path === '/agent/v1/report')
    assert.ok(heard)
    middle.alter = (line) => (line.includes('\\"kind\\":\\"command\\"') ? undefined : line)
    const held = await world.send(agent, marker.script('held'))
    await until('command', WINDOW_LIMIT_MS, () => middle.commands().find((line) => line.includes(held)))
    const told = middle.lines.length
    await world.ssm.send(new DeregisterManagedInstanceCommand({ InstanceId: agent.id }))
    await agent.says(/The node was deregistered/)
    middle.alter = (line) => line
    assert.equal((await say(world.server.url, heard)).status, 403)
    await assert.rejects(world.send(agent, marker.script('after')), { name: 'InvalidInstanceId' })
    await sleep(LISTEN_MS)
    assert.deepEqual(
      middle.lines.slice(told).filter((line) => line.includes('command')),
      [],
    )
    assert.deepEqual(marker.marks, ['before'])
  })
})
