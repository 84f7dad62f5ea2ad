import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import type { Keyring } from '../keyring/keyring.ts'
import { openTrailDatabase, type StoredTrailOptions, verifyStored } from './database.ts'
import { openTestTrail, testKeyring } from './test-trail.ts'
import type { Finding, Verdict } from './verdict.ts'

/** A directory whose server has stopped: six sealed events and two that are not. */
async function stopped(): Promise<Disposable & { readonly directory: string; readonly keyring: Keyring }> {
  const directory = mkdtempSync(join(tmpdir(), 'lockstep-trail-'))
  const keyring = await testKeyring()
  await using trail = await openTestTrail({ kind: 'sqlite', directory }, { keyring })
  await trail.record(6)
  await trail.sealer.seal()
  await trail.record(2)
  return { directory, keyring, [Symbol.dispose]: () => rmSync(directory, { recursive: true }) }
}

/** What somebody with a shell and the database file can do. */
function edit(directory: string, sql: string): void {
  const database = new DatabaseSync(join(directory, 'lockstep.db'))
  database.exec(sql)
  database.close()
}

async function verifyDatabase({
  directory,
  ...options
}: StoredTrailOptions & { readonly directory: string }): Promise<Verdict> {
  await using database = await openTrailDatabase({ kind: 'sqlite', directory })
  return await verifyStored(database.read.trail, options)
}

function findingOf(verdict: Verdict): Finding {
  return verdict.kind === 'broken' ? verdict.finding : assert.fail('the damage was not seen')
}

const FIFTH = `(select position from trail_events order by position limit 1 offset 4)`

describe('the trail of a data directory', () => {
  test('is intact beside a running server and after it stopped, with the keyring and without', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'lockstep-trail-'))
    const keyring = await testKeyring()
    {
      await using trail = await openTestTrail({ kind: 'sqlite', directory }, { keyring })
      await trail.record(3)
      await trail.sealer.seal()
      await trail.record(1)
      const verdict = await verifyDatabase({ directory, keyring })
      assert.deepEqual([verdict.kind, verdict.events, verdict.unsealed], ['intact', 4, 1])
      assert.deepEqual([verdict.macs, verdict.publicKey], [true, 'given'])
    }
    const verdict = await verifyDatabase({ directory })
    assert.deepEqual([verdict.kind, verdict.macs, verdict.publicKey], ['intact', false, 'carried'])
    rmSync(directory, { recursive: true })
  })

  const edits: readonly (readonly [string, string, Partial<Finding>])[] = [
    ['a column', `update trail_events set user_name = 'bob' where position = ${FIFTH}`, { what: 'changed' }],
    ['the body', `update trail_events set body = '{}' where position = ${FIFTH}`, { what: 'changed' }],
    [
      'the account',
      `update trail_events set account = '999988887777' where position = ${FIFTH}`,
      { what: 'changed' },
    ],
    ['the MAC', `update trail_events set mac = zeroblob(32) where position = ${FIFTH}`, { what: 'forged' }],
    ['the whole event', `delete from trail_events where position = ${FIFTH}`, { what: 'missing' }],
    [
      'its place',
      `update trail_events set position = position + 1000 where position = ${FIFTH}`,
      { what: 'moved' },
    ],
    [
      'the way to it',
      `delete from trail_terms where attribute = 'Username'`,
      { what: 'changed', number: 1 } as Partial<Finding>,
    ],
  ]
  for (const [what, sql, expected] of edits) {
    test(`an edit of ${what} in the file is named`, async () => {
      using place = await stopped()
      edit(place.directory, sql)
      const finding = findingOf(await verifyDatabase(place))
      assert.ok(finding.kind === 'event')
      const found = { what: finding.what, lane: finding.lane, number: finding.number }
      assert.deepEqual(found, { lane: 1, number: 5, ...expected })
    })
  }

  test('an event in a place that no lane has is found', async () => {
    for (const position of ['-5', '0', '77', '8589934592', '9007199254740991', '9223372036854775807']) {
      using place = await stopped()
      edit(place.directory, `update trail_events set position = ${position} where position = ${FIFTH}`)
      const finding = findingOf(await verifyDatabase({ directory: place.directory }))
      assert.notEqual(finding.kind, 'key')
    }
  })

  test('a checkpoint that was edited, removed or renumbered is named', async () => {
    for (const sql of [
      `update trail_checkpoints set checkpoint = replace(checkpoint, '"count":6', '"count":5')`,
      `update trail_checkpoints set checkpoint = replace(checkpoint, '"number":6', '"number":5')`,
      `update trail_checkpoints set sequence = 2`,
      `update trail_checkpoints set checkpoint = 'nonsense'`,
    ]) {
      using place = await stopped()
      edit(place.directory, sql)
      assert.equal(findingOf(await verifyDatabase({ directory: place.directory })).kind, 'checkpoint', sql)
    }
  })

  test('a signing key put in place of the real one is forged, when the root key is at hand', async () => {
    using place = await stopped()
    const other = await stopped()
    const from = new DatabaseSync(join(other.directory, 'lockstep.db'))
    const key = from.prepare('select public_key, sealed_private_key from trail_keys').get() ?? assert.fail()
    from.close()
    other[Symbol.dispose]()
    const into = new DatabaseSync(join(place.directory, 'lockstep.db'))
    into
      .prepare('update trail_keys set public_key = ?, sealed_private_key = ?')
      .run(key.public_key ?? '', key.sealed_private_key ?? '')
    into.close()
    assert.deepEqual(
      [findingOf(await verifyDatabase(place)).kind, findingOf(await verifyDatabase(place)).what],
      ['key', 'forged'],
    )
  })

  test('a lane whose key generation was changed, or that was removed, is noticed', async () => {
    for (const sql of ['update trail_lanes set key_generation = 2', 'delete from trail_lanes']) {
      using place = await stopped()
      edit(place.directory, sql)
      assert.equal((await verifyDatabase(place)).kind, 'broken')
    }
  })

  test('a cut at the end shows against a checkpoint that left the house', async () => {
    using place = await stopped()
    const { directory } = place
    let witness: string | undefined
    {
      await using database = await openTrailDatabase({ kind: 'sqlite', directory })
      witness = (await database.read.trail.lastCheckpoint())?.text
    }
    edit(directory, 'delete from trail_events where position > (select min(position) + 2 from trail_events)')
    edit(directory, 'delete from trail_checkpoints')
    assert.equal((await verifyDatabase(place)).kind, 'intact')
    const finding = findingOf(await verifyDatabase({ ...place, witnesses: [JSON.parse(witness ?? '')] }))
    assert.ok(finding.kind === 'event')
    assert.deepEqual([finding.lane, finding.number, finding.what], [1, 4, 'cut-off'])
  })
})
