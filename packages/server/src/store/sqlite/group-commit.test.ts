import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { systemTimer } from '../../platform/timer.ts'
import { TrailLane } from '../../trail/lane.ts'
import { migrations } from '../migrations/index.ts'
import { migrate } from '../migrations/runner.ts'
import { Session } from '../sql/session.ts'
import { SqlWriters } from '../sql/writers.ts'
import type { Writers } from '../store.ts'
import type { TrailEntry } from '../trail.ts'
import { StoreUnavailable } from '../unavailable.ts'
import { Connection } from './connection.ts'
import { GroupCommit } from './group-commit.ts'
import { migrationTarget } from './migration-target.ts'

const PLACE = { account: '111122223333', region: 'us-east-1' }
const AT = { createdAt: new Date(0), updatedAt: new Date(0) }
const STOP = new Error('stop')

/** Counts commits, and fails them as a full disk would where told to. */
class WatchedConnection extends Connection {
  commits = 0
  full = false
  readonly log: string[] = []

  override commit(): void {
    if (this.full) throw new StoreUnavailable('full')
    super.commit()
    this.commits++
    this.log.push('commit')
  }
}

async function start() {
  const connection = new WatchedConnection(':memory:')
  await migrate(migrationTarget(connection), migrations, new Date(0))
  const lane = new TrailLane()
  lane.open(1, createSecretKey(Buffer.alloc(32)))
  const problems: string[] = []
  const due: (() => void)[] = []
  const commits = new GroupCommit({
    connection,
    timer: {
      atTurnEnd: systemTimer.atTurnEnd,
      after(_, callback) {
        due.push(callback)
        return { [Symbol.dispose]: () => due.splice(due.indexOf(callback), 1) }
      },
    },
    writers: (session) => new SqlWriters(session, lane),
    lane,
    check() {},
    committed: (topics) => connection.log.push(`changed ${[...topics]}`),
    onProblem: (event) => problems.push(event),
  })
  connection.commits = 0
  connection.log.length = 0
  const reader = new SqlWriters(new Session(connection), lane)
  return { connection, commits, problems, due, reader }
}

function entry(number: number): TrailEntry {
  return {
    ...PLACE,
    eventId: `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`,
    at: new Date(number),
    name: 'GetSecretValue',
    source: 'secretsmanager.amazonaws.com',
    readOnly: true,
    resources: [],
    body: '{}',
  }
}

function put(key: string): (tx: Writers) => Promise<void> {
  return (tx) => tx.jobs.queue({ ...PLACE, id: key, kind: 'k', key, runAt: new Date(0), payload: {} })
}

async function keys(reader: SqlWriters): Promise<readonly string[]> {
  return (await reader.jobs.list(PLACE, 'k')).map(({ key }) => key)
}

async function numbers(reader: SqlWriters): Promise<readonly number[]> {
  return (await reader.trail.stamps(1, 0, 1000)).map(({ number }) => number)
}

describe('a batch', () => {
  test('records and works asked for in one turn share one commit', async () => {
    const { connection, commits } = await start()
    const asked = Array.from({ length: 30 }, (_, i) => commits.record(entry(i)))
    await Promise.all([...asked, commits.write(put('a')), commits.write(put('b'))])
    assert.equal(connection.commits, 1)
  })

  test('nobody is answered before the commit, not even whoever failed', async () => {
    const { connection, commits } = await start()
    const { log } = connection
    const failing = commits.write(async () => {
      throw STOP
    })
    await Promise.all([
      commits.write(put('a')).then(() => log.push('written')),
      commits.record(entry(1)).then(() => log.push('recorded')),
      failing.catch(() => log.push('failed')),
    ])
    assert.equal(log[0], 'commit')
    assert.deepEqual(log.slice(1).sort(), ['failed', 'recorded', 'written'])
  })

  test('a topic has changed before whoever changed it is answered, and not where the change was undone', async () => {
    const { connection, commits } = await start()
    const change = (error?: Error) =>
      commits.write(async (tx) => {
        await tx.keys.addAlias({ ...PLACE, name: 'alias/a', keyId: 'id', ...AT })
        if (error) throw error
      })
    await assert.rejects(change(STOP))
    await change().then(() => connection.log.push('answered'))
    assert.deepEqual(connection.log, ['commit', 'commit', 'changed keys', 'answered'])
  })

  test('takes no more than 128, so that the first does not wait for the thousandth', async () => {
    const { connection, commits } = await start()
    await Promise.all(Array.from({ length: 600 }, (_, i) => commits.record(entry(i))))
    assert.equal(connection.commits, 5)
  })

  test('one event that cannot be stored fails alone among those that share its savepoint', async () => {
    const { connection, commits, reader } = await start()
    const unstorable = { ...entry(2), userName: Symbol('not a value') as unknown as string }
    const ends = await Promise.allSettled(
      [1, 2, 3].map((i) => commits.record(i === 2 ? unstorable : entry(i))),
    )
    assert.deepEqual(
      ends.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    )
    assert.deepEqual(await numbers(reader), [1, 2])
    assert.equal(connection.commits, 1)
  })
})

