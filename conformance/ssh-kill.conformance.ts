/**
 * kill -9 of the server at three points of a rotation of SSH keys, and of agents in the middle of its script and after
 * it. One kill for all: each point is a secret of its own, with an account of its own on the nodes.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ListCommandsCommand } from '@aws-sdk/client-ssm'
import { connectedTo } from './node-calls.ts'
import { withSsh2 } from './ssh-clients.ts'
import { holdScripts, ledger, quiet, runningScripts, StoreWatch } from './ssh-hold.ts'
import { noNodes, type SshNode } from './ssh-node.ts'
import { begin, demandOneKey, eventually, newSecret, rotate, rotated, stages } from './ssh-rotating.ts'
import type { SshSecret, SshWorld as World } from './ssh-world.ts'
import { SshWorld } from './ssh-world.ts'

const reason = noNodes()
const options = reason === undefined ? {} : { skip: reason }

/** A little more than the lease of a job, whose server may yet live, and than a rotation's first retry waits. */
const LEASE_MS = 61_000
/** In which the other points are reached. */
const DRAIN_SECONDS = '25'
const LOGIN_AGAIN_MS = 100

/** A secret whose rotation is to be killed. */
interface Point {
  readonly arn: string
  readonly user: string
  readonly nodes: readonly SshNode[]
}

describe('kill -9 of the server and of agents in the middle of rotations', options, () => {
  let world: World
  let both: readonly [SshNode, SshNode]
  let alone: SshNode
  before(async () => {
    world = await SshWorld.start(0)
    both = [await world.join(), await world.join()]
    alone = await world.join({ tags: { RotateSSHKeys: 'alone' } })
  })
  after(async () => {
    await world?.[Symbol.asyncDispose]()
  })

  test('is followed by the end of each: no login fails meanwhile, no label is twice, no key is doubled or left', async (t) => {
    const point = async (user: string, settings = {}, nodes: readonly SshNode[] = both): Promise<Point> => {
      const arn = await newSecret(world, `/kill/${user}`, { user, 'drain-seconds': '5', ...settings })
      await rotate(world, arn)
      return { arn, user, nodes }
    }
    const [pending, tested, current, inScript, afterScript] = await Promise.all([
      point('ada', { 'tag-value': 'alone' }, [alone]),
      point('ben'),
      point('cyd', { 'drain-seconds': DRAIN_SECONDS }),
      point('dee'),
      point('eve'),
    ])
    const all = [pending, tested, current, inScript, afterScript]
    const [first, second] = both
    await using clients = loginsWith(world, all)
    using watch = new StoreWatch(world.server.directory)
    const label = ({ arn }: Point, name: string) => watch.secret(arn).labels[name]

    const rotating = new Map<Point, string>()
    const start = async (one: Point) => void rotating.set(one, await begin(world, one.arn))
    const token = (of: Point) => rotating.get(of) ?? ''
    await start(current)
    await eventually(world, 'AWSCURRENT', () => label(current, 'AWSCURRENT') === token(current))
    await alone.killAgent()
    const held = [await holdScripts(first, 'dee'), await holdScripts(second, 'eve')]
    await Promise.all([pending, inScript, afterScript].map(start))
    await eventually(
      world,
      'scripts in their middle',
      () => isRunning(first, 'dee') && isRunning(second, 'eve'),
    )
    await eventually(world, 'setSecret', () => watch.secret(pending.arn).step === 'setSecret')
    await start(tested)
    while (watch.secret(tested.arn).step !== 'finishSecret') {
      assert.notEqual(label(tested, 'AWSCURRENT'), token(tested), 'it was not seen before its end')
      await sleep(1)
    }
    await world.kill()

    // Each is where it was to be.
    assert.equal(label(pending, 'AWSPENDING'), token(pending))
    assert.ok(!alone.authorizedKeys('ada').includes(token(pending)))
    assert.equal(label(tested, 'AWSPENDING'), token(tested))
    assert.notEqual(label(tested, 'AWSCURRENT'), token(tested))
    assert.equal(label(current, 'AWSCURRENT'), token(current))
    for (const node of both) assert.equal(linesOf(node, 'cyd').length, 2)
    assert.ok(isRunning(first, 'dee') && isRunning(second, 'eve'))

    await first.killAgent()
    for (const each of held) each.release()
    await quiet(second)
    await second.killAgent()
    const done = ledger(second).length
    await world.begin()
    for (const node of [...both, alone]) node.startAgent()
    // Only then: what is dated before a server's start does not count, and by this clock that would be a minute of it.
    await eventually(world, 'nodes that listen', async () => (await connectedTo(world.server.url)) === 3)
    world.ahead(LEASE_MS)

    for (const one of all.filter((each) => each !== inScript)) await rotated(world, one.arn, token(one))
    // Where the next attempt has met the command before its agent told that it was interrupted, it failed.
    world.ahead(2 * LEASE_MS)
    await rotated(world, inScript.arn, token(inScript))

    for (const one of all) await demandOneKey(world, one.arn, one)
    // What was interrupted has failed and was sent anew; what had ended was told of, by an agent that is another process.
    assert.equal(await firstSent(world, `add_key ${token(inScript)}`), 'Failed')
    assert.equal(await firstSent(world, `add_key ${token(afterScript)}`), 'Success')
    const begun = ledger(second).filter(({ kind }) => kind === 'begun')
    assert.equal(new Set(begun.map(({ commandId }) => commandId)).size, begun.length)
    assert.ok(ledger(second).length > done)
    const { count, failures } = await clients.stop()
    assert.deepEqual(failures, [])
    assert.ok(count > 100, `${count} logins`)
    t.diagnostic(`${count} logins`)
  })
})

function isRunning(node: SshNode, user: string): boolean {
  return runningScripts(node).some((script) => script.includes(`user='${user}'`))
}

function linesOf(node: SshNode, user: string): readonly string[] {
  return node.authorizedKeys(user).split('\n').slice(0, -1)
}

/** How the first command with that comment ended. */
async function firstSent(world: World, comment: string): Promise<string | undefined> {
  const { Commands = [] } = await world.ssm.send(new ListCommandsCommand({}))
  // The newest come first.
  return Commands.findLast(({ Comment }) => Comment === comment)?.Status
}

/**
 * Logs in to every node of every point again and again, with the key that the secret has at that moment; where there is
 * no server to ask, with the one that it had.
 */
function loginsWith(world: World, points: readonly Point[]) {
  const logins = { count: 0, failures: [] as string[] }
  let isOver = false
  const read = new Map<Point, SshSecret>()
  const round = async () => {
    for (const point of points) {
      for (const node of point.nodes) {
        const secret = (await readOf(world, point)) ?? read.get(point)
        assert.ok(secret)
        read.set(point, secret)
        const failure = await withSsh2(node, secret.PrivateKey, point.user)
        logins.count++
        if (failure !== '') logins.failures.push(`${point.user} ${node.id}: ${failure}`)
      }
      await sleep(LOGIN_AGAIN_MS)
    }
  }
  const work = async () => {
    while (!isOver) await round().catch((error: unknown) => void logins.failures.push(String(error)))
  }
  const running = work()
  const stop = async () => {
    isOver = true
    await running
    return logins
  }
  return { stop, [Symbol.asyncDispose]: async () => void (await stop()) }
}

async function readOf(world: World, { arn }: Point): Promise<SshSecret | undefined> {
  try {
    await stages(world, arn)
    return await world.current(arn)
  } catch (error) {
    if (error instanceof Error && 'code' in error && /^ECONN|^EPIPE/.test(String(error.code)))
      return undefined
    throw error
  }
}
