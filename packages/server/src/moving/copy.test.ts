import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openStore } from '../store/open.ts'
import { copyStore } from './copy.ts'
import type { Progress } from './filling.ts'
import { demandFinished } from './mark.ts'
import { contentOf, doors, edit, fillModel, Scratch } from './model.test-support.ts'
import type { LastingStore } from './target.ts'

function copy(from: LastingStore, to: LastingStore, { restart = false, onProgress = doors.onProgress } = {}) {
  return copyStore({ from, to, restart }, { ...doors, onProgress })
}

class Killed extends Error {}

/** Ends a copy after its `last`th durable step, as a kill before the next one would. */
async function copyKilledAfter(
  last: number,
  from: LastingStore,
  to: LastingStore,
): Promise<'killed' | 'ended'> {
  let steps = 0
  const onProgress = () => {
    steps += 1
    if (steps === last) throw new Killed()
  }
  try {
    await copy(from, to, { onProgress })
    return 'ended'
  } catch (error) {
    if (error instanceof Killed) return 'killed'
    throw error
  }
}

/** What a server does at its start, before it reads anything else. */
async function start(store: LastingStore): Promise<void> {
  await using opened = await openStore({ ...store, clock: doors.clock, onProblem() {} })
  await demandFinished(opened.read.installation)
}

test('a copy holds every row of every table, and a server may start on it', async () => {
  using scratch = new Scratch()
  const [from, to] = [scratch.store('from'), scratch.store('to')]
  await fillModel(from)
  const { rows, tables } = await copy(from, to)
  const content = await contentOf(from)
  assert.deepEqual(await contentOf(to), content)
  assert.equal(tables, content.size)
  assert.equal(
    rows,
    content.values().reduce((sum, table) => sum + table.rows, 0),
  )
  await start(to)
})

test('tables of many pages are whole', async () => {
  using scratch = new Scratch()
  const [from, to] = [scratch.store('from'), scratch.store('to')]
  await fillModel(from)
  await edit(
    from,
    `insert into jobs (account, region, kind, key, id, run_at, payload, attempts)
     with recursive n(i) as (select 1 union all select i + 1 from n where i < 2048)
     select 'a', 'r', 'kind' || (i % 3), 'key' || i, 'id', i, '{}', 0 from n`,
  )
  await copy(from, to)
  assert.deepEqual(await contentOf(to), await contentOf(from))
})

test('an older schema is copied as it is and then brought forward', async () => {
  using scratch = new Scratch()
  const [from, to] = [scratch.store('from'), scratch.store('to')]
  await fillModel(from, 6)
  const content = await contentOf(from, 6)
  await copy(from, to)
  const copied = await contentOf(to)
  assert.deepEqual(copied.get('secret_versions'), content.get('secret_versions'))
  assert.equal(copied.get('trail_terms')?.rows, content.get('trail_terms')?.rows)
  await start(to)
})

test('a copy that was killed goes on where it was, at whichever step that happened', async () => {
  using scratch = new Scratch()
  const from = scratch.store('from')
  await fillModel(from, undefined, 5)
  const content = await contentOf(from)
  // After every other table, and where all of them have been copied and some have been compared.
  for (let last = 1; last <= content.size + 2; last += 2) {
    const to = scratch.store(`to-${last}`)
    assert.equal(await copyKilledAfter(last, from, to), 'killed')
    await assert.rejects(start(to), /target of a copy that has not ended/)
    const copied: string[] = []
    const onProgress = ({ doing, table }: Progress) => void (doing === 'copying' && copied.push(table))
    await copy(from, to, { onProgress })
    assert.deepEqual(await contentOf(to), content)
    // Each table of the model is one page: those of the first run are not copied twice.
    assert.equal(copied.length, Math.max(0, content.size - last), `after step ${last}`)
    await start(to)
  }
})

test('a target that holds anything is refused and left as it is', async () => {
  using scratch = new Scratch()
  const [from, to] = [scratch.store('from'), scratch.store('to')]
  await fillModel(from)
  await fillModel(to, undefined, 2)
  const content = await contentOf(to)
  for (const restart of [false, true])
    await assert.rejects(copy(from, to, { restart }), /target is not empty/)
  assert.deepEqual(await contentOf(to), content)
})

test('one row in one table is enough for a target not to be empty', async () => {
  using scratch = new Scratch()
  const [from, to] = [scratch.store('from'), scratch.store('to')]
  await fillModel(from)
  await start(to)
  await edit(
    to,
    `insert into iam_memberships (account, region, user_id, group_id) values ('a', 'global', 'u', 'g')`,
  )
  await assert.rejects(copy(from, to), /target is not empty/)
})

test('an unfinished copy of another source, or of a source that changed, is not gone on with', async () => {
  using scratch = new Scratch()
  const [from, other, to] = [scratch.store('from'), scratch.store('other'), scratch.store('to')]
  await fillModel(from)
  await fillModel(other)
  await copyKilledAfter(3, from, to)
  await assert.rejects(copy(other, to), /part of another source, or of this one before it changed/)
  await edit(from, `delete from trail_events where position = (select max(position) from trail_events)`)
  await assert.rejects(copy(from, to), /part of another source, or of this one before it changed/)
  await copy(from, to, { restart: true })
  assert.deepEqual(await contentOf(to), await contentOf(from))
})

test('a row that differs in the target is found by name of its table, and no server starts there', async () => {
  using scratch = new Scratch()
  const from = scratch.store('from')
  await fillModel(from)
  const tables = (await contentOf(from)).size
  for (const [table, change] of [
    [
      'secrets',
      `update secrets set description = 'other' where created_at = (select max(created_at) from secrets)`,
    ],
    ['kms_grants', 'update kms_grants set created_at = created_at + 1'],
    [
      'secret_versions',
      `delete from secret_versions where version_id = (select max(version_id) from secret_versions)`,
    ],
    [
      'jobs',
      `insert into jobs select account, region, kind, 'another', id, run_at, payload, attempts, null, null from jobs limit 1`,
    ],
  ] as const) {
    const to = scratch.store(table)
    await copyKilledAfter(tables, from, to)
    await edit(to, change)
    await assert.rejects(
      copy(from, to),
      new RegExp(`Table ${table} of the target is not what the source holds`),
    )
    await assert.rejects(start(to), /has not ended/)
  }
})

test('of two programs that fill one store, the second one stops, and what it holds is still unfinished', async () => {
  using scratch = new Scratch()
  const [from, to] = [scratch.store('from'), scratch.store('to')]
  await fillModel(from)
  // What another copy would leave in the mark between two of our steps.
  const onProgress = ({ table }: Progress) => {
    if (table !== 'jobs') return
    using database = new DatabaseSync(join(to.directory, 'lockstep.db'))
    database.exec(
      `update installation_facts set value = replace(value, 'jobs', 'kms_keys') where name = 'moving'`,
    )
  }
  await assert.rejects(copy(from, to, { onProgress }), /Another program is moving rows into the same store/)
  await assert.rejects(start(to), /has not ended/)
})
