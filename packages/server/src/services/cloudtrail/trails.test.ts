import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import {
  AddTagsCommand,
  type CloudTrailClient,
  CreateTrailCommand,
  DeleteTrailCommand,
  DescribeTrailsCommand,
  GetEventSelectorsCommand,
  GetTrailCommand,
  GetTrailStatusCommand,
  ListPublicKeysCommand,
  ListTagsCommand,
  ListTrailsCommand,
  LookupEventsCommand,
  PutEventSelectorsCommand,
  RemoveTagsCommand,
  StartLoggingCommand,
  StopLoggingCommand,
  UpdateTrailCommand,
} from '@aws-sdk/client-cloudtrail'
import { OTHER_ACCOUNT, TEST_ACCOUNT } from '../../testing/server.ts'
import { BUCKET, startTrail, startTrailServer } from './trails.test-support.ts'

const ARN = `arn:aws:cloudtrail:us-east-1:${TEST_ACCOUNT}:trail/main`

function create(client: CloudTrailClient, changes: Record<string, unknown> = {}) {
  return client.send(new CreateTrailCommand({ Name: 'main', S3BucketName: BUCKET, ...changes }))
}

/** The error's code, and what its sentence has to hold. */
function refusal(name: string, message?: string | RegExp) {
  return message === undefined ? { name } : { name, message }
}

