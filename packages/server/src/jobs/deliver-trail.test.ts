import assert from 'node:assert/strict'
import { createHash, createPublicKey, verify } from 'node:crypto'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { eventually } from '../testing/eventually.ts'
import { testEntry } from '../trail/test-trail.ts'
import { Deliveries, Fate, TRAIL } from './deliver-trail.test-support.ts'

/** What may happen to an exporter and around it. */
type Act =
  | { readonly kind: 'record'; readonly count: number; readonly choice: number }
  /** A run, killed after so many steps. */
  | { readonly kind: 'run'; readonly steps: number }
  /** A run that was slow: another claims its job before it does anything. */
  | { readonly kind: 'slow'; readonly steps: number }
  | { readonly kind: 'fail'; readonly code: string | undefined }
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'validation'; readonly on: boolean }

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    kind: fc.constant('record' as const),
    count: fc.integer({ min: 1, max: 12 }),
    choice: fc.integer({ min: 0, max: 3 }),
  }),
  fc.record({ kind: fc.constant('run' as const), steps: fc.integer({ min: 0, max: 14 }) }),
  fc.record({ kind: fc.constant('slow' as const), steps: fc.integer({ min: 0, max: 14 }) }),
  fc.record({
    kind: fc.constant('fail' as const),
    code: fc.constantFrom<string | undefined>(undefined, 'AccessDenied'),
  }),
  fc.record({ kind: fc.constant('wait' as const), seconds: fc.constantFrom(61, 301, 3601) }),
  fc.record({ kind: fc.constant('validation' as const), on: fc.boolean() }),
)

/** Entries of each sort: wanted, of another region, a read that is not chosen, of another account. */
const SORTS = [
  { name: 'PutSecretValue', readOnly: false },
  { name: 'PutSecretValue', readOnly: false, region: 'eu-west-1' },
  { name: 'GetSecretValue', readOnly: true },
  { name: 'PutSecretValue', readOnly: false, account: '444455556666' },
] as const

describe('deliveries', () => {
  test('killed anywhere, slow, refused: each chosen event is in one file, and each file was only ever written in one way', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 3, maxLength: 24 }), async (acts) => {
        await using deliveries = await Deliveries.open({
          choices: [{ readWrite: 'WriteOnly', excludedSources: [] }],
        })
        deliveries.budget = { rows: 7, characters: 16 * 1024 * 1024 }
        const wanted: string[] = []
        for (const each of acts) await perform(deliveries, each, wanted)
        deliveries.bucket.failure = undefined
        for (let i = 0; i < 3; i++) {
          deliveries.clock.advance(400)
          await deliveries.settle()
        }
        assert.deepEqual(deliveries.bucket.contradictions, [])
        assert.deepEqual(deliveries.bucket.eventIds.toSorted(), wanted.toSorted())
        await demandChains(deliveries)
      }),
      { numRuns: 60 },
    )
  })

  test('a server that was slower than its lease notes nothing when it comes back', async () => {
    await using deliveries = await Deliveries.open()
    const { store, clock, bucket } = deliveries
    const slow = await deliveries.claim()
    assert.ok(slow)
    await store.record(testEntry(clock.now()))
    const gate = Promise.withResolvers<void>()
    bucket.hold = gate.promise
    const run = deliveries.runAs(slow, new Fate())
    await eventually(async () => assert.equal(bucket.hold, undefined))
    for (let i = 0; i < 3; i++) {
      clock.advance(301)
      await store.record(testEntry(clock.now()))
      await deliveries.settle()
    }
    gate.resolve()
    assert.equal(await run, 'killed')
    clock.advance(301)
    await deliveries.settle()
    assert.deepEqual(bucket.contradictions, [])
    assert.deepEqual([bucket.eventIds.length, new Set(bucket.eventIds).size], [4, 4])
  })

  test('a run that finds nothing new writes nothing', async () => {
    await using deliveries = await Deliveries.open()
    await deliveries.settle()
    deliveries.clock.advance(301)
    assert.equal(await deliveries.run(), 'done')
    assert.equal(deliveries.bucket.versions.size, 0)
  })

  test('what one run cannot take goes in the next, at once', async () => {
    await using deliveries = await Deliveries.open()
    deliveries.budget = { rows: 10, characters: 1e9 }
    for (let i = 0; i < 25; i++) await deliveries.store.record(testEntry(deliveries.clock.now()))
    await deliveries.settle()
    assert.equal(deliveries.bucket.logs.length, 3)
    assert.equal(new Set(deliveries.bucket.eventIds).size, 25)
  })

  test('a large file is cut, and its parts have names of their own', async () => {
    await using deliveries = await Deliveries.open()
    const body = (id: string) => JSON.stringify({ eventID: id, note: 'x'.repeat(200_000) })
    for (let i = 0; i < 30; i++) {
      const entry = testEntry(deliveries.clock.now())
      await deliveries.store.record({ ...entry, body: body(entry.eventId) })
    }
    await deliveries.settle()
    assert.equal(deliveries.bucket.logs.length, 2)
    assert.ok(deliveries.bucket.logs.every((key) => deliveries.bucket.text(key).length < 4.5 * 1024 * 1024))
    assert.equal(new Set(deliveries.bucket.eventIds).size, 30)
  })
})

