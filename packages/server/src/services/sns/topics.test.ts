import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  AddPermissionCommand,
  CreateTopicCommand,
  DeleteTopicCommand,
  GetTopicAttributesCommand,
  ListTagsForResourceCommand,
  ListTopicsCommand,
  PublishBatchCommand,
  PublishCommand,
  RemovePermissionCommand,
  SetTopicAttributesCommand,
  SNSClient,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-sns'
import { compilePolicy } from '../../policy/compile.ts'
import { parsePolicy } from '../../policy/parse.ts'
import { admitsService } from '../../policy/service-principal.ts'
import { OTHER_ACCOUNT } from '../../testing/server.ts'
import { startScene } from './sns.test-support.ts'

const ARN = 'arn:aws:sns:us-east-1:111122223333:alerts'
const NONE = 'arn:aws:sns:us-east-1:111122223333:none'

describe('CreateTopic', () => {
  test('answers the same ARN again, and refuses other attributes or tags for the same name', async () => {
    await using scene = await startScene()
    const { sns } = scene
    const create = (more: object) => sns.send(new CreateTopicCommand({ Name: 'one', ...more }))
    const asked = { Attributes: { DisplayName: 'One' }, Tags: [{ Key: 'a', Value: 'b' }] }
    const { TopicArn } = await create(asked)
    assert.equal(TopicArn, 'arn:aws:sns:us-east-1:111122223333:one')
    assert.equal((await create(asked)).TopicArn, TopicArn)
    assert.equal((await create({})).TopicArn, TopicArn)
    await assert.rejects(create({ Attributes: { DisplayName: 'Two' } }), {
      name: 'InvalidParameterException',
      message: 'Invalid parameter: Attributes Reason: Topic already exists with different attributes',
    })
    await assert.rejects(create({ Tags: [{ Key: 'a', Value: 'c' }] }), {
      message: 'Invalid parameter: Tags Reason: Topic already exists with different tags',
    })
  })

  for (const [what, input] of [
    ['a bad name', { Name: 'a b' }],
    ['a FIFO name', { Name: 'a.fifo' }],
    ['a FIFO topic', { Name: 'a', Attributes: { FifoTopic: 'true' } }],
    ['an unknown attribute', { Name: 'a', Attributes: { Colour: 'red' } }],
    ['a display name with a line break', { Name: 'a', Attributes: { DisplayName: 'a\nBcc: b@c.d' } }],
    ['a delivery policy that is none', { Name: 'a', Attributes: { DeliveryPolicy: '{"x":1}' } }],
    ['a policy that is none', { Name: 'a', Attributes: { Policy: '{}' } }],
    ['a reserved tag', { Name: 'a', Tags: [{ Key: 'aws:a', Value: 'b' }] }],
  ] as const) {
    test(`refuses ${what} and makes nothing`, async () => {
      await using scene = await startScene()
      await assert.rejects(scene.sns.send(new CreateTopicCommand(input as never)), {
        name: 'InvalidParameterException',
      })
      assert.equal((await scene.sns.send(new ListTopicsCommand({}))).Topics?.length, 1)
    })
  }
})