describe('CreateTrail', () => {
  test('200 — the trail as it is, not logging yet', async () => {
    await using place = await startTrailServer()
    const made = await create(place.client, { S3KeyPrefix: 'of/us/', EnableLogFileValidation: true })
    const { $metadata: _, ...settings } = made
    assert.deepEqual(settings, {
      Name: 'main',
      S3BucketName: BUCKET,
      S3KeyPrefix: 'of/us',
      IncludeGlobalServiceEvents: true,
      IsMultiRegionTrail: false,
      TrailARN: ARN,
      LogFileValidationEnabled: true,
      IsOrganizationTrail: false,
    })
    const status = await place.client.send(new GetTrailStatusCommand({ Name: 'main' }))
    assert.equal(status.IsLogging, false)
    assert.equal(status.StartLoggingTime, undefined)
  })

  test('InvalidTrailNameException — in Amazon’s words for each fault of a name', async () => {
    await using place = await startTrailServer()
    for (const [Name, message] of [
      [
        'ab',
        'Trail name too short. Minimum allowed length: 3 characters. Specified name length: 2 characters.',
      ],
      [
        'a'.repeat(129),
        'Trail name too long. Maximum allowed length: 128 characters. Specified name length: 129 characters.',
      ],
      ['-main', 'Trail name must starts with a letter or number.'],
      ['main-', 'Trail name must ends with a letter or number.'],
      ['ma/in', /can only contain uppercase letters/],
      ['ma--in', /adjacent/],
      ['192.168.5.4', /IP address/],
    ] as const)
      await assert.rejects(create(place.client, { Name }), refusal('InvalidTrailNameException', message))
  })

  test('TrailAlreadyExistsException — a name of this region, or of a trail of all regions', async () => {
    await using place = await startTrailServer({ regions: 'eu-west-1' })
    const europe = place.as(place.server.admin, 'eu-west-1')
    await create(place.client)
    const taken = refusal(
      'TrailAlreadyExistsException',
      `Trail main already exists for customer: ${TEST_ACCOUNT}`,
    )
    await assert.rejects(create(place.client), taken)
    await create(europe)
    await create(place.client, { Name: 'all', IsMultiRegionTrail: true })
    await assert.rejects(create(europe, { Name: 'all' }), { name: 'TrailAlreadyExistsException' })
  })

  test('MaximumNumberOfTrailsExceededException — a sixth in a region, those of all regions counted in each', async () => {
    await using place = await startTrailServer({ regions: 'eu-west-1' })
    const europe = place.as(place.server.admin, 'eu-west-1')
    for (const Name of ['one', 'two', 'three', 'four']) await create(place.client, { Name })
    await create(europe, { Name: 'all', IsMultiRegionTrail: true })
    await assert.rejects(
      create(place.client, { Name: 'six' }),
      refusal(
        'MaximumNumberOfTrailsExceededException',
        `User: ${TEST_ACCOUNT} already has 5 trails in us-east-1.`,
      ),
    )
    await create(europe, { Name: 'six' })
    await assert.rejects(
      create(europe, { Name: 'seven', IsMultiRegionTrail: true }),
      refusal('MaximumNumberOfTrailsExceededException', /in us-east-1/),
    )
  })

  test('refuses a bucket that is none, whose name is none, and a prefix that would lead elsewhere', async () => {
    await using place = await startTrailServer()
    await assert.rejects(
      create(place.client, { S3BucketName: 'elsewhere' }),
      refusal('S3BucketDoesNotExistException', 'S3 bucket elsewhere does not exist!'),
    )
    await assert.rejects(
      create(place.client, { S3BucketName: 'No' }),
      refusal('InvalidS3BucketNameException'),
    )
    for (const S3KeyPrefix of ['../up', 'a//b', '/a', 'a/./b', '.hidden', 'x'.repeat(201), 'a b'])
      await assert.rejects(
        create(place.client, { S3KeyPrefix }),
        refusal('InvalidS3PrefixException'),
        S3KeyPrefix,
      )
  })

  test('refuses what it does not do instead of leaving it out', async () => {
    await using place = await startTrailServer()
    for (const [changes, name] of [
      [{ IsOrganizationTrail: true }, 'OrganizationsNotInUseException'],
      [{ KmsKeyId: 'alias/trail' }, 'UnsupportedOperationException'],
      [{ SnsTopicName: 'files' }, 'InsufficientSnsTopicPolicyException'],
      [{ SnsTopicName: 'not a topic' }, 'InvalidSnsTopicNameException'],
      [
        { CloudWatchLogsLogGroupArn: 'arn:aws:logs:us-east-1:1:log-group:x:*' },
        'CloudWatchLogsDeliveryUnavailableException',
      ],
      [
        { IsMultiRegionTrail: true, IncludeGlobalServiceEvents: false },
        'InvalidParameterCombinationException',
      ],
    ] as const)
      await assert.rejects(create(place.client, changes), refusal(name), name)
    const { Trails } = await place.client.send(new ListTrailsCommand({}))
    assert.deepEqual(Trails, [])
  })

  test('AccessDeniedException — without cloudtrail:CreateTrail on that very name', async () => {
    await using place = await startTrailServer()
    const eve = await place.server.user({
      Effect: 'Allow',
      Action: 'cloudtrail:CreateTrail',
      Resource: `${ARN}-2`,
    })
    await assert.rejects(create(place.as(eve)), refusal('AccessDeniedException'))
    assert.ok(await create(place.as(eve), { Name: 'main-2' }))
  })
})

describe('UpdateTrail', () => {
  test('200 — changes what is named and leaves the rest', async () => {
    await using place = await startTrailServer()
    await create(place.client, { S3KeyPrefix: 'a', EnableLogFileValidation: true })
    await place.client.send(new UpdateTrailCommand({ Name: ARN, S3KeyPrefix: '', IsMultiRegionTrail: true }))
    const { Trail } = await place.client.send(new GetTrailCommand({ Name: 'main' }))
    assert.deepEqual(Trail, {
      Name: 'main',
      S3BucketName: BUCKET,
      IncludeGlobalServiceEvents: true,
      IsMultiRegionTrail: true,
      HomeRegion: 'us-east-1',
      TrailARN: ARN,
      LogFileValidationEnabled: true,
      HasCustomEventSelectors: false,
      HasInsightSelectors: false,
      IsOrganizationTrail: false,
    })
  })

  test('TrailNotFoundException, S3BucketDoesNotExistException, TrailAlreadyExistsException', async () => {
    await using place = await startTrailServer({ regions: 'eu-west-1' })
    await assert.rejects(
      place.client.send(new UpdateTrailCommand({ Name: 'main' })),
      refusal('TrailNotFoundException', `Unknown trail: main for the user: ${TEST_ACCOUNT}`),
    )
    await create(place.client)
    await assert.rejects(
      place.client.send(new UpdateTrailCommand({ Name: 'main', S3BucketName: 'elsewhere' })),
      refusal('S3BucketDoesNotExistException'),
    )
    await create(place.as(place.server.admin, 'eu-west-1'))
    await assert.rejects(
      place.client.send(new UpdateTrailCommand({ Name: 'main', IsMultiRegionTrail: true })),
      refusal('TrailAlreadyExistsException'),
    )
  })
})

