import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { systemRandom } from '../platform/random.ts'
import { newEventId } from '../trail/event-id.ts'
import type { Store } from './store.ts'
import type { TrailAttribute, TrailEntry, TrailPage, TrailQuery, TrailStamp, TrailTerm } from './trail.ts'

const START = Date.parse('2026-11-23T00:00:00Z')
const PLACE = { account: '111122223333', region: 'us-east-1' }
const ALL = { ...PLACE, from: 0, until: 8.64e15 }

function entryAt(at: number, change: Partial<TrailEntry> = {}): TrailEntry {
  const eventId = newEventId(new Date(at), systemRandom)
  return {
    ...PLACE,
    eventId,
    at: new Date(at),
    source: 'secretsmanager.amazonaws.com',
    name: 'GetSecretValue',
    readOnly: true,
    resources: [],
    body: JSON.stringify({ eventID: eventId }),
    ...change,
  }
}

/** Every page of an answer, one after another. */
async function everything(store: Store, query: TrailQuery): Promise<readonly TrailEntry[]> {
  const found: TrailEntry[] = []
  let page: TrailPage = { events: [] }
  do {
    page = await store.read.trail.search({ ...query, before: page.next })
    found.push(...page.events)
  } while (page.next)
  return found
}

/** Every stamp of every lane, lane by lane, each read from its beginning in pages of three. */
async function stampsOf(store: Store): Promise<readonly TrailStamp[]> {
  const found: TrailStamp[] = []
  for (const { lane } of await store.read.trail.lanes()) {
    for (;;) {
      const last = found.at(-1)
      const page = await store.read.trail.stamps(lane, last?.lane === lane ? last.number : 0, 3)
      if (page.length === 0) break
      found.push(...page)
    }
  }
  return found
}

/** The lane with the most events. An engine may have spread them over several. */
async function longestLane(store: Store): Promise<{ readonly lane: number; readonly length: number }> {
  const lengths = Map.groupBy(await stampsOf(store), ({ lane }) => lane)
  const [longest] = [...lengths].sort(([, a], [, b]) => b.length - a.length)
  assert.ok(longest, 'no lane has an event')
  return { lane: longest[0], length: longest[1].length }
}

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

    searches(open)
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

function searches(open: () => Promise<Store>): void {
  test('a search finds exactly what a look at every event would, in the same order, page by page', async () => {
    await using store = await open()
    const entries = busyMinute()
    await Promise.all(entries.map((entry) => store.record(entry)))
    const newestFirst = (await everything(store, { ...ALL, limit: 1000 })).filter(
      ({ region }) => region === PLACE.region,
    )
    assert.equal(newestFirst.length, entries.filter(({ region }) => region === PLACE.region).length)
    await fc.assert(
      fc.asyncProperty(
        wanted(entries),
        times,
        fc.integer({ min: 1, max: 40 }),
        async (attribute, time, limit) => {
          const expected = newestFirst.filter(
            (entry) =>
              entry.at.getTime() >= time.from &&
              entry.at.getTime() <= time.until &&
              (!attribute || valuesOf(entry, attribute.key).includes(attribute.value)),
          )
          const found = await everything(store, { ...PLACE, ...time, attribute, limit })
          assert.deepEqual(
            found.map(({ eventId }) => eventId),
            expected.map(({ eventId }) => eventId),
          )
        },
      ),
      { numRuns: 60 },
    )
  })

  test('a search goes through more events of one second than it looks at in one go', async () => {
    await using store = await open()
    const many = Array.from({ length: 2500 }, (_, i) =>
      entryAt(START + (i % 7), { name: i % 1000 === 3 ? 'DeleteSecret' : 'GetSecretValue' }),
    )
    await Promise.all(many.map((entry) => store.record(entry)))
    const attribute = { key: 'EventName', value: 'DeleteSecret' } as const
    const page = await store.read.trail.search({ ...ALL, attribute, limit: 50 })
    assert.ok(page.next, 'it looked at everything at once')
    assert.equal((await everything(store, { ...ALL, attribute, limit: 50 })).length, 3)
  })

  test('a page that ends with the last event says so', async () => {
    await using store = await open()
    for (let i = 0; i < 4; i++) await store.record(entryAt(START + i * 1000))
    for (const attribute of [undefined, { key: 'ReadOnly', value: 'true' } as const]) {
      assert.equal((await store.read.trail.search({ ...ALL, attribute, limit: 4 })).next, undefined)
      assert.ok((await store.read.trail.search({ ...ALL, attribute, limit: 3 })).next)
    }
  })

  test('an event whose search terms were removed is told apart from one that has them', async () => {
    await using store = await open()
    await store.record(entryAt(START, { userName: 'ada' }))
    const { lane } = await longestLane(store)
    const [row] = await store.read.trail.events(lane, { from: 1, limit: 1 })
    assert.ok(row)
    const other = { ...row, userName: 'bob', at: START + 60_000 }
    assert.deepEqual(await store.read.trail.missingTerms(other), [
      'EventName',
      'EventSource',
      'ReadOnly',
      'Username',
    ])
  })
}

/** Events of a minute, some at the same instant, some recorded late, in two regions. */
function busyMinute(): readonly TrailEntry[] {
  return Array.from({ length: 400 }, (_, i) => {
    const secret = { type: 'AWS::SecretsManager::Secret', name: `secret-${i % 5}` }
    const key = { type: 'AWS::KMS::Key', name: `key-${i % 3}` }
    return entryAt(START + ((i * 7919) % 60_000), {
      region: i % 11 === 0 ? 'eu-west-1' : PLACE.region,
      name: ['GetSecretValue', 'PutSecretValue', 'Decrypt'][i % 3] ?? '',
      source: i % 3 === 2 ? 'kms.amazonaws.com' : 'secretsmanager.amazonaws.com',
      readOnly: i % 3 !== 1,
      ...(i % 4 !== 0 && { userName: `user-${i % 4}` }),
      ...(i % 6 !== 0 && { accessKeyId: `AKIA${i % 6}` }),
      resources: i % 3 === 2 ? [key] : i % 2 === 0 ? [secret, key] : [],
    })
  })
}

const times = fc
  .tuple(fc.integer({ min: -1000, max: 61_000 }), fc.integer({ min: -1000, max: 61_000 }))
  .map(([from, until]) => ({ from: START + from, until: START + until }))

function wanted(entries: readonly TrailEntry[]): fc.Arbitrary<TrailQuery['attribute']> {
  const keys: readonly TrailAttribute[] = [
    'EventId',
    'EventName',
    'EventSource',
    'ReadOnly',
    'Username',
    'AccessKeyId',
    'ResourceType',
    'ResourceName',
  ]
  return fc.oneof(
    fc.constant(undefined),
    fc
      .tuple(fc.constantFrom(...keys), fc.constantFrom(...entries))
      .map(([key, entry]) => ({ key, value: valuesOf(entry, key)[0] ?? 'nothing' })),
  )
}

function valuesOf(entry: TrailEntry, key: TrailAttribute): readonly string[] {
  switch (key) {
    case 'EventId':
      return [entry.eventId]
    case 'EventName':
      return [entry.name]
    case 'EventSource':
      return [entry.source]
    case 'ReadOnly':
      return [String(entry.readOnly)]
    case 'Username':
      return entry.userName === undefined ? [] : [entry.userName]
    case 'AccessKeyId':
      return entry.accessKeyId === undefined ? [] : [entry.accessKeyId]
    case 'ResourceType':
      return entry.resources.map(({ type }) => type)
    case 'ResourceName':
      return entry.resources.map(({ name }) => name)
  }
}
