import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { NewJob } from './jobs.ts'
import type { Store } from './store.ts'

const PLACE = { account: '111122223333', region: 'us-east-1' }
const KINDS = ['purge', 'sweep']

function job(changes: Partial<NewJob> = {}): NewJob {
  return { ...PLACE, id: 'id-1', kind: 'purge', key: 'a', runAt: new Date(1000), payload: {}, ...changes }
}

function claim(now: number, claimant = 'one') {
  return { claimant, now: new Date(now), leaseMs: 500, kinds: KINDS, limit: 10 }
}

/** What every engine's job queue must do. */
export function jobsContract(open: () => Promise<Store>): void {
  describe('jobs', () => {
    test('a job comes back as it was queued', async () => {
      await using store = await open()
      const queued = job({ payload: { arn: 'arn:x', days: 7 } })
      await store.write((tx) => tx.jobs.queue(queued))
      assert.deepEqual(await store.read.jobs.find(PLACE, 'purge', 'a'), {
        ...queued,
        attempts: 0,
        lastError: undefined,
      })
    })

    test('nothing is claimed before its time, and all that is due is, the longest overdue first', async () => {
      await using store = await open()
      await store.write(async (tx) => {
        await tx.jobs.queue(job({ key: 'late', runAt: new Date(3000) }))
        await tx.jobs.queue(job({ key: 'second', runAt: new Date(2000) }))
        await tx.jobs.queue(job({ key: 'first', runAt: new Date(1000), region: 'eu-west-1' }))
        await tx.jobs.queue(job({ key: 'other', kind: 'unknown' }))
      })
      assert.deepEqual(await store.write((tx) => tx.jobs.claimDue(claim(999))), [])
      const claimed = await store.write((tx) => tx.jobs.claimDue(claim(2000)))
      assert.deepEqual(
        claimed.map(({ key }) => key),
        ['first', 'second'],
      )
    })

    test('a job under a claim is nobody else’s until the lease is over', async () => {
      await using store = await open()
      await store.write((tx) => tx.jobs.queue(job()))
      assert.equal((await store.write((tx) => tx.jobs.claimDue(claim(1000)))).length, 1)
      assert.equal((await store.write((tx) => tx.jobs.claimDue(claim(1499, 'two')))).length, 0)
      const [again] = await store.write((tx) => tx.jobs.claimDue(claim(1500, 'two')))
      assert.equal(again?.attempts, 2)
    })

    test('a claimant whose lease went to another can neither end the job nor give it back', async () => {
      await using store = await open()
      await store.write((tx) => tx.jobs.queue(job()))
      const [lost] = await store.write((tx) => tx.jobs.claimDue(claim(1000)))
      const [held] = await store.write((tx) => tx.jobs.claimDue(claim(1500, 'two')))
      assert.ok(lost && held)
      assert.equal(await store.write((tx) => tx.jobs.done(lost)), false)
      await store.write((tx) => tx.jobs.fail(lost, new Date(0), 'Error'))
      assert.equal((await store.write((tx) => tx.jobs.claimDue(claim(1501, 'three')))).length, 0)
      assert.equal(await store.write((tx) => tx.jobs.done(held)), true)
      assert.equal(await store.read.jobs.find(PLACE, 'purge', 'a'), undefined)
    })

    test('a lease that was put off keeps the job from others, and a lost one cannot be', async () => {
      await using store = await open()
      await store.write((tx) => tx.jobs.queue(job()))
      const [held] = await store.write((tx) => tx.jobs.claimDue(claim(1000)))
      assert.ok(held)
      assert.equal(await store.write((tx) => tx.jobs.extend(held, new Date(5000))), true)
      assert.equal((await store.write((tx) => tx.jobs.claimDue(claim(4999, 'two')))).length, 0)
      assert.equal((await store.write((tx) => tx.jobs.claimDue(claim(5000, 'two')))).length, 1)
      assert.equal(await store.write((tx) => tx.jobs.extend(held, new Date(9000))), false)
      assert.ok(((await store.read.jobs.nextAt(KINDS))?.getTime() ?? 0) < 9000)
    })

    test('a failed job waits for its retry and keeps the name of the error', async () => {
      await using store = await open()
      await store.write((tx) => tx.jobs.queue(job()))
      const [claimed] = await store.write((tx) => tx.jobs.claimDue(claim(1000)))
      assert.ok(claimed)
      await store.write((tx) => tx.jobs.fail(claimed, new Date(9000), 'TypeError'))
      assert.equal((await store.read.jobs.find(PLACE, 'purge', 'a'))?.lastError, 'TypeError')
      assert.deepEqual(await store.read.jobs.nextAt(KINDS), new Date(9000))
      assert.equal((await store.write((tx) => tx.jobs.claimDue(claim(8999)))).length, 0)
      assert.equal((await store.write((tx) => tx.jobs.claimDue(claim(9000)))).length, 1)
    })

    test('a job queued twice waits once, as it was queued last', async () => {
      await using store = await open()
      await store.write((tx) => tx.jobs.queue(job()))
      await store.write((tx) => tx.jobs.queue(job({ id: 'id-2', runAt: new Date(5000) })))
      assert.deepEqual(
        (await store.read.jobs.list(PLACE, 'purge')).map(({ id, runAt }) => [id, runAt.getTime()]),
        [['id-2', 5000]],
      )
    })

    test('a job queued anew while it runs outlives the end of that run', async () => {
      await using store = await open()
      await store.write((tx) => tx.jobs.queue(job()))
      const [running] = await store.write((tx) => tx.jobs.claimDue(claim(1000)))
      assert.ok(running)
      await store.write((tx) => tx.jobs.queue(job({ id: 'id-2' })))
      assert.equal(await store.write((tx) => tx.jobs.done(running)), false)
      assert.equal((await store.write((tx) => tx.jobs.claimDue(claim(1000, 'two'))))[0]?.id, 'id-2')
    })

    test('a cancelled job is gone, and only that one', async () => {
      await using store = await open()
      await store.write((tx) => tx.jobs.queue(job()))
      await store.write((tx) => tx.jobs.queue(job({ key: 'b' })))
      await store.write((tx) => tx.jobs.cancel(PLACE, 'purge', 'a'))
      assert.deepEqual(
        (await store.read.jobs.list(PLACE, 'purge')).map(({ key }) => key),
        ['b'],
      )
    })

    test('no more than the limit is claimed at once', async () => {
      await using store = await open()
      for (const key of ['a', 'b', 'c']) await store.write((tx) => tx.jobs.queue(job({ key })))
      const claimed = await store.write((tx) => tx.jobs.claimDue({ ...claim(1000), limit: 2 }))
      assert.equal(claimed.length, 2)
    })
  })
}
