import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { eventually } from '../../testing/eventually.ts'
import type { Store, Writers } from '../store.ts'
import { Network } from './network.test-support.ts'
import {
  entry,
  openScene,
  openServer,
  PLACE,
  recorded,
  recordedNumbers,
  type Scene,
  skip,
} from './stores.test-support.ts'

const NOW = 'cast(extract(epoch from clock_timestamp()) * 1000 as bigint)'

async function lanesOf(store: Store): Promise<readonly number[]> {
  return [...(await recorded(store)).keys()].sort((a, b) => a - b)
}

function changeKeys(tx: Writers): Promise<unknown> {
  return tx.keys.addAlias({
    ...PLACE,
    name: `alias/${Math.floor(performance.now() * 1000)}`,
    keyId: 'k',
    createdAt: new Date(0),
    updatedAt: new Date(0),
  })
}

/** As another server does that has heard nothing of all others for too long. */
function endAll(scene: Scene): Promise<unknown> {
  return scene.ask(`update servers set ended_at = ${NOW} where ended_at is null`)
}

describe('a server that was taken for gone', { skip }, () => {
  test('writes nothing in its lanes any more, comes back under another id, and loses no call', async () => {
    await using scene = await openScene()
    const { store, problems } = await scene.serve()
    await store.write((tx) => tx.trail.append(entry(1)))
    await store.record(entry(2))
    const before = await recorded(store)
    await endAll(scene)
    const numbers = Array.from({ length: 30 }, (_, i) => i + 3)
    await Promise.all(
      numbers.map((number) =>
        number % 2 ? store.record(entry(number)) : store.write((tx) => tx.trail.append(entry(number))),
      ),
    )
    const after = await recorded(store)
    for (const [lane, events] of before) assert.deepEqual(after.get(lane), events, `lane ${lane} grew`)
    assert.deepEqual(await recordedNumbers(store), [1, 2, ...numbers])
    const ids = await scene.ask('select id from servers where ended_at is null')
    assert.equal(ids.length, 1, 'it came back once')
    assert.deepEqual(problems, ['store.was-taken-for-gone'])
  })

  test('inside a transaction: nothing of the transaction is kept but the one that is run again', async () => {
    await using scene = await openScene()
    const { store } = await scene.serve()
    await store.write((tx) => tx.trail.append(entry(1)))
    const [lane = 0] = await lanesOf(store)
    let attempts = 0
    await store.write(async (tx) => {
      attempts += 1
      await tx.jobs.find(PLACE, 'k', 'a')
      if (attempts === 1) await endAll(scene)
      await tx.trail.append(entry(2))
    })
    assert.equal(attempts, 2)
    assert.deepEqual((await recorded(store)).get(lane), [1])
    assert.deepEqual(await recordedNumbers(store), [1, 2])
  })

  test('a server that was silent for half a minute may not write before it has been heard again', async () => {
    await using scene = await openScene()
    const { store } = await scene.serve()
    await store.record(entry(1))
    await scene.ask(`update servers set seen_at = seen_at - 31000`)
    await store.record(entry(2))
    const [row] = await scene.ask<{ age: string }>(`select ${NOW} - seen_at as age from servers`)
    assert.ok(Number(row?.age) < 30_000)
    assert.deepEqual(await recordedNumbers(store), [1, 2])
  })
})

describe('lanes', { skip }, () => {
  test('are open as long as their server is heard of, and for a minute more', async () => {
    await using scene = await openScene()
    const { store: watcher } = await scene.serve()
    const other = await scene.serve()
    await other.store.record(entry(1))
    const [lane = 0] = await lanesOf(watcher)
    const isOpen = async () => (await watcher.openLanes()).has(lane)
    assert.ok(await isOpen())
    await other[Symbol.asyncDispose]()
    assert.ok(await isOpen(), 'closed with its server')
    await scene.ask('update servers set ended_at = ended_at - 59000')
    assert.ok(await isOpen(), 'closed too early')
    await scene.ask('update servers set ended_at = ended_at - 2000')
    assert.ok(!(await isOpen()), 'still open')
  })

  test('of a server that is silent are taken from it after a minute, and closed after another', async () => {
    await using scene = await openScene()
    const { store: watcher } = await scene.serve()
    const silent = `insert into servers (account, region, id, seen_at) values ('', '', 'silent', ${NOW} - `
    await scene.ask(`${silent} 59000)`)
    await scene.ask(
      `insert into trail_lanes (account, region, lane, key_generation, server_id) values ('', '', 900, 1, 'silent')`,
    )
    const ended = async () =>
      (await scene.ask(`select id from servers where id = 'silent' and ended_at is not null`)).length
    assert.ok((await watcher.openLanes()).has(900))
    assert.equal(await ended(), 0)
    await scene.ask(`update servers set seen_at = seen_at - 2000 where id = 'silent'`)
    assert.ok((await watcher.openLanes()).has(900), 'closed with its end')
    assert.equal(await ended(), 1)
    await scene.ask(`update servers set ended_at = ended_at - 61000 where id = 'silent'`)
    assert.ok(!(await watcher.openLanes()).has(900))
  })

  test('are numbered without a gap and never alike, however many connections open theirs at once', async () => {
    await using scene = await openScene()
    const servers = await Promise.all([scene.serve(), scene.serve(), scene.serve()])
    const numbers = Array.from({ length: 60 }, (_, i) => i)
    await Promise.all(
      numbers.map(async (number) => {
        const { store } = servers[number % 3] ?? assert.fail()
        await store.write((tx) => tx.trail.append(entry(number)))
      }),
    )
    const { store } = servers[0] ?? assert.fail()
    assert.deepEqual(await recordedNumbers(store), numbers)
    const lanes = (await store.read.trail.lanes()).map(({ lane }) => lane)
    assert.deepEqual(
      lanes,
      lanes.map((_, i) => i + 1),
    )
  })
})

describe("another server's changes", { skip }, () => {
  test('are seen within a second', async () => {
    await using scene = await openScene()
    const { store: one } = await scene.serve()
    const { store: other } = await scene.serve()
    await delay(500)
    const before = other.revision('keys')
    await one.write(changeKeys)
    const sinceMs = performance.now()
    while (other.revision('keys') === before) {
      assert.ok(performance.now() - sinceMs < 1000, 'not seen')
      await delay(20)
    }
  })

  test('are not missed where the database cannot be asked: then every answer is a new revision', async () => {
    await using scene = await openScene()
    await using network = await Network.open()
    const { store } = await scene.serve(`${network.urlOf(scene.url)}?query_timeout=500`)
    network.fate = () => 'swallow'
    await delay(1600)
    assert.notEqual(store.revision('keys'), store.revision('keys'))
    network.fate = () => 'pass'
    await eventually(async () => assert.equal(store.revision('keys'), store.revision('keys')))
  })

  test('are counted on where the counts of servers long gone are added up', async () => {
    await using scene = await openScene()
    for (const total of [1, 2, 3]) {
      const { store, ...server } = await scene.serve()
      await store.write(changeKeys)
      await server[Symbol.asyncDispose]()
      await scene.ask('update servers set ended_at = 1, seen_at = 1')
      // It tidies up as it starts.
      await using _next = await openServer(scene.url)
      assert.deepEqual(await scene.ask(`select lane, revision from topic_revisions where topic = 'keys'`), [
        { lane: '0', revision: String(total) },
      ])
      assert.equal((await scene.ask('select id from servers')).length, 1)
    }
  })
})
