import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CloudTrailClient, type Event, LookupEventsCommand } from '@aws-sdk/client-cloudtrail'
import {
  BatchGetSecretValueCommand,
  CreateSecretCommand,
  GetRandomPasswordCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager'
import { startServer, type TestServer } from '../../testing/server.ts'

const V1 = '11111111-1111-4111-8111-111111111111'
const V2 = '22222222-2222-4222-8222-222222222222'

/** Secrets Manager's events, the oldest first. */
async function events(server: TestServer): Promise<Event[]> {
  const trail = server.sdk(CloudTrailClient, server.admin)
  const found: Event[] = []
  let NextToken: string | undefined
  do {
    const AttributeValue = 'secretsmanager.amazonaws.com'
    const page = await trail.send(
      new LookupEventsCommand({
        LookupAttributes: [{ AttributeKey: 'EventSource', AttributeValue }],
        NextToken,
      }),
    )
    found.push(...(page.Events ?? []))
    NextToken = page.NextToken
  } while (NextToken)
  return found.toReversed()
}

describe('the trail of Secrets Manager', () => {
  test('no value, password or rotation token is on it', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    const needle = 'needle-in-the-haystack'
    const SecretString = needle
    const SecretBinary = Buffer.from(needle)
    await secrets.send(new CreateSecretCommand({ Name: 'db', SecretString, ClientRequestToken: V1 }))
    await secrets.send(new CreateSecretCommand({ Name: 'raw', SecretBinary }))
    const RotationToken = `${needle}-${needle}`
    const put = { SecretId: 'db', SecretString: `${needle}2` }
    await assert.rejects(secrets.send(new PutSecretValueCommand({ ...put, RotationToken })))
    await secrets.send(new PutSecretValueCommand(put))
    await secrets.send(new UpdateSecretCommand({ SecretId: 'db', SecretString: `${needle}3` }))
    const clash = { SecretId: 'db', SecretString: `${needle}4`, ClientRequestToken: V1 }
    await assert.rejects(secrets.send(new PutSecretValueCommand(clash)))
    await secrets.send(new GetSecretValueCommand({ SecretId: 'db' }))
    await secrets.send(new GetSecretValueCommand({ SecretId: 'raw' }))
    await secrets.send(new BatchGetSecretValueCommand({ SecretIdList: ['db', 'raw'] }))
    const { RandomPassword = 'none' } = await secrets.send(
      new GetRandomPasswordCommand({ ExcludePunctuation: true }),
    )

    const written = JSON.stringify(await events(server))
    for (const secret of [needle, SecretBinary.toString('base64').slice(0, 20), RandomPassword]) {
      assert.ok(!written.includes(secret))
    }
  })

  test('every call is on it once, a refused one with its reason, and each secret of a batch by itself', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    const stage = { SecretId: 'db', VersionStage: 'mine', MoveToVersionId: V2 }
    await secrets.send(new CreateSecretCommand({ Name: 'db', SecretString: 'one', ClientRequestToken: V1 }))
    const put = { SecretId: 'db', SecretString: 'two', ClientRequestToken: V2 }
    await secrets.send(new PutSecretValueCommand(put))
    await secrets.send(new UpdateSecretVersionStageCommand(stage))
    await secrets.send(new GetSecretValueCommand({ SecretId: 'db' }))
    const user = await server.user()
    const denied = server.sdk(SecretsManagerClient, user)
    await assert.rejects(denied.send(new GetSecretValueCommand({ SecretId: 'db' })))
    await secrets.send(new BatchGetSecretValueCommand({ SecretIdList: ['db', 'nope'] }))

    const found = await events(server)
    assert.deepEqual(found.map(({ EventName }) => EventName).toSorted(), [
      'BatchGetSecretValue',
      'CreateSecret',
      'GetSecretValue',
      'GetSecretValue',
      'GetSecretValue',
      'GetSecretValue',
      'PutSecretValue',
      'UpdateSecretVersionStage',
    ])
    const records = found.map(({ CloudTrailEvent = '' }) => JSON.parse(CloudTrailEvent))
    const refused = records.filter(
      ({ errorCode }) => errorCode === 'AccessDenied' || errorCode === 'AccessDeniedException',
    )
    assert.equal(refused.length, 1)
    assert.equal(refused[0].userIdentity.arn, user.arn)
    const missing = records.filter(({ errorCode }) => errorCode === 'ResourceNotFoundException')
    assert.deepEqual(
      missing.map(({ eventName, requestParameters }) => [eventName, requestParameters]),
      [['GetSecretValue', { secretId: 'nope' }]],
    )
  })
})