describe('digests', () => {
  test('come every hour for each region, name every file once, and each is tied to the one before', async () => {
    await using deliveries = await Deliveries.open({ validation: true })
    const { bucket, clock, store } = deliveries
    for (let minute = 0; minute < 180; minute += 20) {
      await store.record(testEntry(clock.now()))
      await deliveries.settle()
      clock.advance(20 * 60)
    }
    clock.advance(60 * 60)
    await deliveries.settle()
    await demandChains(deliveries)
    const named = bucket.digests.flatMap((key) =>
      digestIn(deliveries, key).logFiles.map((file) => file.s3Object),
    )
    assert.deepEqual(named.toSorted(), bucket.logs)
    const ofEurope = bucket.digests.filter((key) => key.includes('/eu-west-1/'))
    assert.ok(ofEurope.length >= 2)
    assert.ok(ofEurope.every((key) => digestIn(deliveries, key).logFiles.length === 0))
    assert.equal(digestIn(deliveries, ofEurope[0] ?? '').newestEventTime, null)
  })

  test('of which one is changed, taken away, put in another’s place or given another’s signature are found out', async () => {
    const broken: ((deliveries: Deliveries, keys: readonly [string, string, string]) => void)[] = [
      ({ bucket }, [, key]) =>
        edit(bucket, key, (text) => text.replace('"awsAccountId":"1', '"awsAccountId":"2')),
      ({ bucket }, [, key]) => void bucket.versions.delete(key),
      ({ bucket }, [a, b]) => {
        const [first, second] = [bucket.versions.get(a) ?? [], bucket.versions.get(b) ?? []]
        bucket.versions.set(a, second).set(b, first)
      },
      ({ bucket }, [a, b]) => void bucket.metadata.set(b, bucket.metadata.get(a)),
      ({ bucket }) => edit(bucket, bucket.logs[1] ?? '', (text) => text.replace('eventID', 'eventId')),
      ({ bucket }) => void bucket.versions.delete(bucket.logs[0] ?? ''),
    ]
    for (const breaking of broken) {
      await using deliveries = await Deliveries.open({ validation: true, isMultiRegion: false })
      for (let hour = 0; hour < 4; hour++) {
        await deliveries.store.record(testEntry(deliveries.clock.now()))
        await deliveries.settle()
        deliveries.clock.advance(3601)
        await deliveries.settle()
      }
      await demandChains(deliveries)
      const [a = '', b = '', c = ''] = deliveries.bucket.digests
      breaking(deliveries, [a, b, c])
      await assert.rejects(demandChains(deliveries))
    }
  })

  test('end with the trail’s logging, and begin anew with it', async () => {
    await using deliveries = await Deliveries.open({ validation: true, isMultiRegion: false })
    const { clock, store, bucket } = deliveries
    await store.record(testEntry(clock.now()))
    await deliveries.settle()
    clock.advance(100)
    await store.record(testEntry(clock.now()))
    await deliveries.save({ validation: true, isMultiRegion: false }, { stoppedAt: clock.now() })
    clock.advance(301)
    await deliveries.settle()
    clock.advance(301)
    await deliveries.settle()
    assert.equal(bucket.digests.length, 1)
    assert.equal(digestIn(deliveries, bucket.digests[0] ?? '').logFiles.length, 2)
    assert.equal(await store.read.deliveries.state(TRAIL), undefined)
    assert.equal(await deliveries.run(), 'idle')
    assert.deepEqual(await store.read.deliveries.digests(TRAIL), [])
  })
})

