import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { test } from 'node:test'
import type { RootKey } from '../keyring/root-keys/root-key.ts'
import { openSnapshot } from '../store/open.ts'
import { type Checkpoint, parseCheckpoint } from '../trail/checkpoint.ts'
import { backUp } from './backup.ts'
import { type DrillStep, drill } from './drill.ts'
import { type Home, lived, VALUE } from './house.test-support.ts'
import { contentOf, doors, edit, fillModel, Scratch } from './model.test-support.ts'
import { openSqliteTarget } from './sqlite-target.ts'
import type { LastingStore } from './target.ts'

async function backedUp(scratch: Scratch, { store, root }: Home, name = 'backup'): Promise<string> {
  const path = scratch.file(name)
  await backUp({ from: store, to: { path, force: false }, root }, doors)
  return path
}

async function drilled(
  from: string,
  scratch: LastingStore,
  root: RootKey,
  witnesses: readonly Checkpoint[] = [],
): Promise<readonly DrillStep[]> {
  const steps: DrillStep[] = []
  await drill({ from, scratch, root, witnesses }, doors, (step) => steps.push(step))
  return steps
}

test('a drill opens values of every generation, tells how many, shows none, and clears its place', async () => {
  using scratch = new Scratch()
  const home = await lived(scratch)
  const place = scratch.store('scratch')
  const steps = await drilled(await backedUp(scratch, home), place, home.root)
  const told = steps.map(({ step, found }) => `${step}: ${found}`).join('\n')
  assert.match(told, /the root key opens the keyring: 2 generations/)
  assert.match(told, /3 values under 3 generations of KMS keys; all 4 generations and 2 access keys/)
  assert.match(told, /4 of keyring generation 1, 2 of keyring generation 2/)
  assert.match(told, /the trail verifies to its last checkpoint: \d+ events, \d+ checkpoints, every MAC/)
  assert.equal(steps.length, 5)
  assert.ok(!told.includes(VALUE))
  assert.deepEqual([...(await tablesIn(place))], [])
})

test('a drill opens the values of replicas, too, each under its own region’s key', async () => {
  using scratch = new Scratch()
  const home = await lived(scratch, { replicaRegion: 'eu-west-1' })
  const steps = await drilled(await backedUp(scratch, home), scratch.store('scratch'), home.root)
  const told = steps.map(({ step, found }) => `${step}: ${found}`).join('\n')
  assert.match(told, /5 values under 4 generations of KMS keys/)
})

test('a replica’s row that holds its primary’s bytes fails the drill', async () => {
  using scratch = new Scratch()
  const home = await lived(scratch, { replicaRegion: 'eu-west-1' })
  await edit(
    home.store,
    `update secret_versions set sealed = (select p.sealed from secret_versions p where p.region = 'us-east-1'
       and p.version_id = secret_versions.version_id) where region = 'eu-west-1'`,
  )
  const path = await backedUp(scratch, home)
  await assert.rejects(drilled(path, scratch.store('scratch'), home.root), {
    message: /Version \S+ of arn:aws:secretsmanager:eu-west-1:\S+ does not open/,
  })
})

async function tablesIn({ directory }: LastingStore & { kind: 'sqlite' }) {
  await using target = openSqliteTarget(directory, doors.clock)
  return await target.tables()
}

const DAMAGES = [
  [
    'a value that is another’s',
    `update secret_versions set sealed = (select sealed from secret_versions v where v.arn like '%:b-%')`,
    /Version \S+ of arn:\S+:secret:a-\S+ does not open/,
  ],
  [
    'a data key that is cut',
    `update secret_versions set wrapped_key = x'0001' where arn like '%:b-%'`,
    /Version \S+ of arn:\S+:secret:b-\S+ does not open/,
  ],
  [
    'KMS material that is gone',
    'delete from kms_materials where generation = 2',
    /Generation 2 of arn:\S+ is missing/,
  ],
  [
    'KMS material that is changed',
    `update kms_materials set sealed = cast(substr(sealed, 1, 60) || x'00' as blob)`,
    /Generation \d of arn:\S+ does not open/,
  ],
  [
    'an access key that is changed',
    `update iam_access_keys set sealed_secret = x'0100000001'`,
    /Access key \S+ does not open/,
  ],
  [
    'an event that is changed',
    `update trail_events set name = 'GetSecretValue' where name = 'CreateSecret'`,
    /The trail: lane 1, event \d+.*changed/,
  ],
] as const