describe('a commit that fails', () => {
  test('acknowledges nothing of its batch, and every caller learns why', async () => {
    const { connection, commits, reader } = await start()
    connection.full = true
    const asked = [
      commits.write(put('a')),
      commits.record(entry(1)),
      commits.write(() => Promise.reject(STOP)),
    ]
    for (const one of await Promise.allSettled(asked)) {
      assert.ok(one.status === 'rejected')
      assert.ok(one.reason instanceof StoreUnavailable)
      assert.equal(one.reason.reason, 'full')
    }
    assert.deepEqual(await keys(reader), [])
    assert.deepEqual(await numbers(reader), [])
  })

  test('is over with its batch: the next one starts with the same number', async () => {
    const { connection, commits, reader, problems } = await start()
    connection.full = true
    await assert.rejects(commits.record(entry(1)))
    await assert.rejects(commits.record(entry(2)))
    connection.full = false
    await commits.record(entry(3))
    assert.deepEqual(await numbers(reader), [1])
    assert.deepEqual(problems, ['store.commit-failed', 'store.recovered'])
  })

  test('a work that swallows the error of a full disk still writes nothing', async () => {
    const { connection, commits, reader } = await start()
    await commits.write(put('before'))
    connection.exec('pragma max_page_count = 1')
    const body = 'x'.repeat(100_000)
    const swallowing = commits.write(async (tx) => {
      await tx.trail.append({ ...entry(1), body }).catch(() => {})
      // SQLite has rolled everything back by now: on its own, this would be committed at once.
      await put('after')(tx).catch(() => {})
    })
    const neighbour = commits.write(put('neighbour'))
    await assert.rejects(swallowing, { name: 'StoreUnavailable', reason: 'full' })
    await assert.rejects(neighbour, { name: 'StoreUnavailable', reason: 'full' })
    assert.deepEqual(await keys(reader), ['before'])
    connection.exec('pragma max_page_count = 100000')
    await commits.record({ ...entry(1), body })
    assert.deepEqual(await numbers(reader), [1])
  })
})

describe('a work that waits for something besides the store', { timeout: 30_000 }, () => {
  test('is given up, and its neighbours are not', async () => {
    const { commits, reader } = await start()
    const stuck = commits.write(async (tx) => {
      await put('stuck')(tx)
      await new Promise(() => {})
    })
    const neighbour = commits.write(put('neighbour'))
    await assert.rejects(stuck, /besides the store/)
    await neighbour
    assert.deepEqual(await keys(reader), ['neighbour'])
  })

  test('can do nothing more when it wakes up', async () => {
    const { commits, reader } = await start()
    let late: Promise<void> | undefined
    const stuck = commits.write(async (tx) => {
      await wait(5)
      late = put('late')(tx)
      await late
    })
    await assert.rejects(stuck, /besides the store/)
    await wait(20)
    await assert.rejects(async () => late, /ended/)
    assert.deepEqual(await keys(reader), [])
  })
})

describe('a deferred work', () => {
  test('asks for no commit of its own until its second is over', async () => {
    const { connection, commits, due, reader } = await start()
    commits.defer(put('a'))
    commits.defer(put('b'))
    await wait(5)
    assert.equal(connection.commits, 0)
    assert.equal(due.length, 1)
    due[0]?.()
    await wait(5)
    assert.equal(connection.commits, 1)
    assert.deepEqual(await keys(reader), ['a', 'b'])
  })

  test('joins a commit that somebody else asked for, and then asks for none', async () => {
    const { connection, commits, due, reader } = await start()
    commits.defer(put('deferred'))
    await commits.record(entry(1))
    assert.deepEqual(await keys(reader), ['deferred'])
    assert.equal(connection.commits, 1)
    assert.equal(due.length, 0)
  })

  test('that fails is told to the log and to nobody else', async () => {
    const { commits, problems } = await start()
    commits.defer(() => Promise.reject(STOP))
    await commits.record(entry(1))
    assert.deepEqual(problems, ['store.deferred-failed'])
  })

  test('does not wait for ever behind calls that keep coming', async () => {
    const { commits, reader } = await start()
    commits.defer(put('deferred'))
    const asked = Array.from({ length: 1000 }, (_, i) => commits.record(entry(i)))
    await asked[0]
    assert.deepEqual(await keys(reader), ['deferred'])
    await Promise.all(asked)
  })
})

test('closing waits for everything that was asked for before', async () => {
  const { commits, reader } = await start()
  const asked = Array.from({ length: 300 }, (_, i) => commits.record(entry(i)))
  commits.defer(put('deferred'))
  await commits.close()
  await Promise.all(asked)
  assert.deepEqual(await keys(reader), ['deferred'])
})