async function perform(deliveries: Deliveries, each: Act, wanted: string[]): Promise<void> {
  const { clock, store, bucket } = deliveries
  switch (each.kind) {
    case 'record':
      for (let i = 0; i < each.count; i++) {
        clock.advance(0.01)
        const entry = { ...testEntry(clock.now()), ...SORTS[(each.choice + i) % SORTS.length] }
        await store.record(entry)
        if (entry.account === TRAIL.account && !entry.readOnly) wanted.push(entry.eventId)
      }
      return
    case 'run':
      await deliveries.run(new Fate(each.steps))
      return
    case 'slow': {
      const first = await deliveries.claim()
      if (!first) return
      clock.advance(61)
      const second = await deliveries.claim()
      // Both go on at the same time, and either may die on the way.
      await Promise.all([
        deliveries.runAs(first, new Fate(each.steps)),
        second && deliveries.runAs(second, new Fate()),
      ])
      return
    }
    case 'fail':
      bucket.failure = each.code
      return
    case 'wait':
      clock.advance(each.seconds)
      return
    case 'validation':
      await deliveries.save({
        choices: [{ readWrite: 'WriteOnly', excludedSources: [] }],
        validation: each.on,
      })
  }
}

interface DigestFile {
  readonly digestStartTime: string
  readonly digestEndTime: string
  readonly digestS3Bucket: string
  readonly digestS3Object: string
  readonly digestPublicKeyFingerprint: string
  readonly newestEventTime: string | null
  readonly previousDigestS3Object: string | null
  readonly previousDigestHashValue: string | null
  readonly previousDigestSignature: string | null
  readonly logFiles: readonly { readonly s3Object: string; readonly hashValue: string }[]
}

function digestIn({ bucket }: Deliveries, key: string): DigestFile {
  return JSON.parse(bucket.text(key)) as DigestFile
}

/** Verifies every chain from its end, from what AWS's guide says of it and nothing of ours. */
async function demandChains(deliveries: Deliveries): Promise<void> {
  const { bucket, store } = deliveries
  const stored = await store.read.deliveries.digestKey()
  if (bucket.digests.length > 0) assert.ok(stored)
  for (const key of bucket.digests) {
    const text = bucket.text(key)
    const digest = digestIn(deliveries, key)
    assert.equal(digest.digestS3Object, key)
    const signed = [
      digest.digestEndTime,
      `${digest.digestS3Bucket}/${key}`,
      createHash('sha256').update(text).digest('hex'),
      digest.previousDigestSignature ?? 'null',
    ].join('\n')
    const publicKey = createPublicKey({
      key: Buffer.from(stored?.publicKey ?? []),
      format: 'der',
      type: 'pkcs1',
    })
    const signature = Buffer.from(bucket.metadata.get(key)?.signature ?? '', 'hex')
    assert.ok(verify('RSA-SHA256', Buffer.from(signed), publicKey, signature), `${key} is not signed`)
    const { previousDigestS3Object: previous } = digest
    if (previous !== null) {
      assert.equal(sha256(bucket.text(previous)), digest.previousDigestHashValue)
      assert.equal(bucket.metadata.get(previous)?.signature, digest.previousDigestSignature)
      assert.equal(digestIn(deliveries, previous).digestEndTime, digest.digestStartTime)
    }
    for (const { s3Object, hashValue } of digest.logFiles)
      assert.equal(sha256(bucket.text(s3Object)), hashValue)
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function edit(bucket: Deliveries['bucket'], key: string, change: (text: string) => string): void {
  const changed = change(bucket.text(key))
  assert.notEqual(changed, bucket.text(key))
  bucket.versions.set(key, [gzipSync(changed)])
}
