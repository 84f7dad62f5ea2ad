import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { backedUp, start } from './backup.test-support.ts'
import { backUp } from './backup.ts'
import { MAGIC, PREAMBLE_BYTES } from './backup-format.ts'
import { CANARY, contentOf, doors, edit, fillModel, rootKey, Scratch } from './model.test-support.ts'
import { restore } from './restore.ts'
import { openSqliteTarget } from './sqlite-target.ts'

test('what was backed up is restored, row for row, and a server may start on it', async () => {
  using scratch = new Scratch()
  const { root, store } = await backedUp(scratch)
  await edit(
    store,
    `insert into jobs (account, region, kind, key, id, run_at, payload, attempts)
     with recursive n(i) as (select 1 union all select i + 1 from n where i < 1300)
     select 'a', 'r', 'kind', 'key' || i, 'id', i, '{}', 0 from n`,
  )
  const [file, to] = [scratch.file('of many pages'), scratch.store('to')]
  await backUp({ from: store, to: { path: file, force: false }, root }, doors)
  await restore({ from: file, to, root }, doors)
  assert.deepEqual(await contentOf(to), await contentOf(store))
  await start(to)
})

test('an older schema is restored as it was and then brought forward', async () => {
  using scratch = new Scratch()
  const { root, store, file, manifest } = await backedUp(scratch, { schema: 6 })
  assert.equal(manifest.schema, 6)
  const to = scratch.store('to')
  await restore({ from: file, to, root }, doors)
  const restored = await contentOf(to)
  const content = await contentOf(store, 6)
  assert.deepEqual(restored.get('trail_events'), content.get('trail_events'))
  assert.equal(restored.get('trail_terms')?.rows, content.get('trail_terms')?.rows)
  await start(to)
})

test('the file is its owner’s alone, holds nothing readable, and leaves no other file', async () => {
  using scratch = new Scratch()
  const { file } = await backedUp(scratch)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const bytes = readFileSync(file)
  for (const word of [CANARY, '111122223333', 'trail_events']) assert.equal(bytes.indexOf(word), -1, word)
  assert.deepEqual(readdirSync(scratch.path).sort(), ['backup', 'from'])
})

test('two backups of one store have nothing in common but their first bytes', async () => {
  using scratch = new Scratch()
  const { root, store, file } = await backedUp(scratch, { most: 3 })
  const other = scratch.file('other')
  await backUp({ from: store, to: { path: other, force: false }, root }, doors)
  const [a, b] = [readFileSync(file), readFileSync(other)]
  const frames = PREAMBLE_BYTES + a.readUInt32BE(MAGIC.length + 4)
  assert.notDeepEqual(a.subarray(frames, frames + 64), b.subarray(frames, frames + 64))
})

test('a file that is there is replaced only by force, and a failed backup leaves what was there', async () => {
  using scratch = new Scratch()
  const { root, store, file } = await backedUp(scratch, { most: 3 })
  const before = readFileSync(file)
  const again = (force: boolean, onProgress = doors.onProgress) =>
    backUp({ from: store, to: { path: file, force }, root }, { ...doors, onProgress })
  await assert.rejects(again(false), /There is a file .*backup already/)
  await assert.rejects(
    again(true, () => {
      throw new Error('no more')
    }),
    /no more/,
  )
  assert.deepEqual(readFileSync(file), before)
  assert.deepEqual(readdirSync(scratch.path).sort(), ['backup', 'from'])
  await again(true)
  assert.notDeepEqual(readFileSync(file), before)
})

test('a file that came while the backup was made is not replaced', async () => {
  using scratch = new Scratch()
  const { root, store } = await backedUp(scratch, { most: 3 })
  const path = scratch.file('late')
  const onProgress = () => writeFileSync(path, 'mine')
  const late = backUp({ from: store, to: { path, force: false }, root }, { ...doors, onProgress })
  await assert.rejects(late, /There is a file/)
  assert.equal(readFileSync(path, 'utf8'), 'mine')
})

test('no backup is made with a root key that does not open the store', async () => {
  using scratch = new Scratch()
  const { store } = await backedUp(scratch, { most: 3 })
  const to = { path: scratch.file('other'), force: false }
  await assert.rejects(backUp({ from: store, to, root: rootKey() }, doors), { name: 'RootKeyError' })
  assert.ok(!readdirSync(scratch.path).includes('other'))
})

test('nothing is restored over a store that holds anything', async () => {
  using scratch = new Scratch()
  const { root, file } = await backedUp(scratch, { most: 3 })
  const to = scratch.store('to')
  await fillModel(to, undefined, 2)
  const content = await contentOf(to)
  await assert.rejects(restore({ from: file, to, root }, doors), /target is not empty/)
  assert.deepEqual(await contentOf(to), content)
})

test('a store that a newer version has made is not restored over, though it is empty', async () => {
  using scratch = new Scratch()
  const { root, file } = await backedUp(scratch, { most: 3 })
  const to = scratch.store('to')
  await start(to)
  await edit(to, `insert into schema_migrations values (9000, 'later', 0)`)
  await assert.rejects(
    restore({ from: file, to, root }, doors),
    /made by a newer Lockstep: it has schema 9000/,
  )
})

test('a restore that was killed leaves a store that does not start, and begins anew', async () => {
  using scratch = new Scratch()
  const { root, store, file } = await backedUp(scratch, { most: 4 })
  const content = await contentOf(store)
  for (const last of [1, 11, content.size, content.size * 2]) {
    const to = scratch.store(`to-${last}`)
    let steps = 0
    const onProgress: typeof doors.onProgress = ({ doing }) => {
      if (doing !== 'reading') steps += 1
      if (steps === last) throw new Error('killed')
    }
    await assert.rejects(restore({ from: file, to, root }, { ...doors, onProgress }), /killed/)
    await assert.rejects(start(to), /being restored, and rows are missing/)
    await restore({ from: file, to, root }, doors)
    assert.deepEqual(await contentOf(to), content, `after step ${last}`)
    await start(to)
  }
})

test('an unfinished store is neither backed up nor copied from', async () => {
  using scratch = new Scratch()
  const { root, store } = await backedUp(scratch, { most: 3 })
  await edit(store, `insert into installation_facts values ('', '', 'moving', '{"what":"restore"}')`)
  const to = { path: scratch.file('other'), force: false }
  await assert.rejects(backUp({ from: store, to, root }, doors), /being restored, and rows are missing/)
})

test('a backup is of one instant, whatever is written meanwhile', async () => {
  using scratch = new Scratch()
  const { root, store } = await backedUp(scratch, { most: 3 })
  const content = await contentOf(store)
  await using writer = openSqliteTarget(store.directory, doors.clock)
  let written = 0
  const onProgress = () => {
    written += 1
    void writer.sql.run(`insert into kms_aliases values ('a', 'r', 'late-${written}', 'k', 0, 0)`)
    void writer.sql.run(`update trail_events set at = at + 1`)
  }
  const path = scratch.file('other')
  await backUp({ from: store, to: { path, force: false }, root }, { ...doors, onProgress })
  assert.ok(written > 5)
  const to = scratch.store('to')
  await restore({ from: path, to, root }, doors)
  assert.deepEqual(await contentOf(to), content)
})