describe('a topic', () => {
  test('shows its attributes as they were set', async () => {
    await using scene = await startScene()
    const { sns } = scene
    const set = (AttributeName: string, AttributeValue: string) =>
      sns.send(new SetTopicAttributesCommand({ TopicArn: ARN, AttributeName, AttributeValue }))
    await set('DisplayName', 'Alerts')
    await set('DeliveryPolicy', '{"http":{"defaultHealthyRetryPolicy":{"numRetries":5}}}')
    const { Attributes = {} } = await sns.send(new GetTopicAttributesCommand({ TopicArn: ARN }))
    assert.equal(Attributes.DisplayName, 'Alerts')
    assert.equal(Attributes.Owner, '111122223333')
    assert.equal(Attributes.SubscriptionsConfirmed, '0')
    assert.equal(
      JSON.parse(Attributes.EffectiveDeliveryPolicy ?? '').http.defaultHealthyRetryPolicy.numRetries,
      5,
    )
    assert.equal(JSON.parse(Attributes.Policy ?? '').Statement[0].Sid, '__default_statement_ID')
    await assert.rejects(set('Owner', 'me'), { message: 'Invalid parameter: AttributeName' })
  })

  test('is gone once it is deleted, and deleting it again is no error', async () => {
    await using scene = await startScene()
    for (let i = 0; i < 2; i++) await scene.sns.send(new DeleteTopicCommand({ TopicArn: ARN }))
    await assert.rejects(scene.sns.send(new GetTopicAttributesCommand({ TopicArn: ARN })), {
      name: 'NotFoundException',
      message: 'Topic does not exist',
    })
  })

  test('comes in pages of a hundred', async () => {
    await using scene = await startScene()
    for (let i = 0; i < 100; i++) await scene.sns.send(new CreateTopicCommand({ Name: `t${i}` }))
    const first = await scene.sns.send(new ListTopicsCommand({}))
    assert.equal(first.Topics?.length, 100)
    const second = await scene.sns.send(new ListTopicsCommand({ NextToken: first.NextToken }))
    assert.equal(second.Topics?.length, 1)
    assert.equal(second.NextToken, undefined)
    await assert.rejects(scene.sns.send(new ListTopicsCommand({ NextToken: 'made-up' })), {
      name: 'InvalidParameterException',
    })
  })

  test('has tags that come and go', async () => {
    await using scene = await startScene()
    const { sns } = scene
    await sns.send(
      new TagResourceCommand({
        ResourceArn: ARN,
        Tags: [
          { Key: 'a', Value: 'b' },
          { Key: 'c', Value: '' },
        ],
      }),
    )
    await sns.send(new UntagResourceCommand({ ResourceArn: ARN, TagKeys: ['a'] }))
    const { Tags } = await sns.send(new ListTagsForResourceCommand({ ResourceArn: ARN }))
    assert.deepEqual(Tags, [{ Key: 'c', Value: '' }])
    await assert.rejects(sns.send(new ListTagsForResourceCommand({ ResourceArn: NONE })), {
      name: 'ResourceNotFoundException',
      message: 'Resource does not exist',
    })
    const many = Array.from({ length: 50 }, (_, i) => ({ Key: `k${i}`, Value: '' }))
    await assert.rejects(sns.send(new TagResourceCommand({ ResourceArn: ARN, Tags: many })), {
      name: 'TagLimitExceededException',
    })
  })

  test('that an ARN names badly is told what is wrong with it', async () => {
    await using scene = await startScene()
    await assert.rejects(scene.sns.send(new GetTopicAttributesCommand({ TopicArn: 'alerts' })), {
      message: 'Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1',
    })
    const elsewhere = ARN.replace('us-east-1', 'eu-west-1')
    await assert.rejects(scene.sns.send(new GetTopicAttributesCommand({ TopicArn: elsewhere })), {
      message: 'Invalid parameter: TopicArn',
    })
  })
})

