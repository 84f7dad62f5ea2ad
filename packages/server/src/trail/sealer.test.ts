import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { systemTimer } from '../platform/timer.ts'
import type { Store } from '../store/store.ts'
import type { Checkpoint } from './checkpoint.ts'
import { verifyStored } from './database.ts'
import { Sealer, type SealerDoors, TrailBroken } from './sealer.ts'
import { openTestTrail, testEntry, testKeyring } from './test-trail.ts'

/** A sealer of its own over the same store, as another server has it. */
function anotherSealer(
  trail: Awaited<ReturnType<typeof openTestTrail>>,
  change: Partial<SealerDoors> = {},
): { readonly sealer: Sealer; readonly checkpoints: Checkpoint[] } {
  const checkpoints: Checkpoint[] = []
  const sealer = new Sealer({
    store: trail.store,
    clock: trail.clock,
    timer: systemTimer,
    key: trail.signingKey,
    onCheckpoint: (checkpoint) => checkpoints.push(checkpoint),
    ...change,
  })
  return { sealer, checkpoints }
}

/** The same store, of which these lanes are open. */
function withOpen(store: Store, ...lanes: readonly number[]): Store {
  return { ...unwritable(store), write: (work) => store.write(work), openLanes: async () => new Set(lanes) }
}

/** The same store, until it is asked to write. */
function unwritable(store: Store): Store {
  return {
    ...store,
    read: store.read,
    write: () => Promise.reject(new Error('the disk is full')),
    record: store.record,
    defer: store.defer,
    revision: store.revision,
    probe: store.probe,
    openTrail: store.openTrail,
    openLanes: () => store.openLanes(),
    [Symbol.asyncDispose]: async () => {},
  }
}

