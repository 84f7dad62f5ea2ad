import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { REPLICATE_SECRET } from './replication.ts'
import { arnOf, insertAll, NOW, PLACE, secret } from './secrets.test-support.ts'
import type { Store } from './store.ts'

/** What every engine must do with replicas of secrets. */
export function secretReplicasContract(open: () => Promise<Store>): void {
  describe('replicas of secrets', () => {
    const replicas = [
      {
        region: 'eu-west-1',
        kmsKeyId: 'alias/there',
        kmsKeyArn: 'arn:k',
        status: 'InSync',
        statusMessage: 'ok',
      },
      { region: 'ap-south-1', status: 'Failed', statusMessage: 'no', overwrites: true, reseals: true },
    ] as const
    const jobsOf = async (store: Store) =>
      (await store.read.jobs.list(PLACE, REPLICATE_SECRET)).map(({ key, runAt }) => [key, runAt])
    const there = (region: string) => arnOf('db', { ...PLACE, region })

    test('whatever is written of a primary has its replicas wait for a job each', async () => {
      await using store = await open()
      await insertAll(store, secret('db', { replicas }))
      await store.write((tx) => tx.secrets.update(secret('db', { replicas, changedAt: NOW })))
      const found = await store.read.secrets.byName(PLACE, 'db')
      assert.deepEqual(found?.replicas, [
        { region: 'eu-west-1', kmsKeyId: 'alias/there', kmsKeyArn: 'arn:k', status: 'InProgress' },
        { region: 'ap-south-1', status: 'InProgress', overwrites: true, reseals: true },
      ])
      assert.deepEqual(await jobsOf(store), [
        [there('ap-south-1'), NOW],
        [there('eu-west-1'), NOW],
      ])
    })

    test('a change takes the job from whoever runs it', async () => {
      await using store = await open()
      await insertAll(store, secret('db', { replicas: replicas.slice(0, 1) }))
      const claim = { now: NOW, leaseMs: 60_000, kinds: [REPLICATE_SECRET], limit: 9, claimant: 'a' }
      const [job] = await store.write((tx) => tx.jobs.claimDue(claim))
      assert.ok(job)
      await store.write((tx) => tx.secrets.update(secret('db', { replicas: replicas.slice(0, 1) })))
      assert.equal(await store.write((tx) => tx.jobs.done(job)), false)
      const [next] = await store.write((tx) => tx.jobs.claimDue({ ...claim, claimant: 'b' }))
      assert.equal(next?.attempts, 1)
    })

    test('what is known of replicas is written by itself, and queues nothing', async () => {
      await using store = await open()
      await insertAll(store, secret('db'))
      await store.write((tx) => tx.secrets.setReplicas(PLACE, arnOf('db'), replicas))
      assert.deepEqual((await store.read.secrets.byName(PLACE, 'db'))?.replicas, replicas)
      await store.write((tx) => tx.secrets.setReplicas(PLACE, arnOf('db'), []))
      assert.equal((await store.read.secrets.byName(PLACE, 'db'))?.replicas, undefined)
      assert.deepEqual(await jobsOf(store), [])
    })

    test('a replica knows its primary’s region, until it has none', async () => {
      await using store = await open()
      await insertAll(store, secret('db', { primaryRegion: 'eu-west-1' }))
      const primaryRegion = async () => (await store.read.secrets.byName(PLACE, 'db'))?.primaryRegion
      assert.equal(await primaryRegion(), 'eu-west-1')
      await store.write((tx) => tx.secrets.update(secret('db')))
      assert.equal(await primaryRegion(), undefined)
      assert.deepEqual(await jobsOf(store), [])
    })
  })
}