describe('a trail of all regions', () => {
  test('is seen from each, by ARN, and changed from its own alone', async () => {
    await using place = await startTrailServer({ regions: 'eu-west-1' })
    const europe = place.as(place.server.admin, 'eu-west-1')
    await create(place.client, { IsMultiRegionTrail: true })
    await create(place.client, { Name: 'own' })
    const list = async (input = {}) =>
      (await europe.send(new DescribeTrailsCommand(input))).trailList?.map(({ Name }) => Name)
    assert.deepEqual(await list(), ['main'])
    assert.deepEqual(await list({ includeShadowTrails: false }), [])
    assert.deepEqual(await list({ trailNameList: [ARN, 'nothing'] }), ['main'])
    assert.deepEqual(await list({ trailNameList: ['main'] }), [])
    assert.ok((await europe.send(new GetTrailCommand({ Name: ARN }))).Trail)
    assert.ok(await europe.send(new GetTrailStatusCommand({ Name: ARN })))
    assert.ok(await europe.send(new GetEventSelectorsCommand({ TrailName: ARN })))
    await assert.rejects(
      europe.send(new GetTrailCommand({ Name: 'main' })),
      refusal('TrailNotFoundException'),
    )
    await assert.rejects(
      europe.send(new GetTrailCommand({ Name: `${ARN.slice(0, -4)}own` })),
      refusal('TrailNotFoundException'),
    )
    const changes = [
      (Name: string) => new UpdateTrailCommand({ Name }),
      (Name: string) => new DeleteTrailCommand({ Name }),
      (Name: string) => new StartLoggingCommand({ Name }),
      (Name: string) => new StopLoggingCommand({ Name }),
      (Name: string) => new PutEventSelectorsCommand({ TrailName: Name, EventSelectors: [{}] }),
    ]
    for (const change of changes) {
      for (const name of ['main', ARN]) {
        // One command type after another: the client's overloads know each, not their union.
        await assert.rejects(
          europe.send(change(name) as UpdateTrailCommand),
          refusal('InvalidHomeRegionException', /us-east-1/),
        )
      }
      await assert.rejects(
        europe.send(change('own') as UpdateTrailCommand),
        refusal('TrailNotFoundException'),
      )
    }
  })
})

describe('ListTrails', () => {
  test('200 — those of every region, page by page, of this account alone', async () => {
    const regions = ['eu-west-1', 'eu-west-2', 'eu-west-3', 'eu-north-1', 'eu-south-1']
    await using place = await startTrailServer({ regions: regions.join(',') })
    for (const region of ['us-east-1', ...regions]) {
      for (let i = 0; i < 5; i++) await create(place.as(place.server.admin, region), { Name: `trail-${i}` })
    }
    const seen: (string | undefined)[] = []
    let NextToken: string | undefined
    let pages = 0
    do {
      const page = await place.client.send(new ListTrailsCommand({ NextToken }))
      seen.push(...(page.Trails ?? []).map(({ TrailARN }) => TrailARN))
      NextToken = page.NextToken
      pages += 1
    } while (NextToken)
    assert.deepEqual([new Set(seen).size, seen.length, pages], [30, 30, 2])
    await assert.rejects(
      place.client.send(new ListTrailsCommand({ NextToken: 'AAAA' })),
      refusal('InvalidNextTokenException'),
    )
    const others = await place.as(place.server.otherAdmin).send(new ListTrailsCommand({}))
    assert.deepEqual(others.Trails, [])
  })
})

