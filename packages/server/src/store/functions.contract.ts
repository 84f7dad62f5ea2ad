import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import type { FunctionRecord } from './functions.ts'
import type { Store } from './store.ts'

const PLACE = { account: '111122223333', region: 'us-east-1' }
const ELSEWHERE = [
  { ...PLACE, account: '444455556666' },
  { ...PLACE, region: 'eu-west-1' },
]
// Of several parts, the last of them not full, and no two alike.
const ZIP = Uint8Array.from({ length: 200_000 }, (_, i) => (i * i + (i >> 8)) % 251)

function zipCode(zip: Uint8Array): FunctionRecord['code'] {
  return { kind: 'zip', sha256: createHash('sha256').update(zip).digest('base64'), sizeBytes: zip.length }
}

function record(changes: Partial<FunctionRecord> = {}): FunctionRecord {
  const name = changes.name ?? 'rotate'
  return {
    ...PLACE,
    name,
    arn: `arn:aws:lambda:us-east-1:111122223333:function:${name}`,
    description: '',
    runtime: 'nodejs24.x',
    handler: 'index.handler',
    roleArn: 'arn:aws:iam::111122223333:role/runner',
    timeoutSeconds: 3,
    memoryMb: 128,
    code: zipCode(ZIP),
    revisionId: '00000000-0000-4000-8000-000000000001',
    createdAt: new Date(1000),
    modifiedAt: new Date(1000),
    ...changes,
  }
}

/** With every member that may be absent. */
function full(changes: Partial<FunctionRecord> = {}): FunctionRecord {
  return record({
    description: 'für Schlüssel',
    sealedEnvironment: Uint8Array.of(0, 1, 255),
    policy: { document: '{"Id":"arn"}', bound: '{"Id":"id"}', principals: { arn: 'id' } },
    tags: { team: 'a', __proto: 'b' },
    ...changes,
  })
}

async function holding(open: () => Promise<Store>, ...records: readonly FunctionRecord[]): Promise<Store> {
  const store = await open()
  await store.write(async (tx) => {
    for (const each of records) await tx.functions.insert(each, each.code.kind === 'zip' ? ZIP : undefined)
  })
  return store
}

/** Bytes as the engines hand them out are Buffers or plain arrays. */
function plain(found: FunctionRecord | undefined): unknown {
  return found?.sealedEnvironment
    ? { ...found, sealedEnvironment: Uint8Array.from(found.sealedEnvironment) }
    : found
}

async function zipOf(store: Store, name: string): Promise<Buffer | undefined> {
  const zip = await store.read.functions.zip(PLACE, name)
  return zip && Buffer.from(zip)
}

/** What every engine must do with Lambda's functions. */
export function functionsContract(open: () => Promise<Store>): void {
  describe('functions', () => {
    findingTests(open)
    changingTests(open)
  })
}

function findingTests(open: () => Promise<Store>): void {
  test('a function comes back as it went in, with and without what may be absent', async () => {
    const directory = record({ name: 'directory', code: { kind: 'directory', path: '/srv/ünits' } })
    await using store = await holding(open, record(), full({ name: 'full' }), directory)
    assert.deepEqual(await store.read.functions.byName(PLACE, 'rotate'), record())
    assert.deepEqual(plain(await store.read.functions.byName(PLACE, 'full')), full({ name: 'full' }))
    assert.deepEqual(await store.read.functions.byName(PLACE, 'directory'), directory)
    assert.equal(await store.read.functions.byName(PLACE, 'absent'), undefined)
  })

  test('a zip of several parts comes back byte by byte, and a function without one has none', async () => {
    const directory = record({ name: 'directory', code: { kind: 'directory', path: '/srv' } })
    await using store = await holding(open, record(), directory)
    assert.deepEqual(await zipOf(store, 'rotate'), Buffer.from(ZIP))
    assert.equal(await zipOf(store, 'directory'), undefined)
    assert.equal(await zipOf(store, 'absent'), undefined)
  })

  test('a function is found in its own account and region only', async () => {
    await using store = await holding(open, record())
    for (const place of ELSEWHERE) {
      assert.equal(await store.read.functions.byName(place, 'rotate'), undefined)
      assert.equal(await store.read.functions.zip(place, 'rotate'), undefined)
      assert.deepEqual(await store.read.functions.list(place, undefined, 10), [])
    }
  })

  test('functions are listed by name, in pages', async () => {
    const names = ['b', 'a', 'C', 'a-1']
    await using store = await holding(open, ...names.map((name) => record({ name })))
    const listed = async (after: string | undefined, limit: number) =>
      (await store.read.functions.list(PLACE, after, limit)).map(({ name }) => name)
    assert.deepEqual(await listed(undefined, 10), ['C', 'a', 'a-1', 'b'])
    assert.deepEqual(await listed(undefined, 2), ['C', 'a'])
    assert.deepEqual(await listed('a', 10), ['a-1', 'b'])
  })
}

function changingTests(open: () => Promise<Store>): void {
  test('an update writes everything but the name, of that function alone, and keeps its zip', async () => {
    await using store = await holding(open, record(), record({ name: 'other' }))
    const changed = full({
      runtime: 'python3.12',
      handler: 'main.handler',
      roleArn: 'arn:aws:iam::111122223333:role/other',
      timeoutSeconds: 900,
      memoryMb: 1024,
      revisionId: '00000000-0000-4000-8000-000000000002',
      modifiedAt: new Date(2000),
    })
    await store.write((tx) => tx.functions.update(changed))
    assert.deepEqual(plain(await store.read.functions.byName(PLACE, 'rotate')), changed)
    assert.deepEqual(await store.read.functions.byName(PLACE, 'other'), record({ name: 'other' }))
    assert.deepEqual(await zipOf(store, 'rotate'), Buffer.from(ZIP))
    await store.write((tx) => tx.functions.update(record()))
    assert.deepEqual(await store.read.functions.byName(PLACE, 'rotate'), record())
  })

  test('a new zip takes the place of the whole old one, though it is shorter', async () => {
    await using store = await holding(open, record(), record({ name: 'other' }))
    const shorter = ZIP.subarray(0, 70_000)
    await store.write((tx) => tx.functions.update(record({ code: zipCode(shorter) }), shorter))
    assert.deepEqual(await zipOf(store, 'rotate'), Buffer.from(shorter))
    assert.deepEqual(await zipOf(store, 'other'), Buffer.from(ZIP))
  })

  test('a directory in place of a zip leaves none of it', async () => {
    await using store = await holding(open, record())
    await store.write((tx) => tx.functions.update(record({ code: { kind: 'directory', path: '/srv' } })))
    assert.equal(await zipOf(store, 'rotate'), undefined)
  })

  test('a removed function is gone with its zip, and the others stay', async () => {
    await using store = await holding(open, record(), record({ name: 'other' }))
    await store.write((tx) => tx.functions.remove(PLACE, 'rotate'))
    assert.equal(await store.read.functions.byName(PLACE, 'rotate'), undefined)
    assert.equal(await zipOf(store, 'rotate'), undefined)
    assert.deepEqual(await zipOf(store, 'other'), Buffer.from(ZIP))
    await store.write((tx) => tx.functions.insert(record({ code: { kind: 'directory', path: '/srv' } })))
    assert.equal(await zipOf(store, 'rotate'), undefined)
  })

  test('a name that is taken is not given again', async () => {
    await using store = await holding(open, record())
    await assert.rejects(store.write((tx) => tx.functions.insert(full(), ZIP)))
    assert.deepEqual(await store.read.functions.byName(PLACE, 'rotate'), record())
  })
}
