import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { newNodeKey } from '@lockstep/agent/identity'
import type { Report } from '@lockstep/wire'
import { PLACE, World } from './nodes.test-support.ts'
import { ReplayGuard } from './replay-guard.ts'

const PATH = '/agent/v1/report'
const NOTHING: Report = { started: [], results: [], associations: [] }

async function worldWithNode() {
  const world = await World.open()
  await world.activate()
  return { world, node: await world.node() }
}

describe('a node’s request', () => {
  test('is heard when its key signed these very bytes just now', async () => {
    const { world, node } = await worldWithNode()
    await using _ = world
    assert.equal((await world.report(node, {})).status, 200)
  })

  test('is refused alike with another key, of an unknown node, over another body or path, and unsigned', async () => {
    const { world, node } = await worldWithNode()
    await using _ = world
    const other = await world.node(2)
    const { body, headers } = world.signed(node, PATH, NOTHING)
    const forged = world.signed({ key: newNodeKey(), id: node.id }, PATH, NOTHING)
    const unknown = world.signed({ key: node.key, id: 'mi-0123456789abcdef0' }, PATH, NOTHING)
    const foreign = { ...headers, 'x-lockstep-node': `${PLACE.account}/${PLACE.region}/${other.id}` }
    const asked = [
      await world.ask(PATH, forged.body, forged.headers),
      await world.ask(PATH, unknown.body, unknown.headers),
      await world.ask(PATH, `${body} `, headers),
      await world.ask('/agent/v1/poll', body, headers),
      await world.ask(PATH, body, foreign),
      await world.ask(PATH, body, { ...headers, authorization: '' }),
      await world.ask(PATH, body, {}),
      await world.ask(PATH, body, headers, {
        headers: [...Object.entries(headers).flat(), 'X-Lockstep-Node', 'x'],
      }),
    ]
    const answers = asked.map((reply) => `${reply.status} ${'body' in reply && Buffer.from(reply.body)}`)
    assert.equal(new Set(answers).size, 1)
    assert.match(answers[0] ?? '', /^401 /)
    assert.equal(world.dispatch.reports.length, 0)
    for (const line of world.logged)
      assert.partialDeepStrictEqual(JSON.parse(line), { event: 'nodes.refused', status: 401 })
    const claims = world.logged.map((line) => JSON.parse(line).claims)
    assert.ok(claims.includes(foreign['x-lockstep-node']))
    assert.equal(claims.filter((claim) => claim === undefined).length, 2)
  })

  test('that is refused has a line in the log, of which a flood makes no flood', async () => {
    const { world, node } = await worldWithNode()
    await using _ = world
    const forged = world.signed({ key: newNodeKey(), id: node.id }, PATH, NOTHING)
    for (let i = 0; i < 200; i++) await world.ask(PATH, forged.body, forged.headers)
    assert.equal(world.logged.length, 20)
    assert.ok(world.logged.every((line) => !line.includes(forged.headers.authorization ?? '')))
    const { body, headers } = world.signed(node, PATH, NOTHING)
    world.clock.advance(301)
    await world.ask(PATH, body, headers)
    assert.match(world.logged.at(-1) ?? '', /look at the clock of the node/)
  })

  test('is refused when it comes in again', async () => {
    const { world, node } = await worldWithNode()
    await using _ = world
    const { body, headers } = world.signed(node, PATH, NOTHING)
    assert.equal((await world.ask(PATH, body, headers)).status, 200)
    assert.equal((await world.ask(PATH, body, headers)).status, 401)
    world.clock.advance(299)
    assert.equal((await world.ask(PATH, body, headers)).status, 401)
  })

  test('is refused when it is more than five minutes old or early', async () => {
    const { world, node } = await worldWithNode()
    await using _ = world
    const late = world.signed(node, PATH, NOTHING)
    world.clock.advance(301)
    assert.equal((await world.ask(PATH, late.body, late.headers)).status, 401)
    const early = world.signed(node, PATH, NOTHING)
    world.clock.advance(-301)
    assert.equal((await world.ask(PATH, early.body, early.headers)).status, 401)
    const never = { ...early.headers, 'x-lockstep-at': 'never' }
    assert.equal((await world.ask(PATH, early.body, never)).status, 401)
  })

  test('that another server heard before this one started is refused by this one', async () => {
    const { world, node } = await worldWithNode()
    await using _ = world
    world.clock.advance(-1)
    const { body, headers } = world.signed(node, PATH, NOTHING)
    world.clock.advance(1)
    assert.equal((await world.ask(PATH, body, headers)).status, 401)
  })

  test('of a deregistered node is refused from then on, and its stream ends within a second', async () => {
    const { world, node } = await worldWithNode()
    await using _ = world
    const outlet = await world.listen(node)
    await world.look()
    assert.equal(outlet.isEnded, false)
    await world.store.write(async (tx) => {
      const found = await tx.nodes.find(PLACE, node.id)
      assert.ok(found)
      const { publicKey: _key, ...rest } = found
      await tx.nodes.update({ ...rest, state: 'deregistered' })
    })
    assert.equal((await world.report(node, {})).status, 403)
    await world.look()
    assert.equal(outlet.isEnded, true)
  })

  test('is for one of the four paths, by POST', async () => {
    const { world } = await worldWithNode()
    await using _ = world
    for (const path of ['/agent/v1/', '/agent/v1/constructor', '/agent/v1/register/'])
      assert.equal((await world.ask(path, '{}')).status, 404, path)
    assert.equal((await world.ask(PATH, '', {}, { method: 'GET' })).status, 404)
    assert.equal((await world.ask(PATH, '', {}, { oversized: true })).status, 413)
  })
})

describe('ReplayGuard', () => {
  const at = (seconds: number) => new Date(seconds * 1000)

  test('knows a request again for ten minutes at least, across its spans', () => {
    for (const first of [0, 1, 300, 599, 600, 601]) {
      const guard = new ReplayGuard(at(0))
      guard.take('start', at(0))
      assert.equal(guard.take('a', at(first)), 'new')
      for (const later of [0, 1, 299, 300, 599]) assert.equal(guard.take('a', at(first + later)), 'known')
    }
  })

  test('does not reach what is older than itself, unless the clock was put back', () => {
    const guard = new ReplayGuard(at(100))
    assert.equal(guard.reaches(at(99), at(100)), false)
    assert.equal(guard.reaches(at(99), at(5000)), false)
    assert.equal(guard.reaches(at(100), at(100)), true)
    assert.equal(guard.reaches(at(99), at(98)), true)
  })

  test('remembers so many and no more, and takes others when time has passed', () => {
    const guard = new ReplayGuard(at(0), 2)
    assert.deepEqual(
      ['a', 'b', 'c'].map((name) => guard.take(name, at(0))),
      ['new', 'new', 'full'],
    )
    assert.equal(guard.take('c', at(600)), 'new')
    assert.equal(guard.take('a', at(600)), 'known')
    assert.equal(guard.take('a', at(1200)), 'new')
  })
})
