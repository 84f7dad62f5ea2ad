import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Store } from './store.ts'
import type { TrailStamp, TrailTerm } from './trail.ts'
import {
  ALL,
  entryAt,
  everything,
  longestLane,
  PLACE,
  START,
  stampsOf,
} from './trail-entries.test-support.ts'
import { trailSearchContract } from './trail-search.contract.ts'

function assertGapless(stamps: readonly TrailStamp[]): void {
  for (const inLane of Map.groupBy(stamps, ({ lane }) => lane).values()) {
    assert.deepEqual(
      inLane.map(({ number }) => number),
      inLane.map((_, index) => index + 1),
    )
  }
}

/** What every engine must do with the trail. @param open A store with its lane open. */
export function trailContract(open: () => Promise<Store>): void {
  describe('the trail', () => {
    test('an event is answered as it was given, to the last character', async () => {
      await using store = await open()
      const entry = entryAt(START, {
        userName: 'ünïcode \u{1f511}',
        accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
        resources: [{ type: 'AWS::KMS::Key', name: 'arn:aws:kms:us-east-1:111122223333:key/1' }],
        body: '{"a":"\\u0000\\u2028 \'\\" ünïcode"}',
      })
      await store.record(entry)
      assert.deepEqual(await everything(store, { ...ALL, limit: 10 }), [entry])
      const bare = entryAt(START + 1)
      await store.record(bare)
      assert.deepEqual((await everything(store, { ...ALL, limit: 10 }))[0], bare)
    })

    test('events are numbered without a gap, though some of the work around them failed', async () => {
      await using store = await open()
      const outcomes = await Promise.allSettled(
        Array.from({ length: 60 }, (_, i) =>
          store.write(async (tx) => {
            await tx.trail.append(entryAt(START + i))
            if (i % 3 === 0) throw new Error('stop')
          }),
        ),
      )
      const kept = outcomes.filter(({ status }) => status === 'fulfilled').length
      assert.equal(kept, 40)
      const stamps = await stampsOf(store)
      assert.equal(stamps.length, kept)
      assertGapless(stamps)
    })

    test('an event that was rolled back is found by nothing, and the next like it by everything', async () => {
      await using store = await open()
      const failed = store.write(async (tx) => {
        await tx.trail.append(entryAt(START))
        throw new Error('stop')
      })
      await assert.rejects(failed, /stop/)
      const attribute = { key: 'EventName', value: 'GetSecretValue' } as const
      assert.deepEqual(await everything(store, { ...ALL, attribute, limit: 10 }), [])
      const entry = entryAt(START)
      await store.record(entry)
      assert.deepEqual(await everything(store, { ...ALL, attribute, limit: 10 }), [entry])
    })

    test('rows come back in order, by range and to the end of their lane', async () => {
      await using store = await open()
      for (let i = 0; i < 25; i++) await store.record(entryAt(START + i))
      const { trail } = store.read
      const { lane, length } = await longestLane(store)
      assert.ok(length >= 12, `25 events lie in lanes of ${length} at most`)
      const numbers = async (from: number, upTo: number | undefined, limit: number) =>
        (await trail.events(lane, { from, upTo, limit })).map(({ number }) => number)
      assert.deepEqual(await numbers(3, 5, 10), [3, 4, 5])
      assert.deepEqual(await numbers(0, undefined, 2), [1, 2])
      assert.deepEqual(await numbers(length - 1, undefined, 10), [length - 1, length])
      assert.deepEqual(
        (await trail.stamps(lane, 3, 5)).map(({ number }) => number),
        [4, 5, 6, 7, 8],
      )
      assert.deepEqual(await trail.events(1000, { from: 0, limit: 10 }), [])
      const visited: number[] = []
      for (let at = await trail.nextLane(); at !== undefined; at = await trail.nextLane(at)) visited.push(at)
      assert.deepEqual(visited, [...new Set((await stampsOf(store)).map((stamp) => stamp.lane))])
    })

    test('the stamps of many lanes come back together, lane by lane, so many of each', async () => {
      await using store = await open()
      await Promise.all(
        Array.from({ length: 40 }, (_, i) => store.write((tx) => tx.trail.append(entryAt(i)))),
      )
      const all = await stampsOf(store)
      const ends = [...Map.groupBy(all, ({ lane }) => lane).keys()].map((lane) => ({ lane, number: 1 }))
      assert.deepEqual(
        await store.read.trail.stampsOf([...ends.toReversed(), { lane: 1000, number: 0 }], 2),
        all.filter(({ number }) => number === 2 || number === 3),
      )
      assert.deepEqual(await store.read.trail.stampsOf([], 2), [])
    })

    test('every lane that is opened has a number of its own, above those that were there before', async () => {
      await using store = await open()
      await store.record(entryAt(START))
      const before = await store.read.trail.lanes()
      const highest = before.at(-1)?.lane
      assert.ok(highest)
      const opened = await Promise.all(
        [1, 2, 3].map((generation) => store.write((tx) => tx.trail.openLane(generation))),
      )
      assert.equal(new Set(opened).size, 3)
      assert.ok(Math.min(...opened) > highest)
      const lanes = await store.read.trail.lanes(highest)
      for (const [index, lane] of opened.entries())
        assert.equal(lanes.find((one) => one.lane === lane)?.keyGeneration, index + 1)
      const all = await store.read.trail.lanes()
      assert.deepEqual(
        all.map(({ lane }) => lane),
        [...before, ...lanes].map(({ lane }) => lane),
      )
    })

    test('of two checkpoints with one sequence the first stays, and none is added below the last', async () => {
      await using store = await open()
      const add = (sequence: number, text: string) =>
        store.write((tx) => tx.trail.addCheckpoint({ sequence, text }))
      assert.equal(await store.read.trail.lastCheckpoint(), undefined)
      assert.equal(await add(1, 'one'), true)
      assert.equal(await add(1, 'other'), false)
      assert.equal(await add(2, 'two'), true)
      const plain = (stored: object | undefined) => ({ ...stored })
      assert.deepEqual(plain(await store.read.trail.lastCheckpoint()), { sequence: 2, text: 'two' })
      assert.deepEqual((await store.read.trail.checkpoints(0, 10)).map(plain), [
        { sequence: 1, text: 'one' },
        { sequence: 2, text: 'two' },
      ])
      assert.equal((await store.read.trail.checkpoints(1, 10)).length, 1)
      await store.write((tx) => tx.trail.removeCheckpoints(2))
      assert.equal(await add(1, 'late'), false)
      assert.deepEqual((await store.read.trail.checkpoints(0, 10)).map(plain), [{ sequence: 2, text: 'two' }])
    })

    test('there is one signing key, the first that was stored', async () => {
      await using store = await open()
      assert.equal(await store.read.trail.key(), undefined)
      const keys = ['one', 'two'].map((publicKey) => ({
        publicKey,
        sealedPrivateKey: Buffer.from(publicKey),
      }))
      for (const key of keys) await store.write((tx) => tx.trail.addKey(key))
      const stored = await store.read.trail.key()
      assert.equal(stored?.publicKey, 'one')
      assert.deepEqual(Buffer.from(stored?.sealedPrivateKey ?? []), Buffer.from('one'))
    })

    trailSearchContract(open)
    removals(open)
  })
}