describe('StartLogging and StopLogging', () => {
  test('200 — twice is as good as once, and the status tells since when', async () => {
    await using place = await startTrailServer()
    await startTrail(place.client)
    const since = place.server.clock.now()
    place.server.clock.advance(5)
    await place.client.send(new StartLoggingCommand({ Name: ARN }))
    const status = async () => place.client.send(new GetTrailStatusCommand({ Name: 'main' }))
    assert.deepEqual((await status()).StartLoggingTime, since)
    await place.client.send(new StopLoggingCommand({ Name: 'main' }))
    const stopped = place.server.clock.now()
    place.server.clock.advance(5)
    await place.client.send(new StopLoggingCommand({ Name: 'main' }))
    const { IsLogging, StopLoggingTime, TimeLoggingStopped } = await status()
    assert.deepEqual(
      [IsLogging, StopLoggingTime, TimeLoggingStopped],
      [false, stopped, `${stopped.toISOString().slice(0, 19)}Z`],
    )
  })

  test('TrailNotFoundException, CloudTrailARNInvalidException', async () => {
    await using place = await startTrailServer()
    for (const Command of [
      StartLoggingCommand,
      StopLoggingCommand,
      DeleteTrailCommand,
      GetTrailStatusCommand,
    ]) {
      const ask = (Name: string) => place.client.send(new Command({ Name }) as StartLoggingCommand)
      await assert.rejects(ask('main'), refusal('TrailNotFoundException'))
      await assert.rejects(
        ask('arn:aws:cloudtrail:us-east-1:1:main'),
        refusal('CloudTrailARNInvalidException'),
      )
    }
  })
})

describe('what is forbidden and what is missing', () => {
  test('look alike to whoever may not see either, and another account’s trail is nobody’s', async () => {
    await using place = await startTrailServer()
    await create(place.client)
    const eve = await place.server.user({ Effect: 'Allow', Action: 'sts:*', Resource: '*' })
    const sentence = async (Name: string) => {
      const failed = await place
        .as(eve)
        .send(new GetTrailCommand({ Name }))
        .catch((error: unknown) => error)
      assert.ok(failed instanceof Error)
      assert.equal(failed.name, 'AccessDeniedException')
      return failed.message.replaceAll(Name, 'NAME')
    }
    assert.equal(await sentence('main'), await sentence('nope'))
    const stranger = place.as(place.server.otherAdmin)
    await assert.rejects(
      stranger.send(new DeleteTrailCommand({ Name: ARN })),
      refusal('AccessDeniedException'),
    )
    await assert.rejects(
      stranger.send(new GetTrailCommand({ Name: 'main' })),
      refusal('TrailNotFoundException', `Unknown trail: main for the user: ${OTHER_ACCOUNT}`),
    )
  })
})