describe('the sealer', () => {
  test('seals every event once, in a chain of signed checkpoints', async () => {
    const keyring = await testKeyring()
    await using trail = await openTestTrail({ kind: 'memory' }, { keyring })
    await trail.record(3)
    const first = await trail.sealer.seal()
    await trail.record(2)
    const second = await trail.sealer.seal()
    assert.deepEqual(trail.checkpoints, [first, second])
    assert.deepEqual([first?.sequence, first?.count, first?.previousHead], [1, 3, '0'.repeat(64)])
    assert.deepEqual([second?.sequence, second?.count, second?.previousHead], [2, 2, first?.head])
    assert.deepEqual(
      second?.lanes.map(({ lane, number }) => ({ lane, number })),
      [{ lane: 1, number: 5 }],
    )
    const verdict = await verifyStored(trail.store.read.trail, { keyring })
    assert.deepEqual([verdict.kind, verdict.unsealed], ['intact', 0])
  })

  test('seals nothing where nothing happened, but says so once an hour', async () => {
    await using trail = await openTestTrail()
    assert.equal(await trail.sealer.seal(), undefined)
    await trail.record(1)
    await trail.sealer.seal()
    trail.clock.advance(60 * 60 - 1)
    assert.equal(await trail.sealer.seal(), undefined)
    trail.clock.advance(1)
    assert.equal((await trail.sealer.seal())?.count, 0)
    assert.equal(trail.checkpoints.length, 2)
  })

  test('two calls at once make one checkpoint', async () => {
    await using trail = await openTestTrail()
    await trail.record(1)
    const [one, other] = await Promise.all([trail.sealer.seal(), trail.sealer.seal()])
    assert.equal(one, other)
    assert.equal(trail.checkpoints.length, 1)
  })

  test('a crash between reading and storing costs nothing: the next round seals the same events', async () => {
    const keyring = await testKeyring()
    await using trail = await openTestTrail({ kind: 'memory' }, { keyring })
    await trail.record(4)
    const crashing = anotherSealer(trail, { store: unwritable(trail.store) })
    await assert.rejects(crashing.sealer.seal(), /disk is full/)
    await assert.rejects(crashing.sealer.seal(), /disk is full/)
    assert.deepEqual(crashing.checkpoints, [])
    assert.equal((await trail.sealer.seal())?.count, 4)
    assert.equal((await verifyStored(trail.store.read.trail, { keyring })).kind, 'intact')
  })

  test('goes on where the sealer of an earlier start ended, signature checked', async () => {
    const keyring = await testKeyring()
    await using trail = await openTestTrail({ kind: 'memory' }, { keyring })
    await trail.record(2)
    const first = await trail.sealer.seal()
    await trail.record(2)
    const { sealer } = anotherSealer(trail)
    const second = await sealer.seal()
    assert.deepEqual([second?.sequence, second?.previousHead, second?.count], [2, first?.head, 2])
  })

  test('seals what a lane held whose server is gone, and drops the lane from later checkpoints', async () => {
    const keyring = await testKeyring()
    await using trail = await openTestTrail({ kind: 'memory' }, { keyring })
    await trail.record(2)
    const next = await trail.store.write((tx) => tx.trail.openLane(1))
    const { sealer } = anotherSealer(trail, { store: withOpen(trail.store, next) })
    const first = await sealer.seal()
    assert.deepEqual(
      first?.lanes.map(({ lane, number }) => [lane, number]),
      [
        [1, 2],
        [2, 0],
      ],
    )
    trail.clock.advance(3600)
    const second = await sealer.seal()
    assert.deepEqual(
      second?.lanes.map(({ lane, number }) => [lane, number]),
      [[2, 0]],
    )
    assert.equal((await verifyStored(trail.store.read.trail, { keyring })).kind, 'intact')
  })

  test('of two sealers one seals, and the other takes over when it stops', async () => {
    const keyring = await testKeyring()
    await using trail = await openTestTrail({ kind: 'memory' }, { keyring })
    const other = anotherSealer(trail)
    await trail.record(1)
    await trail.sealer.seal()
    await trail.record(1)
    // Knows of no other yet, and from here on it is the one that seals.
    await other.sealer.seal()
    for (let round = 0; round < 5; round++) {
      await trail.record(1)
      assert.equal(await trail.sealer.seal(), undefined)
      assert.ok(await other.sealer.seal())
    }
    await trail.record(1)
    assert.equal(await trail.sealer.seal(), undefined)
    assert.ok(await trail.sealer.seal())
    assert.equal((await verifyStored(trail.store.read.trail, { keyring })).kind, 'intact')
  })

  test('two sealers that seal at once store one checkpoint of each sequence', async () => {
    const keyring = await testKeyring()
    await using trail = await openTestTrail({ kind: 'memory' }, { keyring })
    const { sealer: other } = anotherSealer(trail)
    await trail.record(3)
    const made = await Promise.all([trail.sealer.seal(), other.seal()])
    assert.equal(made.filter((checkpoint) => checkpoint !== undefined).length, 1)
    await trail.record(1)
    await trail.sealer.seal()
    await other.seal()
    const verdict = await verifyStored(trail.store.read.trail, { keyring })
    assert.deepEqual([verdict.kind, verdict.events, verdict.unsealed], ['intact', 4, 0])
  })

  test('stops where an event is missing, or the last checkpoint is not the one it knows', async () => {
    await using trail = await openTestTrail()
    await trail.record(3)
    const { trail: reader } = trail.store.read
    const gap = anotherSealer(trail, {
      store: withTrail(trail.store, { stampsOf: async (...at) => (await reader.stampsOf(...at)).slice(1) }),
    })
    await assert.rejects(gap.sealer.seal(), new TrailBroken('Event 1 of lane 1 is missing.'))

    const rolledBack = anotherSealer(trail)
    await rolledBack.sealer.seal()
    const blind = anotherSealer(trail, {
      store: withTrail(trail.store, { lastCheckpoint: async () => ({ sequence: 9, text: '{}' }) }),
    })
    await assert.rejects(blind.sealer.seal(), TrailBroken)
  })

  test('stops when the database is rolled back under it', async () => {
    await using trail = await openTestTrail()
    await trail.record(1)
    const { trail: reader } = trail.store.read
    let lost = false
    const store = withTrail(trail.store, {
      lastCheckpoint: async () => (lost ? undefined : await reader.lastCheckpoint()),
    })
    const { sealer } = anotherSealer(trail, { store })
    await sealer.seal()
    lost = true
    await assert.rejects(sealer.seal(), /rolled back/)
  })

  test('seals more events than it reads at once', async () => {
    await using trail = await openTestTrail()
    const at = trail.clock.now()
    await Promise.all(Array.from({ length: 2500 }, () => trail.store.record(testEntry(at))))
    assert.equal((await trail.sealer.seal())?.count, 2500)
  })
})

/** The store with some answers of its trail replaced. */
function withTrail(store: Store, change: Partial<Store['read']['trail']>): Store {
  const { trail } = store.read
  const changed = new Proxy(trail, {
    get(target, name) {
      const own = Reflect.get(change, name)
      if (own !== undefined) return own
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const read = new Proxy(store.read, {
    get: (target, name) => (name === 'trail' ? changed : Reflect.get(target, name)),
  })
  return new Proxy(store, {
    get(target, name) {
      if (name === 'read') return read
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