test('a drill names what would not come back', async () => {
  using scratch = new Scratch()
  const { store, root } = await lived(scratch)
  for (const [what, damage, reason] of DAMAGES) {
    const damaged = scratch.store(what)
    cpSync(store.directory, damaged.directory, { recursive: true })
    await edit(damaged, damage)
    const path = await backedUp(scratch, { store: damaged, root }, `backup of ${what}`)
    const place = scratch.store(`scratch for ${what}`)
    await assert.rejects(drilled(path, place, root), reason, what)
    assert.deepEqual([...(await tablesIn(place))], [])
  }
})

test('a trail whose end was cut off before the backup is found by a checkpoint that left the house', async () => {
  using scratch = new Scratch()
  const { store, root } = await lived(scratch)
  const witnesses = [await lastCheckpoint(store)]
  await edit(
    store,
    'delete from trail_checkpoints where sequence = (select max(sequence) from trail_checkpoints)',
  )
  await edit(store, 'delete from trail_events where position = (select max(position) from trail_events)')
  const path = await backedUp(scratch, { store, root })
  assert.equal((await drilled(path, scratch.store('without'), root)).length, 5)
  await assert.rejects(drilled(path, scratch.store('with'), root, witnesses), /The trail: .*cut-off/)
})

async function lastCheckpoint(store: LastingStore): Promise<Checkpoint> {
  await using snapshot = await openSnapshot(store)
  const checkpoint = parseCheckpoint((await snapshot.read.trail.lastCheckpoint())?.text ?? '')
  assert.ok(checkpoint)
  return checkpoint
}

test('versions whose KMS key was deleted are counted, and do not fail the drill', async () => {
  using scratch = new Scratch()
  const home = await lived(scratch)
  const used = `(select id from kms_keys where manager = 'CUSTOMER' order by created_at limit 1)`
  const customers = `select id from kms_keys where manager = 'CUSTOMER'`
  await edit(home.store, `delete from kms_materials where key_id in (${customers})`)
  await edit(home.store, `delete from kms_keys where id in (${customers}) or id = ${used}`)
  const steps = await drilled(await backedUp(scratch, home), scratch.store('scratch'), home.root)
  assert.match(
    steps[3]?.found ?? '',
    /1 values under 1 generations .*2 versions whose KMS key was deleted do not/,
  )
})

test('a scratch place that holds anything is refused and left as it is', async () => {
  using scratch = new Scratch()
  const home = await lived(scratch)
  const path = await backedUp(scratch, home)
  const place = scratch.store('not-empty')
  await fillModel(place, undefined, 2)
  const content = await contentOf(place)
  await assert.rejects(drilled(path, place, home.root), /target is not empty/)
  assert.deepEqual(await contentOf(place), content)
})

test('what an interrupted drill left is cleared away; an unfinished restore is not', async () => {
  using scratch = new Scratch()
  const home = await lived(scratch)
  const path = await backedUp(scratch, home)
  const place = scratch.store('scratch')
  await fillModel(place, undefined, 2)
  await edit(place, `insert into installation_facts values ('', '', 'moving', '{"what":"restore"}')`)
  await assert.rejects(drilled(path, place, home.root), /being restored, and rows are missing/)
  assert.notEqual((await tablesIn(place)).size, 0)
  await edit(place, `update installation_facts set value = '{"what":"drill"}' where name = 'moving'`)
  assert.equal((await drilled(path, place, home.root)).length, 5)
})
