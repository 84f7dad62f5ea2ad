import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CreateActivationCommand,
  type CreateActivationCommandInput,
  DescribeActivationsCommand,
} from '@aws-sdk/client-ssm'
import { isCodeOf } from '../../fleet/activation-code.ts'
import { TEST_ACCOUNT, TEST_REGION } from '../../testing/server.ts'
import { makeRole, openSsm, refusalOf, roleArn, type SsmScene } from './ssm.test-support.ts'

const DAY_MS = 86_400_000
const PLACE = { account: TEST_ACCOUNT, region: TEST_REGION }

function create({ ssm }: Pick<SsmScene, 'ssm'>, changes: Partial<CreateActivationCommandInput> = {}) {
  return ssm.send(new CreateActivationCommand({ IamRole: 'nodes', ...changes }))
}

test('the code is answered once, kept as a digest alone, and told to no trail', async () => {
  await using scene = await openSsm()
  const { ActivationId = '', ActivationCode = '' } = await create(scene)
  assert.ok(ActivationCode.length >= 22)
  const kept = (await scene.server.house.store.read.nodes.activation(PLACE, ActivationId)) ?? assert.fail()
  assert.ok(isCodeOf(kept, ActivationCode))
  assert.ok(!JSON.stringify(kept).includes(ActivationCode))
  const listed = await scene.ssm.send(new DescribeActivationsCommand())
  assert.ok(!JSON.stringify(listed).includes(ActivationCode))
  const trail = await scene.server.trail()
  assert.ok(!JSON.stringify(trail).includes(ActivationCode))
  const event = trail.find(({ eventName }) => eventName === 'CreateActivation')
  assert.deepEqual(event?.responseElements, { activationId: ActivationId })
})

test('without more it admits one machine within a day', async () => {
  await using scene = await openSsm()
  const { ActivationId = '' } = await create(scene)
  const kept = await scene.server.house.store.read.nodes.activation(PLACE, ActivationId)
  const now = scene.server.clock.now().getTime()
  assert.equal(kept?.registrationLimit, 1)
  assert.equal(kept?.registrations, 0)
  assert.equal(kept?.expiresAt.getTime(), now + DAY_MS)
  assert.equal(kept?.readmits, false)
})

test('its end lies in the future and within thirty days', async () => {
  await using scene = await openSsm()
  const now = scene.server.clock.now().getTime()
  for (const at of [now - 1000, now, now + 30 * DAY_MS + 1000])
    assert.equal(
      (await refusalOf(create(scene, { ExpirationDate: new Date(at) }))).name,
      'InvalidParameters',
      String(at - now),
    )
  await create(scene, { ExpirationDate: new Date(now + 30 * DAY_MS) })
})

test('it is for 1 to 1000 machines', async () => {
  await using scene = await openSsm()
  for (const RegistrationLimit of [0, 1001])
    assert.equal((await refusalOf(create(scene, { RegistrationLimit }))).name, 'ValidationException')
  await create(scene, { RegistrationLimit: 1000 })
})

test('the role must be there and trust Systems Manager', async () => {
  await using scene = await openSsm()
  await makeRole(scene.server, 'lambda', { service: 'lambda.amazonaws.com' })
  await makeRole(scene.server, 'deep', { path: '/service-role/' })
  for (const IamRole of ['absent', 'lambda', 'other/nodes'])
    assert.deepEqual(await refusalOf(create(scene, { IamRole })), {
      name: 'ValidationException',
      message: `Nonexistent role or missing ssm service principal in trust policy: ${roleArn(IamRole)}`,
    })
  await create(scene, { IamRole: 'deep' })
  await create(scene, { IamRole: 'service-role/deep' })
})

test('whoever may not pass the role makes no activation, and does not learn whether it is there', async () => {
  await using scene = await openSsm()
  const caller = await scene.server.user(
    { Effect: 'Allow', Action: 'ssm:CreateActivation', Resource: '*' },
    {
      Effect: 'Allow',
      Action: 'iam:PassRole',
      Resource: roleArn('mine'),
      Condition: { StringEquals: { 'iam:PassedToService': 'ssm.amazonaws.com' } },
    },
  )
  await makeRole(scene.server, 'mine')
  const ssm = scene.as(caller)
  for (const IamRole of ['nodes', 'absent']) {
    const { name, message } = await refusalOf(create({ ssm }, { IamRole }))
    assert.equal(name, 'AccessDeniedException')
    assert.ok(message.includes(`iam:PassRole on resource: ${roleArn(IamRole)}`), message)
  }
  await create({ ssm }, { IamRole: 'mine' })
})

test('policies see the tags that its nodes will have', async () => {
  await using scene = await openSsm()
  const caller = await scene.server.user(
    { Effect: 'Allow', Action: 'iam:PassRole', Resource: '*' },
    {
      Effect: 'Allow',
      Action: 'ssm:CreateActivation',
      Resource: '*',
      Condition: { StringEquals: { 'aws:RequestTag/team': 'a' } },
    },
  )
  const ssm = scene.as(caller)
  const tagged = (Value: string) => create({ ssm }, { Tags: [{ Key: 'team', Value }] })
  assert.equal((await refusalOf(tagged('b'))).name, 'AccessDeniedException')
  assert.equal((await refusalOf(create({ ssm }))).name, 'AccessDeniedException')
  await tagged('a')
})

test('tags that no node could have are refused', async () => {
  await using scene = await openSsm()
  const refused = async (...keys: readonly string[]) =>
    (await refusalOf(create(scene, { Tags: keys.map((Key) => ({ Key, Value: '' })) }))).name
  assert.equal(await refused('aws:x'), 'ValidationException')
  assert.equal(await refused('team', 'Team'), 'ValidationException')
  assert.equal(await refused(...Array.from({ length: 51 }, (_, i) => `k${i}`)), 'TooManyTagsError')
})

test('metadata says that a known machine may come again, and nothing else', async () => {
  await using scene = await openSsm()
  const metadata = (Key: string, Value: string) => create(scene, { RegistrationMetadata: [{ Key, Value }] })
  const { ActivationId = '' } = await metadata('lockstep:readmit', 'true')
  assert.equal((await scene.server.house.store.read.nodes.activation(PLACE, ActivationId))?.readmits, true)
  for (const [key, value] of [
    ['lockstep:readmit', 'yes'],
    ['other', 'true'],
  ] as const)
    assert.equal((await refusalOf(metadata(key, value))).name, 'InvalidParameters')
})
