import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  CloudTrailClient,
  LookupEventsCommand,
  type LookupEventsCommandInput,
} from '@aws-sdk/client-cloudtrail'
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { rawCall } from '../../testing/raw-call.ts'
import { startServer, TEST_ACCOUNT, type TestServer } from '../../testing/server.ts'

const CANARY = 'canary-5f1d-never-in-the-trail'

/** Makes a secret, reads it twice, a second apart, and lists. */
async function somethingHappened(server: TestServer): Promise<{ readonly arn: string }> {
  const secrets = server.sdk(SecretsManagerClient, server.admin)
  const { ARN = '' } = await secrets.send(new CreateSecretCommand({ Name: 'db', SecretString: CANARY }))
  server.clock.advance(1)
  await secrets.send(new GetSecretValueCommand({ SecretId: 'db' }))
  server.clock.advance(1)
  await secrets.send(new GetSecretValueCommand({ SecretId: 'db' }))
  await secrets.send(new ListSecretsCommand({}))
  return { arn: ARN }
}

async function lookUp(server: TestServer, input: LookupEventsCommandInput, keys = server.admin) {
  return server.sdk(CloudTrailClient, keys).send(new LookupEventsCommand(input))
}

function names(answer: { readonly Events?: { readonly EventName?: string | undefined }[] | undefined }) {
  return (answer.Events ?? []).map(({ EventName }) => EventName)
}

function by(AttributeKey: 'EventName' | 'Username' | 'ReadOnly', AttributeValue: string) {
  return { LookupAttributes: [{ AttributeKey, AttributeValue }] }
}

