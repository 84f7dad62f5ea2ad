import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  CancelRotateSecretCommand,
  DeleteSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager'
import { LAMBDA_ARN, openScene, stages } from '../../rotation/scene.test-support.ts'

const CANCEL = new CancelRotateSecretCommand({ SecretId: 'db' })
const DAY_SECONDS = 86_400

describe('CancelRotateSecret', () => {
  test('200 — rotation is off for good, function and rules stay on record', async () => {
    await using scene = await openScene()
    await scene.rotate({ RotationRules: { AutomaticallyAfterDays: 1 } })
    await scene.pass()
    const { VersionId, ARN, Name } = await scene.secrets().send(CANCEL)
    assert.deepEqual([VersionId, ARN, Name], [undefined, scene.arn, 'db'])
    const described = await scene.describe()
    assert.equal(described.RotationEnabled, false)
    assert.equal(described.RotationLambdaARN, LAMBDA_ARN)
    assert.deepEqual(described.RotationRules, { AutomaticallyAfterDays: 1 })
    assert.equal(described.NextRotationDate, undefined)
    await scene.pass(3 * DAY_SECONDS)
    assert.equal(scene.rotator.events.length, 4)
  })

  test('200 — during a rotation it answers the version, stops before the next step and leaves AWSPENDING', async () => {
    await using scene = await openScene()
    const { VersionId = '' } = await scene.rotate({ RotationRules: { AutomaticallyAfterDays: 1 } })
    scene.rotator.meanwhile = async ({ Step }) => {
      if (Step !== 'setSecret') return
      assert.equal((await scene.secrets().send(CANCEL)).VersionId, VersionId)
    }
    await scene.pass()
    await scene.pass(DAY_SECONDS)
    assert.deepEqual(scene.rotator.steps(), ['createSecret', 'setSecret'])
    assert.deepEqual(stages(await scene.describe()), {
      [VersionId]: ['AWSPENDING'],
      [scene.first]: ['AWSCURRENT'],
    })
    // Whoever cancels has to look at what is left; then rotation can be turned on again.
    await assert.rejects(scene.rotate(), { name: 'InvalidRequestException' })
    const remove = { SecretId: 'db', VersionStage: 'AWSPENDING', RemoveFromVersionId: VersionId }
    await scene.secrets().send(new UpdateSecretVersionStageCommand(remove))
    scene.rotator.meanwhile = async () => {}
    await scene.rotate()
    await scene.pass()
    assert.equal((await scene.describe()).RotationEnabled, true)
    assert.equal(scene.rotator.events.length, 6)
  })

  test('200 — a test under way is over, and its version gone', async () => {
    await using scene = await openScene()
    scene.rotator.meanwhile = async () => void (await scene.secrets().send(CANCEL))
    await scene.rotate({ RotateImmediately: false })
    await scene.pass()
    assert.deepEqual(stages(await scene.describe()), { [scene.first]: ['AWSCURRENT'] })
    assert.equal((await scene.describe()).RotationEnabled, false)
  })

  test('200 — a secret that was never to rotate stays as it is', async () => {
    await using scene = await openScene()
    await scene.secrets().send(CANCEL)
    assert.equal((await scene.describe()).RotationEnabled, undefined)
  })

  test('InvalidRequestException — the secret is being deleted', async () => {
    await using scene = await openScene()
    await scene.secrets().send(new DeleteSecretCommand({ SecretId: 'db' }))
    await assert.rejects(scene.secrets().send(CANCEL), { name: 'InvalidRequestException' })
  })
})