describe('event selectors', () => {
  test('200 — every management event until some are put; basic and advanced ones replace each other', async () => {
    await using place = await startTrailServer()
    await create(place.client)
    const get = async () => {
      const { EventSelectors, AdvancedEventSelectors } = await place.client.send(
        new GetEventSelectorsCommand({ TrailName: 'main' }),
      )
      return { EventSelectors, AdvancedEventSelectors }
    }
    const every = {
      ReadWriteType: 'All',
      IncludeManagementEvents: true,
      DataResources: [],
      ExcludeManagementEventSources: [],
    }
    assert.deepEqual(await get(), { EventSelectors: [every], AdvancedEventSelectors: undefined })
    const AdvancedEventSelectors = [
      {
        Name: 'writes without KMS',
        FieldSelectors: [
          { Field: 'eventCategory', Equals: ['Management'] },
          { Field: 'readOnly', Equals: ['false'] },
          { Field: 'eventSource', NotEquals: ['kms.amazonaws.com'] },
        ],
      },
    ]
    await place.client.send(new PutEventSelectorsCommand({ TrailName: ARN, AdvancedEventSelectors }))
    assert.deepEqual(await get(), { EventSelectors: undefined, AdvancedEventSelectors })
    const { Trail } = await place.client.send(new GetTrailCommand({ Name: 'main' }))
    assert.equal(Trail?.HasCustomEventSelectors, true)
    const EventSelectors = [{ ReadWriteType: 'ReadOnly' as const }]
    await place.client.send(new PutEventSelectorsCommand({ TrailName: 'main', EventSelectors }))
    assert.deepEqual((await get()).EventSelectors, [{ ...every, ReadWriteType: 'ReadOnly' }])
  })

  test('InvalidEventSelectorsException — data events, nothing at all, too many, or fields that are not a trail’s', async () => {
    await using place = await startTrailServer()
    await create(place.client)
    const put = (input: object) =>
      place.client.send(new PutEventSelectorsCommand({ TrailName: 'main', ...input }))
    const management = { Field: 'eventCategory', Equals: ['Management'] }
    const advanced = (...FieldSelectors: object[]) => ({ AdvancedEventSelectors: [{ FieldSelectors }] })
    for (const input of [
      {},
      { EventSelectors: [] },
      { EventSelectors: Array(6).fill({}) },
      { EventSelectors: [{ IncludeManagementEvents: false }] },
      { EventSelectors: [{ DataResources: [{ Type: 'AWS::S3::Object', Values: ['arn:aws:s3:::x/'] }] }] },
      { EventSelectors: [{ ExcludeManagementEventSources: ['iam.amazonaws.com'] }] },
      advanced({ Field: 'readOnly', Equals: ['true'] }),
      advanced({ Field: 'eventCategory', Equals: ['Data'] }),
      advanced({ Field: 'eventCategory', NotEquals: ['Data'] }),
      advanced(management, { Field: 'readOnly', Equals: ['maybe'] }),
      advanced(management, { Field: 'readOnly', Equals: ['true', 'false'] }),
      advanced(management, { Field: 'eventSource', Equals: ['kms.amazonaws.com'] }),
      advanced(management, { Field: 'eventName', Equals: ['GetSecretValue'] }),
      advanced(management, management),
    ])
      await assert.rejects(put(input), refusal('InvalidEventSelectorsException'), JSON.stringify(input))
    const both = { EventSelectors: [{}], ...advanced(management) }
    await assert.rejects(put(both), refusal('InvalidParameterCombinationException'))
  })
})