describe('LookupEvents', () => {
  test('200 — an event as AWS shows it, the record in full, its request id the answer’s', async () => {
    await using server = await startServer()
    const { arn } = await somethingHappened(server)
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    await secrets.send(new PutSecretValueCommand({ SecretId: 'db', SecretString: `${CANARY}-2` }))
    const requestID = server.lastRequestId
    const answer = await lookUp(server, by('EventName', 'PutSecretValue'))
    const [event] = answer.Events ?? []
    assert.equal(answer.Events?.length, 1)
    assert.equal(answer.NextToken, undefined)
    const record = JSON.parse(event?.CloudTrailEvent ?? '')
    assert.deepEqual(event, {
      EventId: record.eventID,
      EventName: 'PutSecretValue',
      ReadOnly: 'false',
      AccessKeyId: server.admin.accessKeyId,
      EventTime: new Date('2026-01-15T10:00:02Z'),
      EventSource: 'secretsmanager.amazonaws.com',
      Username: record.userIdentity.userName,
      Resources: [{ ResourceType: 'AWS::SecretsManager::Secret', ResourceName: arn }],
      CloudTrailEvent: event?.CloudTrailEvent,
    })
    assert.equal(record.requestID, requestID)
    assert.equal(record.eventTime, '2026-01-15T10:00:02Z')
    assert.equal(record.requestParameters.secretId, 'db')
    assert.equal(record.recipientAccountId, TEST_ACCOUNT)
  })

  test('200 — the newest first, by each attribute, and by none', async () => {
    await using server = await startServer()
    const { arn } = await somethingHappened(server)
    const all = await lookUp(server, {})
    assert.deepEqual(names(all).slice(0, 4), [
      'ListSecrets',
      'GetSecretValue',
      'GetSecretValue',
      'CreateSecret',
    ])
    const [created] = (await lookUp(server, by('EventName', 'CreateSecret'))).Events ?? []
    const lookups: readonly (readonly [LookupEventsCommandInput['LookupAttributes'], readonly string[]])[] = [
      [[{ AttributeKey: 'EventId', AttributeValue: created?.EventId }], ['CreateSecret']],
      [
        [{ AttributeKey: 'EventName', AttributeValue: 'GetSecretValue' }],
        ['GetSecretValue', 'GetSecretValue'],
      ],
      [
        [{ AttributeKey: 'ResourceName', AttributeValue: arn }],
        ['GetSecretValue', 'GetSecretValue', 'CreateSecret'],
      ],
      [
        [{ AttributeKey: 'ResourceType', AttributeValue: 'AWS::SecretsManager::Secret' }],
        ['GetSecretValue', 'GetSecretValue', 'CreateSecret'],
      ],
      [[{ AttributeKey: 'ReadOnly', AttributeValue: 'false' }], ['CreateSecret']],
      [
        [{ AttributeKey: 'EventSource', AttributeValue: 'secretsmanager.amazonaws.com' }],
        ['ListSecrets', 'GetSecretValue', 'GetSecretValue', 'CreateSecret'],
      ],
      [[{ AttributeKey: 'EventName', AttributeValue: 'getsecretvalue' }], []],
    ]
    for (const [LookupAttributes, expected] of lookups) {
      const answer = await lookUp(server, { LookupAttributes })
      assert.deepEqual(names(answer), expected, JSON.stringify(LookupAttributes))
    }
    for (const attribute of [
      { AttributeKey: 'Username' as const, AttributeValue: created?.Username },
      { AttributeKey: 'AccessKeyId' as const, AttributeValue: server.admin.accessKeyId },
    ]) {
      const answer = await lookUp(server, { LookupAttributes: [attribute] })
      assert.ok(names(answer).includes('CreateSecret'))
    }
  })

  test('200 — between two times, both included, an event’s own EventTime among them', async () => {
    await using server = await startServer()
    server.clock.advance(0.75)
    await somethingHappened(server)
    const at = (second: number) => new Date(Date.parse('2026-01-15T10:00:00Z') + second * 1000)
    const found = async (StartTime?: Date, EndTime?: Date) =>
      names(await lookUp(server, { ...by('ReadOnly', 'true'), StartTime, EndTime })).filter(
        (name) => name !== 'LookupEvents',
      )
    assert.deepEqual(await found(at(1), at(1)), ['GetSecretValue'])
    assert.deepEqual(await found(at(1), at(2)), ['ListSecrets', 'GetSecretValue', 'GetSecretValue'])
    assert.deepEqual(await found(at(1.001), undefined), ['ListSecrets', 'GetSecretValue'])
    assert.deepEqual(await found(undefined, at(1.999)), ['GetSecretValue'])
    assert.deepEqual(await found(at(3), at(9)), [])
  })

  test('200 — page by page, every event once', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    for (let i = 0; i < 7; i++) {
      if (i % 3 === 0) server.clock.advance(1)
      await secrets.send(new ListSecretsCommand({}))
    }
    const wanted = by('EventName', 'ListSecrets')
    const ids: (string | undefined)[] = []
    let NextToken: string | undefined
    let pages = 0
    do {
      const answer = await lookUp(server, { ...wanted, MaxResults: 3, NextToken })
      ids.push(...(answer.Events ?? []).map(({ EventId }) => EventId))
      NextToken = answer.NextToken
      pages += 1
    } while (NextToken)
    const whole = await lookUp(server, wanted)
    assert.deepEqual(
      ids,
      whole.Events?.map(({ EventId }) => EventId),
    )
    assert.equal(pages, 3)
  })

  test('200 — Insights events are none', async () => {
    await using server = await startServer()
    await somethingHappened(server)
    assert.deepEqual((await lookUp(server, { EventCategory: 'insight' })).Events, [])
  })

  test('200 — nothing of another account or region', async () => {
    await using server = await startServer()
    await somethingHappened(server)
    const others = await lookUp(server, {}, server.otherAdmin)
    assert.ok(!names(others).includes('CreateSecret'))
    const arns = others.Events?.map(
      ({ CloudTrailEvent = '' }) => JSON.parse(CloudTrailEvent).recipientAccountId,
    )
    assert.ok(arns?.every((account) => account !== TEST_ACCOUNT))
  })

  test('200 — denied, unauthenticated and failed calls are there, with their errors', async () => {
    await using server = await startServer()
    await somethingHappened(server)
    const eve = await server.user()
    const secrets = server.sdk(SecretsManagerClient, eve)
    await assert.rejects(secrets.send(new GetSecretValueCommand({ SecretId: 'db' })), {
      name: 'AccessDeniedException',
    })
    await rawCall(
      server,
      { ...eve, secretAccessKey: 'wrong' },
      { service: 'secretsmanager', target: 'secretsmanager.GetSecretValue', body: '{"SecretId":"db"}' },
    )
    const attribute = { AttributeKey: 'AccessKeyId', AttributeValue: eve.accessKeyId } as const
    const { Events = [] } = await lookUp(server, { LookupAttributes: [attribute] })
    const records = Events.map(({ CloudTrailEvent = '' }) => JSON.parse(CloudTrailEvent))
    assert.deepEqual(records.map(({ errorCode }) => errorCode).sort(), [
      'AccessDeniedException',
      'InvalidSignatureException',
    ])
    assert.deepEqual(records.map(({ userIdentity }) => userIdentity.type).sort(), ['IAMUser', 'Unknown'])
  })

  test('no value of a sensitive member is anywhere in the trail', async () => {
    await using server = await startServer()
    await somethingHappened(server)
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    const SecretBinary = new TextEncoder().encode(CANARY)
    await secrets.send(new PutSecretValueCommand({ SecretId: 'db', SecretBinary }))
    await secrets.send(new GetSecretValueCommand({ SecretId: 'db' }))
    await assert.rejects(secrets.send(new CreateSecretCommand({ Name: 'db', SecretString: CANARY })))
    await assert.rejects(
      secrets.send(new CreateSecretCommand({ Name: 'big', SecretString: CANARY.repeat(10_000) })),
    )
    const rows = await server.trailRows()
    const everything = JSON.stringify(rows)
    assert.ok(rows.length > 5)
    assert.ok(!everything.includes(CANARY))
    assert.ok(!everything.includes(Buffer.from(CANARY).toString('base64').slice(0, 24)))
  })

  test('AccessDeniedException — without cloudtrail:LookupEvents', async () => {
    await using server = await startServer()
    const eve = await server.user({ Effect: 'Allow', Action: 'secretsmanager:*', Resource: '*' })
    await assert.rejects(lookUp(server, {}, eve), { name: 'AccessDeniedException' })
    const auditor = await server.user({ Effect: 'Allow', Action: 'cloudtrail:LookupEvents', Resource: '*' })
    assert.ok((await lookUp(server, {}, auditor)).Events)
  })

  test('InvalidLookupAttributesException — two attributes at once', async () => {
    await using server = await startServer()
    const LookupAttributes = [
      ...by('EventName', 'a').LookupAttributes,
      ...by('Username', 'b').LookupAttributes,
    ]
    await assert.rejects(lookUp(server, { LookupAttributes }), { name: 'InvalidLookupAttributesException' })
  })

  test('InvalidTimeRangeException — an end before the start', async () => {
    await using server = await startServer()
    const [StartTime, EndTime] = [new Date(2000), new Date(1000)]
    await assert.rejects(lookUp(server, { StartTime, EndTime }), { name: 'InvalidTimeRangeException' })
  })

  test('InvalidNextTokenException — a token of another question or account, or none at all', async () => {
    await using server = await startServer()
    await somethingHappened(server)
    const { NextToken } = await lookUp(server, { MaxResults: 1 })
    assert.ok(NextToken)
    const invalid = { name: 'InvalidNextTokenException' }
    await assert.rejects(lookUp(server, { NextToken, ...by('ReadOnly', 'true') }), invalid)
    await assert.rejects(lookUp(server, { NextToken, EndTime: server.clock.now() }), invalid)
    await assert.rejects(lookUp(server, { NextToken }, server.otherAdmin), invalid)
    await assert.rejects(lookUp(server, { NextToken: 'AAAA' }), invalid)
    await assert.rejects(lookUp(server, { NextToken: `${NextToken.slice(0, -2)}AA` }), invalid)
    assert.ok(await lookUp(server, { NextToken, MaxResults: 2 }))
  })

  test('ValidationException — more than 50 results, or an attribute that does not exist', async () => {
    await using server = await startServer()
    await assert.rejects(lookUp(server, { MaxResults: 51 }), { name: 'ValidationException' })
    const LookupAttributes = [{ AttributeKey: 'Colour' as 'EventId', AttributeValue: 'red' }]
    await assert.rejects(lookUp(server, { LookupAttributes }), { name: 'ValidationException' })
  })
})
