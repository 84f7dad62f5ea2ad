import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, test } from 'node:test'
import { Keyring } from '../keyring/keyring.ts'
import { openRootKey } from '../keyring/root-keys/index.ts'
import { systemRandom } from '../platform/random.ts'
import type { StoreKind } from '../store/open.ts'
import { openEmptyDatabase, openTestDatabase, TEST_POSTGRES } from '../store/postgres/test-database.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import {
  exportDirectory,
  planPrune,
  pruneTrail,
  verifyDirectory,
  verifyExportFiles,
} from '../trail-offline.ts'
import { NoTrail } from './database.ts'
import { PruneRefused } from './prune.ts'
import { openTestTrail, type TestTrail } from './test-trail.ts'

const root = mkdtempSync(join(tmpdir(), 'lockstep-offline-'))
after(() => rmSync(root, { recursive: true }))

/** A place for a store, and how the command line names it. */
interface Place extends AsyncDisposable {
  readonly kind: StoreKind
  readonly settings: { readonly data: string; readonly store?: string }
  readonly folder: string
}

async function inDirectory(): Promise<Place> {
  const data = mkdtempSync(join(root, 'data-'))
  const folder = mkdtempSync(join(root, 'exports-'))
  return {
    kind: { kind: 'sqlite', directory: data },
    settings: { data },
    folder,
    [Symbol.asyncDispose]: async () => {},
  }
}

async function inPostgres(isEmpty = false): Promise<Place> {
  const database = await (isEmpty ? openEmptyDatabase : openTestDatabase)(TEST_POSTGRES ?? '')
  const { settings, folder } = await inDirectory()
  return {
    kind: { kind: 'postgres', url: database.url },
    settings: { ...settings, store: database.url },
    folder,
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  }
}

/** A server's trail, its root key where the command looks for it; events of the year 2020 at first. */
async function serve({ kind, settings }: Place): Promise<TestTrail> {
  const key = await openRootKey(`file:${settings.data}/root.key`, { create: true, random: systemRandom })
  const { keyring, record } = await Keyring.create(key, systemRandom, new Date(0))
  const trail = await openTestTrail(kind, {
    keyring,
    clock: new ManualClock(new Date('2020-01-01T00:00:00Z')),
  })
  await trail.store.write((tx) => tx.installation.addKeyringGeneration(record))
  return trail
}

const YEAR = 366 * 24 * 60 * 60
const TRUSTED = { checkpointFiles: [] }

function behavesOffline(open: (isEmpty?: boolean) => Promise<Place>): void {
  test('a trail is verified beside its server, with the root key', async () => {
    await using place = await open()
    await using trail = await serve(place)
    await trail.record(5)
    await trail.sealer.seal()
    const { verdict } = await verifyDirectory(place.settings, {}, TRUSTED)
    assert.deepEqual([verdict.kind, verdict.events, verdict.macs], ['intact', 5, true])
  })

  test('a trail is pruned beside its server, and its files and an export are one chain', async () => {
    await using place = await open()
    await using trail = await serve(place)
    const { settings, folder } = place
    for (let batch = 0; batch < 3; batch++) {
      await trail.record(20)
      await trail.sealer.seal()
    }
    trail.clock.advance(YEAR)
    await trail.record(7)
    await trail.sealer.seal()
    const before = new Date('2020-06-01T00:00:00Z')
    assert.equal((await planPrune(settings, {}, { before })).events, 60)
    const pruned = await pruneTrail(settings, {}, { age: { before }, folder })
    assert.deepEqual([pruned.events, pruned.start, pruned.files.length], [60, 3, 1])
    await trail.record(4)
    await trail.sealer.seal()
    const { verdict } = await verifyDirectory(settings, {}, TRUSTED)
    assert.deepEqual([verdict.kind, verdict.events, verdict.start?.sequence], ['intact', 11, 3])
    const rest = join(root, `${readdirSync(root).length}.jsonl`)
    writeFileSync(rest, (await Array.fromAsync(exportDirectory(settings, {}))).join(''))
    const whole = await verifyExportFiles([folder, rest], TRUSTED)
    assert.deepEqual([whole.verdict.kind, whole.verdict.events], ['intact', 71])
    assert.deepEqual(await pruneTrail(settings, {}, { age: { before }, folder }), {
      events: 0,
      files: [],
      start: 3,
    })
  })

  test('without the root key nothing is pruned', async () => {
    await using place = await open()
    {
      await using trail = await serve(place)
      await trail.record(2)
      await trail.sealer.seal()
    }
    rmSync(join(place.settings.data, 'root.key'))
    const asked = pruneTrail(place.settings, {}, { age: { days: 1 }, folder: place.folder })
    await assert.rejects(asked, { name: 'RootKeyError' })
  })

  test('an empty database is told from a trail by a sentence that names no address', async () => {
    await using place = await open(true)
    if (place.kind.kind === 'sqlite') new DatabaseSync(join(place.settings.data, 'lockstep.db')).close()
    await assert.rejects(verifyDirectory(place.settings, {}, TRUSTED), (error: unknown) => {
      assert.ok(error instanceof NoTrail)
      assert.match(error.message, /^No Lockstep was ever started/)
      assert.doesNotMatch(error.message, /postgres:/)
      return true
    })
    const age = { days: 1 }
    await assert.rejects(pruneTrail(place.settings, {}, { age, folder: place.folder }), NoTrail)
    assert.deepEqual(readdirSync(place.folder), [])
  })
}

describe('the trail offline, on SQLite', () => {
  behavesOffline(() => inDirectory())

  test('a directory without a database, and a store in memory, are named as that', async () => {
    await assert.rejects(verifyDirectory({ data: root }, {}, TRUSTED), /There is no database in/)
    await assert.rejects(verifyDirectory({ data: 'memory' }, {}, TRUSTED), /gone with its server/)
  })

  test('what is less than an hour old is refused before anything is opened', async () => {
    const age = { before: new Date('2999-01-01T00:00:00Z') }
    await assert.rejects(pruneTrail({ data: root }, {}, { age, folder: root }), PruneRefused)
  })
})

const skip = TEST_POSTGRES ? false : 'LOCKSTEP_TEST_POSTGRES names no PostgreSQL; npm run conformance does'
describe('the trail offline, on PostgreSQL', { skip }, () => behavesOffline(inPostgres))