describe('tags', () => {
  test('200 — are added, replaced, listed and removed, and policies see them', async () => {
    await using place = await startTrailServer()
    await create(place.client, { TagsList: [{ Key: 'team', Value: 'red' }] })
    const add = (...TagsList: { Key: string; Value?: string }[]) =>
      place.client.send(new AddTagsCommand({ ResourceId: ARN, TagsList }))
    await add({ Key: 'team', Value: 'blue' }, { Key: 'env', Value: 'prod' })
    const list = async () =>
      (await place.client.send(new ListTagsCommand({ ResourceIdList: [ARN] }))).ResourceTagList?.[0]?.TagsList
    assert.deepEqual(await list(), [
      { Key: 'team', Value: 'blue' },
      { Key: 'env', Value: 'prod' },
    ])
    const eve = await place.server.user({
      Effect: 'Allow',
      Action: 'cloudtrail:GetTrail',
      Resource: '*',
      Condition: { StringEquals: { 'aws:ResourceTag/team': 'blue' } },
    })
    assert.ok(await place.as(eve).send(new GetTrailCommand({ Name: 'main' })))
    await place.client.send(new RemoveTagsCommand({ ResourceId: ARN, TagsList: [{ Key: 'team' }] }))
    assert.deepEqual(await list(), [{ Key: 'env', Value: 'prod' }])
    await assert.rejects(
      place.as(eve).send(new GetTrailCommand({ Name: 'main' })),
      refusal('AccessDeniedException'),
    )
  })

  test('InvalidTagParameterException, TagsLimitExceededException, CloudTrailARNInvalidException, TrailNotFoundException', async () => {
    await using place = await startTrailServer()
    await create(place.client)
    const add = (TagsList: { Key: string; Value: string }[], ResourceId = ARN) =>
      place.client.send(new AddTagsCommand({ ResourceId, TagsList }))
    const many = Array.from({ length: 51 }, (_, i) => ({ Key: `k${i}`, Value: 'v' }))
    await assert.rejects(add(many), refusal('TagsLimitExceededException'))
    await assert.rejects(add([{ Key: 'aws:x', Value: 'v' }]), refusal('InvalidTagParameterException'))
    const twins = [
      { Key: 'a', Value: 'v' },
      { Key: 'A', Value: 'v' },
    ]
    await assert.rejects(add(twins), refusal('InvalidTagParameterException'))
    await assert.rejects(add(twins, 'main'), refusal('CloudTrailARNInvalidException'))
    await assert.rejects(add(twins, `${ARN}-2`), refusal('TrailNotFoundException'))
    const ResourceIdList = Array<string>(21).fill(ARN)
    await assert.rejects(
      place.client.send(new ListTagsCommand({ ResourceIdList })),
      refusal('InvalidParameterCombinationException'),
    )
  })
})

describe('ListPublicKeys', () => {
  test('200 — none before the first digest, then its key for every time that it was valid in', async () => {
    await using place = await startTrailServer()
    assert.deepEqual((await place.client.send(new ListPublicKeysCommand({}))).PublicKeyList, [])
    await startTrail(place.client, { EnableLogFileValidation: true })
    await place.pass(0)
    await place.pass(3600)
    const client = place.as(place.server.admin)
    const { PublicKeyList = [] } = await client.send(new ListPublicKeysCommand({}))
    assert.equal(PublicKeyList.length, 1)
    assert.match(PublicKeyList[0]?.Fingerprint ?? '', /^[0-9a-f]{32}$/)
    assert.ok((PublicKeyList[0]?.Value?.length ?? 0) > 200)
    const before = { StartTime: new Date(0), EndTime: new Date(1000) }
    assert.deepEqual((await client.send(new ListPublicKeysCommand(before))).PublicKeyList, [])
    await assert.rejects(
      client.send(new ListPublicKeysCommand({ StartTime: new Date(2000), EndTime: new Date(1000) })),
      refusal('InvalidTimeRangeException'),
    )
  })
})

describe('the auditor of docs/guides/trail-export.md', () => {
  test('looks up events, and does nothing else', async () => {
    await using place = await startTrailServer()
    await startTrail(place.client)
    const guide = readFileSync(
      join(import.meta.dirname, '../../../../../docs/guides/trail-export.md'),
      'utf8',
    )
    const text = /<!-- auditor role -->\n```json\n([\s\S]*?)```/.exec(guide)?.[1] ?? ''
    const { Statement } = JSON.parse(text) as { Statement: object[] }
    const auditor = place.as(await place.server.user(...Statement))
    assert.ok((await auditor.send(new LookupEventsCommand({}))).Events?.length)
    const denied = refusal('AccessDeniedException')
    await assert.rejects(auditor.send(new StopLoggingCommand({ Name: 'main' })), denied)
    await assert.rejects(auditor.send(new DeleteTrailCommand({ Name: 'main' })), denied)
    await assert.rejects(auditor.send(new UpdateTrailCommand({ Name: 'main', S3KeyPrefix: 'x' })), denied)
    await assert.rejects(
      auditor.send(new PutEventSelectorsCommand({ TrailName: 'main', EventSelectors: [{}] })),
      denied,
    )
    await assert.rejects(auditor.send(new GetTrailStatusCommand({ Name: 'main' })), denied)
  })
})