describe('who may', () => {
  test('a missing topic and a forbidden one look alike to whoever may not see them', async () => {
    await using scene = await startScene()
    const user = await scene.server.user()
    const as = scene.server.sdk(SNSClient, user)
    const refusal = (arn: string) => ({
      name: 'AuthorizationErrorException',
      message: `User: ${user.arn} is not authorized to perform: SNS:Publish on resource: ${arn} because no identity-based policy allows the SNS:Publish action`,
    })
    for (const TopicArn of [ARN, NONE]) {
      await assert.rejects(as.send(new PublishCommand({ TopicArn, Message: 'm' })), refusal(TopicArn))
    }
  })

  test('an identity policy for sns:Publish lets publish to that topic, an explicit denial elsewhere stays', async () => {
    await using scene = await startScene()
    await scene.sns.send(new CreateTopicCommand({ Name: 'other' }))
    const user = await scene.server.user(
      { Effect: 'Allow', Action: '*', Resource: '*' },
      { Effect: 'Deny', Action: 'sns:*', NotResource: ARN },
    )
    const as = scene.server.sdk(SNSClient, user)
    assert.ok((await as.send(new PublishCommand({ TopicArn: ARN, Message: 'm' }))).MessageId)
    await assert.rejects(
      as.send(new PublishCommand({ TopicArn: ARN.replace('alerts', 'other'), Message: 'm' })),
      {
        name: 'AuthorizationErrorException',
      },
    )
  })

  test('another account may once AddPermission says so, and no more after RemovePermission', async () => {
    await using scene = await startScene()
    const { sns, server } = scene
    const other = server.sdk(SNSClient, server.otherAdmin)
    const publish = () => other.send(new PublishCommand({ TopicArn: ARN, Message: 'm' }))
    await assert.rejects(publish(), { name: 'AuthorizationErrorException' })
    const add = { TopicArn: ARN, Label: 'others', AWSAccountId: [OTHER_ACCOUNT], ActionName: ['Publish'] }
    await sns.send(new AddPermissionCommand(add))
    assert.ok((await publish()).MessageId)
    await assert.rejects(sns.send(new AddPermissionCommand(add)), {
      message: 'Invalid parameter: Statement already exists',
    })
    await sns.send(new RemovePermissionCommand({ TopicArn: ARN, Label: 'others' }))
    await assert.rejects(publish(), { name: 'AuthorizationErrorException' })
    await assert.rejects(sns.send(new RemovePermissionCommand({ TopicArn: ARN, Label: 'others' })), {
      name: 'InvalidParameterException',
    })
    const fly = { ...add, ActionName: ['Fly'] }
    await assert.rejects(sns.send(new AddPermissionCommand(fly)), {
      message: 'Invalid parameter: Policy statement action out of service scope!',
    })
  })

  test('EventBridge may publish only once the topic’s policy admits it', async () => {
    await using scene = await startScene()
    const place = { account: '111122223333', region: 'us-east-1' }
    const admits = async () => {
      const topic = await scene.server.house.store.read.topics.topic(place, 'alerts')
      return admitsService(topic && compilePolicy(parsePolicy(topic.policy.bound, 'resource')), {
        service: 'events.amazonaws.com',
        action: 'sns:Publish',
        resource: ARN,
        resourceAccount: place.account,
        sourceArn: 'arn:aws:events:us-east-1:111122223333:rule/r',
        sourceAccount: place.account,
      })
    }
    assert.equal(await admits(), false)
    const Statement = {
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: 'sns:Publish',
      Resource: ARN,
    }
    const AttributeValue = JSON.stringify({ Version: '2012-10-17', Statement })
    await scene.sns.send(
      new SetTopicAttributesCommand({ TopicArn: ARN, AttributeName: 'Policy', AttributeValue }),
    )
    assert.equal(await admits(), true)
  })
})

