import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { IAMClient, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { documentOf, FunctionHouse } from './functions.test-support.ts'

/** Reads a secret with the SDK that Lockstep brings along. */
const READS = `import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
export const handler = async ({ id }) => {
  try {
    const answer = await new SecretsManagerClient().send(new GetSecretValueCommand({ SecretId: id }))
    return answer.SecretString
  } catch (error) {
    return error.name
  }
}`
const KEYS = `export const handler = async () => ({ accessKeyId: process.env.AWS_ACCESS_KEY_ID,
  secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY, sessionToken: process.env.AWS_SESSION_TOKEN })`
const ALL = [{ Effect: 'Allow', Action: 'secretsmanager:*', Resource: '*' }]

describe('a function’s credentials', { concurrency: 2 }, () => {
  test('are its role’s, in a session of the function’s name, that ends a little after its time', async () => {
    await using house = await FunctionHouse.open()
    const { json } = await house.runs(KEYS, { timeoutSeconds: 10 })
    const keys = json as unknown as { accessKeyId: string; secretAccessKey: string; sessionToken: string }
    const sts = house.server.sdk(STSClient, keys)
    const { Arn } = await sts.send(new GetCallerIdentityCommand({}))
    assert.equal(Arn, 'arn:aws:sts::111122223333:assumed-role/runs/work')
    house.server.clock.advance(71)
    const later = house.server.sdk(STSClient, keys)
    await assert.rejects(later.send(new GetCallerIdentityCommand({})), /expired/i)
  })

  test('reach this server through an SDK that the function does not bring along', async () => {
    await using house = await FunctionHouse.open({ listens: true }, ALL)
    const admin = house.server.sdk(SecretsManagerClient, house.server.admin)
    await admin.send(new CreateSecretCommand({ Name: 'db', SecretString: 'value of db' }))
    const arn = await house.add({ files: { 'index.mjs': READS } })
    assert.equal((await house.invoke(arn, { id: 'db' })).json, 'value of db')
  })

  test('narrowed to one secret read no other', async () => {
    await using house = await FunctionHouse.open({ listens: true }, ALL)
    const admin = house.server.sdk(SecretsManagerClient, house.server.admin)
    const { ARN } = await admin.send(new CreateSecretCommand({ Name: 'one', SecretString: '1' }))
    await admin.send(new CreateSecretCommand({ Name: 'two', SecretString: '2' }))
    const arn = await house.add({ files: { 'index.mjs': READS } })
    const narrow = documentOf([{ Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: ARN }])
    assert.equal((await house.invoke(arn, { id: ARN }, narrow)).json, '1')
    assert.equal((await house.invoke(arn, { id: 'two' }, narrow)).json, 'AccessDeniedException')
    assert.equal((await house.invoke(arn, { id: 'two' })).json, '2')
  })

  test('are not given out where the role is gone, is another account’s, or trusts Lambda no longer', async () => {
    await using house = await FunctionHouse.open()
    const denied = { code: 'AccessDeniedException', message: /cannot be assumed by Lambda/ }
    for (const [name, roleArn] of Object.entries({
      gone: 'arn:aws:iam::111122223333:role/gone',
      other: 'arn:aws:iam::444455556666:role/runs',
      path: 'arn:aws:iam::111122223333:role/path/runs',
    })) {
      const arn = await house.add({ name, roleArn, files: { 'index.mjs': KEYS } })
      await assert.rejects(house.invoke(arn), denied, name)
    }
    const arn = await house.add({ files: { 'index.mjs': KEYS } })
    const iam = house.server.sdk(IAMClient, house.server.admin)
    const other = {
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: 'sts:AssumeRole',
    }
    const PolicyDocument = documentOf([other])
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: 'runs', PolicyDocument }))
    await assert.rejects(house.invoke(arn), denied)
  })
})
