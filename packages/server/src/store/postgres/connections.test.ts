import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { inspect } from 'node:util'
import { eventually } from '../../testing/eventually.ts'
import { openSnapshot } from '../open.ts'
import type { Writers } from '../store.ts'
import { StoreUnavailable } from '../unavailable.ts'
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

function put(tx: Writers, key: string): Promise<void> {
  return tx.jobs.queue({ ...PLACE, id: 'id', kind: 'k', key, runAt: new Date(0), payload: {} })
}

async function keysOf(scene: Scene): Promise<readonly string[]> {
  const rows = await scene.ask<{ key: string }>(`select key from jobs where kind = 'k' order by key`)
  return rows.map(({ key }) => key)
}

const isUnavailable = (error: unknown) => error instanceof StoreUnavailable

/** Ends every connection of our servers that is in a transaction. */
const END_TRANSACTIONS = `select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and application_name = 'lockstep' and state like 'idle in transaction%'`
const END_ALL = `select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and application_name = 'lockstep'`

describe('a connection that is lost', { skip }, () => {
  test('inside a transaction, wherever: the work is run again, and nothing of it is there twice', async () => {
    await using scene = await openScene()
    const { store } = await scene.serve()
    const phases = ['at once', 'after a change', 'after the event'] as const
    for (const [index, phase] of phases.entries()) {
      let attempts = 0
      await store.write(async (tx) => {
        attempts += 1
        const reached = async (now: string) => {
          if (now === phase && attempts === 1) await scene.ask(END_TRANSACTIONS)
        }
        await reached('at once')
        await put(tx, phase)
        await reached('after a change')
        await tx.trail.append(entry(index))
        await reached('after the event')
        // Where the connection is gone, this is what notices it, and not the commit.
        await tx.jobs.find(PLACE, 'k', phase)
      })
      assert.equal(attempts, 2, phase)
    }
    assert.deepEqual(await keysOf(scene), [...phases].sort())
    assert.deepEqual(await recordedNumbers(store), [0, 1, 2])
  })

  test('as the commit is sent: the caller gets an error, the work is not run again, and nothing is kept', async () => {
    await using scene = await openScene()
    await using network = await Network.open()
    const { store } = await scene.serve(network.urlOf(scene.url))
    await store.write((tx) => tx.trail.append(entry(1)))
    let attempts = 0
    network.once('commit\0', 'cut before')
    const lost = store.write(async (tx) => {
      attempts += 1
      await put(tx, 'lost')
      await tx.trail.append(entry(2))
    })
    await assert.rejects(lost, isUnavailable)
    await store.write((tx) => tx.trail.append(entry(3)))
    assert.equal(attempts, 1)
    assert.deepEqual(await keysOf(scene), [])
    assert.deepEqual(await recordedNumbers(store), [1, 3])
  })

  test('before the answer to the commit: an error for the caller, all of it kept once, and a lane of its own for the next', async () => {
    await using scene = await openScene()
    await using network = await Network.open()
    const { store } = await scene.serve(network.urlOf(scene.url))
    let attempts = 0
    network.once('commit\0', 'cut after')
    const lost = store.write(async (tx) => {
      attempts += 1
      await put(tx, 'kept')
      await tx.trail.append(entry(1))
    })
    await assert.rejects(lost, isUnavailable)
    await store.write((tx) => tx.trail.append(entry(2)))
    assert.equal(attempts, 1)
    await eventually(async () => assert.deepEqual(await keysOf(scene), ['kept']))
    assert.deepEqual(
      [...(await recorded(store)).values()].sort(([a = 0], [b = 0]) => a - b),
      [[1], [2]],
    )
  })

  for (const fate of ['cut before', 'cut after'] as const) {
    test(`while events of reads are written, ${fate}: their callers get errors, and none is written again`, async () => {
      await using scene = await openScene()
      await using network = await Network.open()
      const { store } = await scene.serve(network.urlOf(scene.url))
      await store.record(entry(1))
      network.once(entry(2).eventId, fate)
      const both = await Promise.allSettled([store.record(entry(2)), store.record(entry(3))])
      assert.deepEqual(
        both.map(({ status }) => status),
        ['rejected', 'rejected'],
      )
      await store.record(entry(4))
      const expected = fate === 'cut before' ? [1, 4] : [1, 2, 3, 4]
      await eventually(async () => assert.deepEqual(await recordedNumbers(store), expected))
    })
  }

  test('all at once, as when the database server is restarted: reads and writes go on, and no call fails', async () => {
    await using scene = await openScene()
    const { store } = await scene.serve()
    const all = () =>
      Promise.all(
        Array.from({ length: 12 }, async (_, i) => {
          await store.write((tx) => put(tx, `${i}`))
          await store.read.jobs.find(PLACE, 'k', `${i}`)
        }),
      )
    await all()
    await scene.ask(END_ALL)
    await all()
    await store.probe()
  })

  test('that only keeps silent: the caller gets an error in bounded time, and the next call another connection', async () => {
    await using scene = await openScene()
    await using network = await Network.open()
    const { store } = await scene.serve(`${network.urlOf(scene.url)}?query_timeout=700`)
    await store.write((tx) => put(tx, 'first'))
    network.once('commit\0', 'swallow')
    const silent = store.write((tx) => put(tx, 'second'))
    await assert.rejects(silent, (error) => error instanceof StoreUnavailable && error.reason === 'slow')
    const askedAtMs = performance.now()
    await store.write((tx) => put(tx, 'third'))
    assert.ok(performance.now() - askedAtMs < 700, 'it was given the silent one again')
    assert.deepEqual(await keysOf(scene), ['first', 'third'])
  })
})