function removals(open: () => Promise<Store>): void {
  test('events are removed up to a number of one lane, and nothing else is', async () => {
    await using store = await open()
    await Promise.all(
      Array.from({ length: 30 }, (_, i) => store.write((tx) => tx.trail.append(entryAt(START + i)))),
    )
    const before = await stampsOf(store)
    const { lane } = await longestLane(store)
    assert.equal(await store.write((tx) => tx.trail.removeEvents({ lane, number: 2 })), 2)
    assert.equal(await store.write((tx) => tx.trail.removeEvents({ lane, number: 2 })), 0)
    const kept = before.filter((stamp) => stamp.lane !== lane || stamp.number > 2)
    assert.deepEqual(await stampsOf(store), kept)
  })

  test('a lane that is removed is not listed, and its number is not given again while there is a higher one', async () => {
    await using store = await open()
    const [one, two] = [
      await store.write((tx) => tx.trail.openLane(1)),
      await store.write((tx) => tx.trail.openLane(1)),
    ]
    await store.write((tx) => tx.trail.removeLane(one))
    const listed = (await store.read.trail.lanes()).map(({ lane }) => lane)
    assert.deepEqual([listed.includes(one), listed.includes(two)], [false, true])
    assert.ok((await store.write((tx) => tx.trail.openLane(1))) > two)
  })

  test('terms are removed by whole seconds, the oldest first, and no more than asked for', async () => {
    await using store = await open()
    for (let i = 0; i < 10; i++) await store.record(entryAt(START + i * 1000, { userName: 'ada' }))
    const terms: TrailTerm[] = []
    const { trail } = store.read
    for (let at = await trail.nextTerm(); at; at = await trail.nextTerm(at)) terms.push(at)
    assert.deepEqual(
      terms.map(({ attribute, value }) => [attribute, value]),
      [
        ['EventName', 'GetSecretValue'],
        ['EventSource', 'secretsmanager.amazonaws.com'],
        ['ReadOnly', 'true'],
        ['Username', 'ada'],
      ],
    )
    const found = async (value: string) =>
      (await everything(store, { ...ALL, attribute: { key: 'Username', value }, limit: 50 })).length
    const term = terms.at(-1)
    assert.ok(term)
    const remove = (before: number, limit: number) =>
      store.write((tx) => tx.trail.removeTerm(term, before, limit))
    assert.equal(await remove(START + 5999, 2), 2)
    assert.equal(await found('ada'), 8)
    assert.equal(await remove(START + 5999, 20), 3)
    assert.equal(await remove(START + 5999, 20), 0)
    assert.equal(await found('ada'), 5)
    assert.equal(await trail.earliest(PLACE), START)
    assert.equal(await trail.earliest({ ...PLACE, region: 'eu-west-1' }), undefined)
  })

  test('the start of the trail is moved by whoever knows where it is', async () => {
    await using store = await open()
    const move = (from: string | undefined, to: string) => store.write((tx) => tx.trail.moveStart(from, to))
    const twice = async (from: string | undefined, to: string) =>
      (await Promise.all([move(from, to), move(from, to)])).filter((moved) => moved).length
    assert.equal(await store.read.trail.start(), undefined)
    assert.equal(await move('one', 'two'), false)
    assert.equal(await twice(undefined, 'one'), 1)
    assert.equal(await move(undefined, 'two'), false)
    assert.equal(await twice('one', 'two'), 1)
    assert.equal(await store.read.trail.start(), 'two')
  })
}