describe('Publish refuses', () => {
  const bad: readonly (readonly [string, object, string])[] = [
    ['an empty message', { Message: '' }, 'Invalid parameter: Empty message'],
    ['more than 256 KiB', { Message: 'x'.repeat(256 * 1024 + 1) }, 'Invalid parameter: Message too long'],
    ['a subject of 101 characters', { Message: 'm', Subject: 'x'.repeat(101) }, 'Invalid parameter: Subject'],
    ['a subject with a line break', { Message: 'm', Subject: 'a\nb' }, 'Invalid parameter: Subject'],
    ['a subject beyond ASCII', { Message: 'm', Subject: 'ä' }, 'Invalid parameter: Subject'],
    ['an empty subject', { Message: 'm', Subject: '' }, 'Invalid parameter: Subject'],
    [
      'a structure that is no JSON',
      { Message: 'm', MessageStructure: 'json' },
      'Invalid parameter: Message Structure - JSON message body failed to parse',
    ],
    [
      'a structure without a default',
      { Message: '{"http":"x"}', MessageStructure: 'json' },
      'Invalid parameter: Message Structure - No default entry in JSON message body',
    ],
    ['another structure', { Message: 'm', MessageStructure: 'xml' }, 'Invalid parameter: MessageStructure'],
    [
      'a telephone number',
      { Message: 'm', PhoneNumber: '+15550100', TopicArn: undefined },
      'Invalid parameter: PhoneNumber Reason: SMS is not supported',
    ],
    [
      'no topic',
      { Message: 'm', TopicArn: undefined },
      'Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter',
    ],
  ]
  for (const [what, input, message] of bad) {
    test(what, async () => {
      await using scene = await startScene()
      const asked = { TopicArn: ARN, ...input } as { TopicArn: string; Message: string }
      await assert.rejects(scene.sns.send(new PublishCommand(asked)), {
        name: 'InvalidParameterException',
        message,
      })
    })
  }

  for (const [what, value] of [
    ['of an unknown type', { DataType: 'Colour', StringValue: 'x' }],
    ['without a value', { DataType: 'String' }],
    ['that is a number and is none', { DataType: 'Number', StringValue: 'x' }],
  ] as const) {
    test(`an attribute ${what}`, async () => {
      await using scene = await startScene()
      const input = { TopicArn: ARN, Message: 'm', MessageAttributes: { a: value } }
      await assert.rejects(scene.sns.send(new PublishCommand(input)), {
        name: 'InvalidParameterValueException',
      })
    })
  }

  test('nothing of a message, its subject or its attributes reaches the trail', async () => {
    await using scene = await startScene()
    const MessageAttributes = { a: { DataType: 'String', StringValue: 'attribute-text' } }
    await scene.sns.send(
      new PublishCommand({
        TopicArn: ARN,
        Message: 'message-text',
        Subject: 'subject-text',
        MessageAttributes,
      }),
    )
    const [event] = await scene.server.trail()
    assert.equal(event?.eventName, 'Publish')
    assert.equal(event?.eventSource, 'sns.amazonaws.com')
    assert.doesNotMatch(JSON.stringify(event), /message-text|subject-text|attribute-text/)
  })
})

describe('PublishBatch', () => {
  const entry = (Id: string, Message = 'm') => ({ Id, Message })

  test('publishes what is good and tells what is not', async () => {
    await using scene = await startScene()
    await scene.subscribeWeb()
    const { Successful = [], Failed = [] } = await scene.sns.send(
      new PublishBatchCommand({
        TopicArn: ARN,
        PublishBatchRequestEntries: [entry('a'), { ...entry('b'), Subject: 'x\ny' }],
      }),
    )
    assert.deepEqual(
      Successful.map(({ Id }) => Id),
      ['a'],
    )
    assert.deepEqual(Failed, [
      { Id: 'b', Code: 'InvalidParameter', Message: 'Invalid parameter: Subject', SenderFault: true },
    ])
    await scene.settle()
    assert.deepEqual(
      scene.web.messages('Notification').map(({ MessageId }) => MessageId),
      [Successful[0]?.MessageId],
    )
  })

  for (const [name, entries] of [
    ['EmptyBatchRequestException', []],
    ['TooManyEntriesInBatchRequestException', Array.from({ length: 11 }, (_, i) => entry(`${i}`))],
    ['BatchEntryIdsNotDistinctException', [entry('a'), entry('a')]],
    ['InvalidBatchEntryIdException', [entry('a b')]],
    ['BatchRequestTooLongException', [entry('a', 'x'.repeat(200_000)), entry('b', 'x'.repeat(100_000))]],
  ] as const) {
    test(`answers ${name}`, async () => {
      await using scene = await startScene()
      const input = { TopicArn: ARN, PublishBatchRequestEntries: [...entries] }
      await assert.rejects(scene.sns.send(new PublishBatchCommand(input)), { name })
    })
  }
})
