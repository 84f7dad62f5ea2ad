import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import {
  CreateTrailCommand,
  DeleteTrailCommand,
  GetTrailStatusCommand,
  PutEventSelectorsCommand,
  StartLoggingCommand,
  StopLoggingCommand,
  UpdateTrailCommand,
} from '@aws-sdk/client-cloudtrail'
import { CreateUserCommand, IAMClient } from '@aws-sdk/client-iam'
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { CreateTopicCommand, SetTopicAttributesCommand, SNSClient } from '@aws-sdk/client-sns'
import { openMessage } from '../../notify/notice.ts'
import { DELIVER_NOTIFICATION } from '../../notify/publish.ts'
import { TEST_ACCOUNT, type TestServer } from '../../testing/server.ts'
import { verifyDelivered } from '../../trail/delivery/verify-directory.ts'
import { BUCKET, namesIn, objectsIn, recordsIn, startTrail, startTrailServer } from './trails.test-support.ts'

const CANARY = 'the-value-that-no-file-may-hold'

describe('a trail that logs', () => {
  test('delivers what happens from StartLogging on, each event once, in files as CloudTrail names and fills them', async () => {
    await using place = await startTrailServer()
    const { server, client, folder } = place
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    await secrets.send(new CreateSecretCommand({ Name: 'before', SecretString: CANARY }))
    await startTrail(client)
    await secrets.send(new CreateSecretCommand({ Name: 'db', SecretString: CANARY }))
    await secrets.send(new GetSecretValueCommand({ SecretId: 'db' }))
    await place.pass(0)
    await secrets.send(new ListSecretsCommand({}))
    await place.pass(300)
    await place.pass(300)

    const objects = objectsIn(folder)
    assert.deepEqual(namesIn(objects).toSorted(), [
      'CreateSecret',
      'GetSecretValue',
      'ListSecrets',
      'StartLogging',
    ])
    const day = server.clock.now().toISOString().slice(0, 10)
    for (const [key, body] of objects) {
      const name = new RegExp(
        `^AWSLogs/${TEST_ACCOUNT}/CloudTrail/us-east-1/${day.replaceAll('-', '/')}/${TEST_ACCOUNT}_CloudTrail_us-east-1_${day.replaceAll('-', '')}T\\d{4}Z_[A-Za-z0-9]{16}\\.json\\.gz$`,
      )
      assert.match(key, name)
      const text = gunzipSync(body).toString()
      assert.deepEqual(Object.keys(JSON.parse(text)), ['Records'])
      assert.ok(!text.includes(CANARY))
      assert.equal(statSync(join(folder, key)).mode & 0o777, 0o640)
    }
    const bodies = (await server.trail()).map(({ eventID }) => eventID)
    const ids = recordsIn(objects).map(({ eventID }) => eventID)
    assert.equal(new Set(ids).size, ids.length)
    assert.ok(ids.every((id) => bodies.includes(id)))
    assert.deepEqual(readdirSync(join(folder, '.lockstep-parts')), [])
  })

  test('delivers every region where it is one of all regions, IAM’s events in us-east-1, and else its own alone', async () => {
    await using place = await startTrailServer({ regions: 'eu-west-1' })
    const { server, client, folder } = place
    await startTrail(client, { Name: 'all', IsMultiRegionTrail: true, S3KeyPrefix: 'all' })
    await startTrail(place.as(server.admin, 'eu-west-1'), { Name: 'west', S3KeyPrefix: 'eu' })
    await startTrail(client, { Name: 'plain', S3KeyPrefix: 'plain', IncludeGlobalServiceEvents: false })
    await server.sdk(SecretsManagerClient, server.admin, 'eu-west-1').send(new ListSecretsCommand({}))
    await server.sdk(KMSClient, server.admin).send(new CreateKeyCommand({}))
    await server.sdk(IAMClient, server.admin).send(new CreateUserCommand({ UserName: 'ada' }))
    await place.pass(300)
    const of = (prefix: string) =>
      recordsIn(new Map([...objectsIn(folder)].filter(([key]) => key.startsWith(`${prefix}/AWSLogs/`))))
        .filter(({ eventSource }) => eventSource !== 'cloudtrail.amazonaws.com')
        .map(({ eventName, awsRegion }) => `${eventName} ${awsRegion}`)
        .toSorted()
    assert.deepEqual(of('all'), ['CreateKey us-east-1', 'CreateUser us-east-1', 'ListSecrets eu-west-1'])
    assert.deepEqual(of('eu'), ['ListSecrets eu-west-1'])
    assert.deepEqual(of('plain'), ['CreateKey us-east-1'])
    assert.ok(
      [...objectsIn(folder).keys()].some((key) =>
        key.startsWith(`all/AWSLogs/${TEST_ACCOUNT}/CloudTrail/eu-west-1/`),
      ),
    )
  })

  test('delivers nothing of another account', async () => {
    await using place = await startTrailServer()
    await startTrail(place.client, { IsMultiRegionTrail: true })
    await place.server.sdk(SecretsManagerClient, place.server.otherAdmin).send(new ListSecretsCommand({}))
    await place.pass(300)
    assert.deepEqual(namesIn(objectsIn(place.folder)), ['StartLogging'])
  })

  test('delivers what its selectors choose', async () => {
    await using place = await startTrailServer()
    const { server, client, folder } = place
    await startTrail(client)
    await client.send(
      new PutEventSelectorsCommand({
        TrailName: 'main',
        EventSelectors: [
          { ReadWriteType: 'WriteOnly', ExcludeManagementEventSources: ['kms.amazonaws.com'] },
        ],
      }),
    )
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    await secrets.send(new CreateSecretCommand({ Name: 'db', SecretString: CANARY }))
    await secrets.send(new ListSecretsCommand({}))
    await server.sdk(KMSClient, server.admin).send(new CreateKeyCommand({}))
    await place.pass(300)
    assert.deepEqual(namesIn(objectsIn(folder)).toSorted(), [
      'CreateSecret',
      'PutEventSelectors',
      'StartLogging',
    ])
  })

  test('that is stopped delivers what was before, and nothing of the time until it is started again', async () => {
    await using place = await startTrailServer({ 'trail-delivery-seconds': '30' })
    const { server, client, folder } = place
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    const create = async (Name: string) => {
      server.clock.advance(1)
      await secrets.send(new CreateSecretCommand({ Name, SecretString: CANARY }))
    }
    const created = () =>
      recordsIn(objectsIn(folder)).flatMap((record) =>
        record.eventName === 'CreateSecret' ? [nameOfSecret(record)] : [],
      )
    await startTrail(client)
    await place.pass(0)
    await create('one')
    await client.send(new StopLoggingCommand({ Name: 'main' }))
    await create('two')
    await client.send(new StartLoggingCommand({ Name: 'main' }))
    await create('three')
    await place.pass(30)
    assert.deepEqual(created().toSorted(), ['one', 'three'])

    await create('four')
    await client.send(new StopLoggingCommand({ Name: 'main' }))
    await create('five')
    await place.pass(30)
    await place.pass(30)
    assert.equal((await server.house.store.read.deliveries.unfinished()).length, 0)
    await create('six')
    await client.send(new StartLoggingCommand({ Name: 'main' }))
    await create('seven')
    await place.pass(30)
    assert.deepEqual(created().toSorted(), ['four', 'one', 'seven', 'three'])
  })

  test('that is deleted delivers nothing more', async () => {
    await using place = await startTrailServer()
    const { client, folder } = place
    await startTrail(client)
    await client.send(new DeleteTrailCommand({ Name: 'main' }))
    await place.pass(300)
    assert.deepEqual(namesIn(objectsIn(folder)), [])
    assert.equal((await place.server.house.store.read.deliveries.unfinished()).length, 0)
  })

  test('tells of a bucket that takes nothing, tries again, and has lost nothing', async () => {
    await using place = await startTrailServer()
    const { server, client, folder } = place
    rmSync(folder, { recursive: true })
    await startTrail(client)
    await place.pass(0)
    const failed = await client.send(new GetTrailStatusCommand({ Name: 'main' }))
    assert.equal(failed.LatestDeliveryError, 'ENOENT')
    assert.equal(failed.IsLogging, true)
    assert.equal(failed.LatestDeliveryTime, undefined)
    assert.match(failed.LatestDeliveryAttemptTime ?? '', /^\d{4}-/)
    assert.equal((await server.house.health()).healthy, true)
    assert.match(server.metrics.text(), /lockstep_trail_delivery_failures_total\{code="ENOENT"\} 1/)

    mkdirSync(folder)
    chmodSync(folder, 0o700)
    await place.pass(300)
    const healed = await client.send(new GetTrailStatusCommand({ Name: 'main' }))
    assert.equal(healed.LatestDeliveryError, undefined)
    assert.ok(healed.LatestDeliveryTime)
    assert.ok(namesIn(objectsIn(folder)).includes('StartLogging'))
  })

  test('goes to its new bucket once that is changed', async () => {
    await using place = await startTrailServer()
    await startTrail(place.client)
    await place.pass(0)
    await place.client.send(
      new UpdateTrailCommand({ Name: 'main', S3BucketName: BUCKET, S3KeyPrefix: 'new/' }),
    )
    await place.pass(300)
    const keys = [...objectsIn(place.folder).keys()]
    assert.deepEqual(keys.map((key) => key.split('/')[0]).toSorted(), ['AWSLogs', 'new'])
  })
})

