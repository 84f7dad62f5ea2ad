/**
 * Somebody between agents and their server: an agent does what its own server says to it alone, whole, in time, and
 * once. What scripts leave in a file shows what ran.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { CreateAssociationCommand, UpdateAssociationCommand } from '@aws-sdk/client-ssm'
import type { FrameBody } from '@lockstep/wire'
import { LIMIT_MS, LinkWorld, type Marker } from './link-world.ts'
import { bodyOf, frameBy, newKey } from './raw-node.ts'
import { until } from './until.ts'

/** Long enough for an agent to have begun what it would. */
const SETTLED_MS = 1_000
/** The shortest that AWS admits. */
const WINDOW = { TimeoutSeconds: 30 }
const WINDOW_LIMIT_MS = 90_000

describe('the node link, of agents', { concurrency: 8 }, () => {
  let world: LinkWorld
  before(async () => {
    world = await LinkWorld.start()
  })
  after(async () => {
    await world?.[Symbol.asyncDispose]()
  })

  /** An agent behind somebody who hears everything. */
  async function scene() {
    const middle = await world.middle()
    const agent = await world.join(middle.url)
    const marker = world.marker()
    /** Runs a script that leaves a mark, to its end, and answers the line that brought it. */
    const ran = async (mark: string): Promise<string> => {
      const commandId = await world.send(agent, marker.script(mark))
      assert.equal((await world.ended(agent, commandId)).Status, 'Success')
      return middle.commands(agent.id).find((line) => line.includes(commandId)) ?? ''
    }
    return { middle, agent, marker, ran }
  }

  async function marks(marker: Marker, expected: readonly string[]): Promise<void> {
    await until(`${expected}`, LIMIT_MS, () => marker.marks.length >= expected.length || undefined)
    await sleep(SETTLED_MS)
    assert.deepEqual(marker.marks, expected)
  }

  test('a command that comes again does not run again, not after a restart either', async () => {
    const { middle, agent, marker, ran } = await scene()
    const line = await ran('once')
    assert.equal(middle.inject(line), 1)
    await agent.says(/"command.repeated"/)
    await agent.stop()
    agent.start()
    await ran('after')
    assert.equal(middle.inject(line), 1)
    await until('second repeat', LIMIT_MS, () => agent.log.split('command.repeated').length > 2 || undefined)
    await marks(marker, ['once', 'after'])
  })

  test('a command for another node does not run', async () => {
    const [one, other] = [await scene(), await scene()]
    const line = await other.ran('other')
    assert.equal(one.middle.inject(line), 1)
    await one.agent.says(/"frame.refused".*"foreign"/)
    await marks(other.marker, ['other'])
  })

  test('a command whose time is over does not run', async () => {
    const { middle, agent, marker } = await scene()
    middle.alter = (line) => (line.includes('\\"kind\\":\\"command\\"') ? undefined : line)
    const commandId = await world.send(agent, marker.script('late'), WINDOW)
    const { Status } = await world.ended(agent, commandId, WINDOW_LIMIT_MS)
    assert.equal(Status, 'TimedOut')
    const [line = ''] = middle.commands(agent.id)
    assert.equal(middle.inject(line), 1)
    await agent.says(/"frame.refused".*"late"/)
    await marks(marker, [])
  })

  test('a command of which one byte is another does not run; the server’s own word comes again, and does', async () => {
    const { middle, agent, marker } = await scene()
    let isChanged = false
    middle.alter = (line) => {
      if (isChanged || !line.includes('\\"kind\\":\\"command\\"')) return line
      isChanged = true
      return line.replace('echo tame', 'echo wild')
    }
    const commandId = await world.send(agent, marker.script('tame'))
    assert.equal((await world.ended(agent, commandId)).Status, 'Success')
    assert.ok(isChanged)
    await agent.says(/"frame.refused".*"forged"/)
    await marks(marker, ['tame'])
  })

  test('a command that another server’s key signed does not run, and the agent hangs up on who brought it', async () => {
    const { middle, agent, marker, ran } = await scene()
    const { body } = JSON.parse(await ran('own')) as { readonly body: string }
    const streams = () => middle.asked.filter(({ path }) => path === '/agent/v1/stream').length
    const before = streams()
    const forged = body
      .replace(/"commandId":"[^"]+"/, '"commandId":"forged"')
      .replace('echo own', 'echo forged')
    assert.equal(middle.inject(frameBy(newKey(), forged)), 1)
    await agent.says(/"frame.refused".*"forged"/)
    await agent.says(/not signed by the key that was pinned/)
    await until('another stream', LIMIT_MS, () => streams() > before || undefined)
    await ran('after')
    await marks(marker, ['own', 'after'])
  })

  test('what a node was to be kept at before does not come back, not after a restart either', async () => {
    const { middle, agent, marker } = await scene()
    const { AssociationDescription } = await world.ssm.send(
      new CreateAssociationCommand({
        Name: 'AWS-RunShellScript',
        Targets: [{ Key: 'InstanceIds', Values: [agent.id] }],
        Parameters: { commands: [marker.script('old')] },
      }),
    )
    await marks(marker, ['old'])
    const old = middle.lines.find((line) => line.includes('\\"kind\\":\\"desired\\"')) ?? ''
    await world.ssm.send(
      new UpdateAssociationCommand({
        AssociationId: AssociationDescription?.AssociationId,
        Parameters: { commands: [marker.script('new')] },
      }),
    )
    await marks(marker, ['old', 'new'])
    const refused = () => agent.log.split('"outdated"').length - 1
    for (const count of [1, 2]) {
      assert.equal(middle.inject(old), 1)
      await until('refusal', LIMIT_MS, () => refused() === count || undefined)
      await agent.stop()
      agent.start()
      await until('stream', LIMIT_MS, () => middle.listening > 0 || undefined)
    }
    await marks(marker, ['old', 'new'])
  })

  test('an agent enrols with no server but the one whose key was named, and tells no other the code', async () => {
    const middle = await world.middle()
    const fingerprint = `SHA256:${'0'.repeat(43)}`
    const leave = await world.activate()
    const { code, stderr, config } = await world.enrol({ leave, endpoint: middle.url, fingerprint })
    assert.equal(code, 1)
    assert.match(stderr, /this is another server. Nothing was set up/)
    assert.equal(existsSync(config), false)
    assert.deepEqual(
      middle.asked.map(({ path }) => path),
      ['/agent/v1/server-key'],
    )
    assert.ok(!JSON.stringify(middle.asked).includes(leave.activationCode))
  })

  test('an agent obeys no server but the one that was pinned: it hangs up, says so, and comes back later and later', async () => {
    const { middle, agent, marker, ran } = await scene()
    const said = bodyOf(await ran('own'))
    await agent.stop()
    const key = newKey()
    const calls: number[] = []
    const hungUp: boolean[] = []
    middle.instead = (answer: ServerResponse) => {
      calls.push(performance.now())
      answer.writeHead(200, { 'content-type': 'application/x-ndjson' })
      answer.on('close', () => hungUp.push(!answer.writableFinished))
      const command = { commandId: `rogue-${calls.length}`, notAfter: '2999-01-01T00:00:00Z' }
      for (const body of [{ kind: 'ping' }, { kind: 'command', command: commandOf(said, command, marker) }])
        answer.write(`${frameBy(key, JSON.stringify({ node: agent.id, issuedAt: new Date(), ...body }))}\n`)
    }
    agent.start()
    await until('four calls', LIMIT_MS, () => calls.length >= 4 || undefined)
    await agent.says(/not signed by the key that was pinned/)
    assert.deepEqual(hungUp.slice(0, 3), [true, true, true])
    const [one = 0, two = 0, three = 0, four = 0] = calls
    assert.ok(two - one >= 250 && three - two >= 250 && four - three >= 250, `${calls}`)
    await marks(marker, ['own'])
    middle.instead = undefined
    await ran('again')
    await marks(marker, ['own', 'again'])
  })
})

/** The command that was said, with another id, and a script that leaves another mark. */
function commandOf(said: FrameBody, more: object, marker: Marker): object {
  assert.ok(said.kind === 'command')
  const [step] = said.command.steps
  return { ...said.command, ...more, steps: [{ ...step, script: [marker.script('rogue')] }] }
}
