import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Store } from './store.ts'
import type { TrailAttribute, TrailEntry, TrailQuery } from './trail.ts'
import { ALL, entryAt, everything, longestLane, PLACE, START } from './trail-entries.test-support.ts'

/** What every engine must find, and in which order. @param open A store with its trail open. */
export function trailSearchContract(open: () => Promise<Store>): void {
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