describe('verifyDelivered', () => {
  test('vouches for a directory as it was written, and names whatever was changed, cut off, exchanged or taken away', async () => {
    await using place = await startTrailServer({
      'trail-digest-seconds': '60',
      'trail-delivery-seconds': '30',
    })
    const { server, folder } = place
    await startTrail(place.client, { EnableLogFileValidation: true })
    for (let i = 0; i < 8; i++) {
      await server.sdk(SecretsManagerClient, server.admin).send(new ListSecretsCommand({}))
      await place.pass(30)
    }
    const stored = await server.house.store.read.deliveries.digestKey()
    const key = Buffer.from(stored?.publicKey ?? []).toString('base64')
    const clean = await verifyDelivered(folder, key)
    assert.deepEqual(clean.faults, [])
    assert.ok(clean.digests >= 3 && clean.logs >= 5)

    const objects = objectsIn(folder)
    const logs = [...objects.keys()].filter((name) => name.includes('_CloudTrail_'))
    const digests = [...objects.keys()].filter((name) => /-Digest_.*gz$/.test(name))
    const [log = '', digest = '', other = ''] = [logs[1], digests[1], digests[0]]
    const original = (name: string) => objects.get(name) ?? Buffer.alloc(0)
    const changed = gzipSync(gunzipSync(original(log)).toString().replace('ListSecrets', 'ListSecretz'))
    const edits: readonly (readonly [string, Buffer | undefined])[] = [
      [log, changed],
      [log, original(log).subarray(0, 40)],
      [log, undefined],
      [digest, undefined],
      [digest, original(other)],
      [digest, gzipSync(`${gunzipSync(original(digest)).toString()} `)],
      [`${digest}.sig`, original(`${other}.sig`)],
      [`${digest}.sig`, undefined],
    ]
    for (const [name, content] of edits) {
      if (content) writeFileSync(join(folder, name), content)
      else rmSync(join(folder, name))
      const { faults } = await verifyDelivered(folder, key)
      assert.ok(
        faults.some((fault) => fault.startsWith(name.replace('.sig', ''))),
        name,
      )
      writeFileSync(join(folder, name), original(name))
    }
    assert.deepEqual((await verifyDelivered(folder, key)).faults, [])
    const empty = join(folder, 'empty')
    mkdirSync(empty)
    assert.deepEqual((await verifyDelivered(empty, key)).faults, [`${empty}: there is no digest in it`])
  })
})

