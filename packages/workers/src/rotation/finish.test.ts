import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PutSecretValueCommand, UpdateSecretVersionStageCommand } from '@aws-sdk/client-secrets-manager'
import { finishRotation } from './finish.ts'
import { bench } from './rotation.test-support.ts'
import { putPending } from './secret-versions.ts'

test('the pending version becomes AWSCURRENT and nothing else, the old one AWSPREVIOUS', async () => {
  await using world = await bench('old')
  await putPending(world.run, 'new')
  await finishRotation(world.run)
  assert.deepEqual(await world.labels(), ['AWSCURRENT'])
  assert.equal(await world.text('AWSCURRENT'), 'new')
  assert.equal(await world.text('AWSPREVIOUS'), 'old')
})

test('a secret that never had a value gets its first', async () => {
  await using world = await bench()
  await putPending(world.run, 'first')
  await finishRotation(world.run)
  assert.deepEqual(await world.labels(), ['AWSCURRENT'])
})

test('a second time changes nothing, and one after a kill between the two moves does the other', async () => {
  await using world = await bench('old')
  const { run, secrets } = world
  const { VersionId: old } = await secrets.send(
    new PutSecretValueCommand({ SecretId: run.secretArn, SecretString: 'old too' }),
  )
  await putPending(run, 'new')
  await secrets.send(
    new UpdateSecretVersionStageCommand({
      SecretId: run.secretArn,
      VersionStage: 'AWSCURRENT',
      MoveToVersionId: run.clientRequestToken,
      RemoveFromVersionId: old,
    }),
  )
  assert.deepEqual((await world.labels())?.toSorted(), ['AWSCURRENT', 'AWSPENDING'])
  for (const _ of ['what is left', 'nothing']) {
    await finishRotation(run)
    assert.deepEqual(await world.labels(), ['AWSCURRENT'])
    assert.equal(await world.text('AWSPREVIOUS'), 'old too')
  }
})

test('a version that has lost AWSPENDING to another does not become AWSCURRENT', async () => {
  await using world = await bench('old')
  const { run } = world
  await putPending(run, 'new')
  await putPending({ ...run, clientRequestToken: 'c0ffee00-0000-4000-8000-000000000000' }, 'newer')
  await assert.rejects(finishRotation(run), /no longer AWSPENDING/)
  assert.equal(await world.text('AWSCURRENT'), 'old')
})