describe('a transaction that fails', { skip }, () => {
  test('takes along what it had asked for and not awaited: nothing of it is written outside', async () => {
    await using scene = await openScene()
    const { store } = await scene.serve()
    const failed = store.write((tx) =>
      Promise.all([put(tx, 'bad\0'), put(tx, 'b'), put(tx, 'c'), put(tx, 'd')]),
    )
    await assert.rejects(failed)
    await store.write((tx) => put(tx, 'good'))
    assert.deepEqual(await keysOf(scene), ['good'])
  })

  test('and whose work goes on as if nothing had happened is not acknowledged', async () => {
    await using scene = await openScene()
    const { store } = await scene.serve()
    const careless = store.write(async (tx) => {
      await put(tx, 'bad\0').catch(() => {})
    })
    await assert.rejects(careless, /went on after an error/)
    await store.write((tx) => put(tx, 'good'))
    assert.deepEqual(await keysOf(scene), ['good'])
  })

  test('of several events one that cannot be stored is refused, and the others are there without a gap', async () => {
    await using scene = await openScene()
    const { store } = await scene.serve()
    const ends = await Promise.allSettled(
      [entry(1), entry(2, 'bad\0'), entry(3)].map((one) => store.record(one)),
    )
    assert.deepEqual(
      ends.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    )
    assert.deepEqual(await recordedNumbers(store), [1, 3])
  })

  test('with an error of its own passes that on as it was, whatever it looks like', async () => {
    await using scene = await openScene()
    const { store } = await scene.serve()
    const looks = Object.assign(new Error('Connection terminated: could not serialize access'), {
      code: '40001',
    })
    let attempts = 0
    const failed = store.write(async () => {
      attempts += 1
      throw looks
    })
    await assert.rejects(failed, (error) => error === looks)
    assert.equal(attempts, 1)
  })
})

describe('closing', { skip }, () => {
  test('waits for what is under way and for what was deferred', async () => {
    await using scene = await openScene()
    const server = await scene.serve()
    server.store.defer((tx) => put(tx, 'deferred'))
    const under = server.store.write(async (tx) => {
      await put(tx, 'a')
      await delay(100)
      await put(tx, 'b')
    })
    const recording = server.store.record(entry(1))
    await server[Symbol.asyncDispose]()
    await Promise.all([under, recording])
    assert.deepEqual(await keysOf(scene), ['a', 'b', 'deferred'])
  })
})

describe('those who wait for each other', { skip }, () => {
  test('keep no event of a read waiting', async () => {
    await using scene = await openScene()
    const { store } = await scene.serve()
    await store.write((tx) => put(tx, 'held'))
    await scene.ask('begin')
    await scene.ask(`select key from jobs where key = 'held' for update`)
    const waiting = Array.from({ length: 20 }, () => store.write((tx) => put(tx, 'held')))
    await delay(100)
    await store.record(entry(1))
    await scene.ask('rollback')
    await Promise.all(waiting)
    assert.deepEqual(await recordedNumbers(store), [1])
  })

  test('get the lock of a server that was paused in the middle, which runs its work again', async () => {
    await using scene = await openScene()
    const paused = await scene.serve(`${scene.url}?idle_in_transaction_session_timeout=300`)
    const { store } = await scene.serve()
    const order: string[] = []
    const lock = { ...PLACE, name: 'held' }
    const first = paused.store.write(async (tx) => {
      order.push('paused')
      if (order.length === 1) await delay(900)
      await put(tx, 'paused')
    }, lock)
    await delay(100)
    await store.write(async () => {}, lock)
    order.push('other')
    await first
    assert.deepEqual(order, ['paused', 'other', 'paused'])
    assert.deepEqual(await keysOf(scene), ['paused'])
  })
})

describe('what is said of an environment that fails', { skip }, () => {
  test('in the log holds neither password nor address', async () => {
    await using scene = await openScene()
    await using network = await Network.open()
    const url = new URL(network.urlOf(scene.url))
    url.password = 'hunter2-hunter2'
    const { store, problems, logged } = await scene.serve(url.href)
    network.fate = () => 'cut before'
    const calls = [store.write((tx) => put(tx, 'a')), store.record(entry(1)), store.probe()]
    for (const end of await Promise.allSettled(calls)) {
      assert.ok(end.status === 'rejected' && isUnavailable(end.reason))
      logged.push(inspect(end.reason, { depth: 9, showHidden: true }))
    }
    await eventually(async () => assert.ok(problems.includes('store.unavailable')))
    for (const line of logged) assert.doesNotMatch(line, /hunter2|127\.0\.0\.1/)
  })

  test('as a server starts holds neither password nor address', async () => {
    await using scene = await openScene()
    const secret = 'hunter2-hunter2'
    const withPassword = (change: (url: URL) => void) => {
      const url = new URL(scene.url)
      url.password = secret
      change(url)
      return url.href
    }
    const unusable = [
      withPassword((url) => {
        url.pathname = '/there_is_none'
      }),
      withPassword((url) => {
        url.port = '1'
      }),
      withPassword((url) => {
        url.username = 'nobody_at_all'
      }),
    ]
    for (const url of unusable) {
      for (const open of [() => openServer(url), () => openSnapshot({ kind: 'postgres', url })]) {
        const error = await open().then(
          () => assert.fail(),
          (reason: unknown) => reason,
        )
        assert.ok(isUnavailable(error), String(error))
        assert.doesNotMatch(
          inspect(error, { depth: 9, showHidden: true }),
          /hunter2|127\.0\.0\.1|there_is_none|nobody_at_all/,
        )
      }
    }
  })
})