describe('a trail with a topic', () => {
  const policyFor = (topic: string, trail: string) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'cloudtrail.amazonaws.com' },
          Action: 'SNS:Publish',
          Resource: topic,
          Condition: { StringEquals: { 'aws:SourceArn': trail } },
        },
      ],
    })

  test('tells it of each file that is durable, where its policy lets CloudTrail in for that very trail', async () => {
    await using place = await startTrailServer({ 'trail-delivery-seconds': '30' })
    const { server, client, folder } = place
    const sns = server.sdk(SNSClient, server.admin)
    const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'files' }))
    const create = new CreateTrailCommand({ Name: 'main', S3BucketName: BUCKET, SnsTopicName: 'files' })
    const shut = { name: 'InsufficientSnsTopicPolicyException' }
    await assert.rejects(client.send(create), shut)
    const trail = `arn:aws:cloudtrail:us-east-1:${TEST_ACCOUNT}:trail/main`
    const allow = (arn: string) =>
      sns.send(
        new SetTopicAttributesCommand({
          TopicArn,
          AttributeName: 'Policy',
          AttributeValue: policyFor(TopicArn, arn),
        }),
      )
    await allow(`${trail}-2`)
    await assert.rejects(client.send(create), shut)
    await allow(trail)
    assert.equal((await client.send(create)).SnsTopicARN, TopicArn)
    await server.house.store.write(({ topics }) =>
      topics.addSubscription({
        ...{ account: TEST_ACCOUNT, region: 'us-east-1', topic: 'files', id: 'id', owner: TEST_ACCOUNT },
        ...{ protocol: 'email', endpoint: 'ada@example.net', attributes: {}, state: 'confirmed' },
        ...{ authenticatedUnsubscribe: false, token: undefined, createdAt: server.clock.now() },
      }),
    )
    await client.send(new StartLoggingCommand({ Name: 'main' }))
    await place.pass(0)
    const [first, ...others] = await messagesFor(server)
    assert.deepEqual(first, { s3Bucket: BUCKET, s3ObjectKey: [...objectsIn(folder).keys()] })
    assert.deepEqual(others, [])
    const told = await client.send(new GetTrailStatusCommand({ Name: 'main' }))
    assert.ok(told.LatestNotificationTime)
    assert.equal(told.LatestNotificationError, undefined)

    await allow(`${trail}-2`)
    await place.pass(30)
    const refused = await client.send(new GetTrailStatusCommand({ Name: 'main' }))
    assert.equal(refused.LatestNotificationError, 'AuthorizationError')
    assert.equal(refused.LatestDeliveryError, undefined)
    await client.send(new UpdateTrailCommand({ Name: 'main', SnsTopicName: '' }))
    await place.pass(30)
    assert.equal(
      (await client.send(new GetTrailStatusCommand({ Name: 'main' }))).LatestNotificationError,
      undefined,
    )
  })
})

/** What subscribers of topics have still to be told. */
async function messagesFor({ house }: TestServer): Promise<readonly unknown[]> {
  const place = { account: TEST_ACCOUNT, region: 'us-east-1' }
  const messages: unknown[] = []
  for (const { payload } of await house.store.read.jobs.list(place, DELIVER_NOTIFICATION)) {
    const notice = await house.store.read.notices.notice(place, String(payload.message))
    assert.ok(notice)
    messages.push(JSON.parse(openMessage(house.keyring, place, notice.id, notice.sealed).message))
  }
  return messages
}

function nameOfSecret(record: object): string {
  return (record as { requestParameters: { name: string } }).requestParameters.name
}
