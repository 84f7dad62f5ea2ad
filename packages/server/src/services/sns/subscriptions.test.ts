import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  ConfirmSubscriptionCommand,
  CreateTopicCommand,
  GetSubscriptionAttributesCommand,
  ListSubscriptionsByTopicCommand,
  ListSubscriptionsCommand,
  PublishCommand,
  SetSubscriptionAttributesCommand,
  SNSClient,
  SubscribeCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns'
import { startServer } from '../../testing/server.ts'
import { startScene, textOf } from './sns.test-support.ts'

const ARN = 'arn:aws:sns:us-east-1:111122223333:alerts'
const THREE_DAYS = 3 * 86_400

function subscribe(sns: SNSClient, Protocol: string, Endpoint?: string, Attributes?: Record<string, string>) {
  return sns.send(new SubscribeCommand({ TopicArn: ARN, Protocol, Endpoint, Attributes }))
}

describe('Subscribe refuses', () => {
  const bad: readonly (readonly [string, string, string | undefined, string])[] = [
    [
      'sqs',
      'sqs',
      'arn:aws:sqs:us-east-1:111122223333:q',
      'Amazon SNS does not support this protocol string: sqs',
    ],
    [
      'a made-up protocol',
      'test-protocol',
      'x',
      'Amazon SNS does not support this protocol string: test-protocol',
    ],
    ['no endpoint', 'https', undefined, 'Endpoint'],
    ['https for http', 'http', 'https://example.com', 'Endpoint must match the specified protocol'],
    [
      'a password in the URL',
      'https',
      'https://a:b@example.com/',
      'Endpoint Reason: HTTP(S) endpoint is not a valid URL',
    ],
    [
      'a URL with a space',
      'https',
      'https://example.com/a b',
      'Endpoint Reason: HTTP(S) endpoint is not a valid URL',
    ],
    ['a private address', 'http', 'http://10.0.0.1/', 'Unreachable Endpoint'],
    ['the metadata of clouds', 'http', 'http://169.254.169.254/latest', 'Unreachable Endpoint'],
    ['a private address in disguise', 'http', 'http://[::ffff:a00:1]/', 'Unreachable Endpoint'],
    ['no e-mail address', 'email', 'ada', 'Email address'],
    ['an address with a display name', 'email', 'Ada <ada@example.com>', 'Email address'],
    ['two addresses', 'email', 'ada@example.com,ben@example.com', 'Email address'],
    ['an address with a header', 'email', 'ada@example.com\r\nBcc: ben@example.com', 'Email address'],
    [
      'a function that is none',
      'lambda',
      'arn:aws:lambda:us-east-1:111122223333:layer:x',
      'Lambda endpoint ARN',
    ],
  ]
  for (const [what, protocol, endpoint, reason] of bad) {
    test(`${what}, and stores nothing`, async () => {
      await using scene = await startScene({ settings: { 'allow-outbound': '192.168.7.0/24' } })
      await assert.rejects(subscribe(scene.sns, protocol, endpoint), {
        name: 'InvalidParameterException',
        message: `Invalid parameter: ${reason}`,
      })
      assert.deepEqual((await scene.sns.send(new ListSubscriptionsCommand({}))).Subscriptions ?? [], [])
    })
  }

  test('e-mail where no mail server is set', async () => {
    await using server = await startServer()
    const sns = server.sdk(SNSClient, server.admin)
    await sns.send(new CreateTopicCommand({ Name: 'alerts' }))
    await assert.rejects(subscribe(sns, 'email', 'ada@example.com'), {
      name: 'InvalidParameterException',
      message: /this server sends no mail/,
    })
  })

  const attributes: readonly (readonly [string, Record<string, string>])[] = [
    ['a filter policy that is none', { FilterPolicy: '{"a":"x"}' }],
    ['a scope that is none', { FilterPolicyScope: 'Everything' }],
    ['raw delivery that is neither', { RawMessageDelivery: 'maybe' }],
    ['a redrive policy', { RedrivePolicy: '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:111122223333:q"}' }],
    ['a delivery policy that is none', { DeliveryPolicy: '{"healthyRetryPolicy":{"numRetries":-1}}' }],
    ['what nobody knows', { Colour: 'red' }],
  ]
  for (const [what, given] of attributes) {
    test(what, async () => {
      await using scene = await startScene()
      await assert.rejects(subscribe(scene.sns, 'http', scene.web.url, given), {
        message: /^Invalid parameter: Attributes Reason: /,
      })
    })
  }
})

describe('a subscription', () => {
  test('is pending in lists until it is confirmed, and the same endpoint makes no second one', async () => {
    await using scene = await startScene()
    const { sns, web } = scene
    for (let i = 0; i < 2; i++) await subscribe(sns, 'http', web.url)
    const list = async () =>
      (await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn: ARN }))).Subscriptions
    assert.deepEqual(await list(), [
      {
        SubscriptionArn: 'PendingConfirmation',
        Owner: '111122223333',
        Protocol: 'http',
        Endpoint: web.url,
        TopicArn: ARN,
      },
    ])
    const arn = await scene.subscribeWeb()
    assert.deepEqual(
      (await list())?.map(({ SubscriptionArn }) => SubscriptionArn),
      [arn],
    )
    assert.equal((await subscribe(sns, 'http', web.url)).SubscriptionArn, arn)
    await assert.rejects(subscribe(sns, 'http', web.url, { RawMessageDelivery: 'true' }), {
      message: 'Invalid parameter: Attributes Reason: Subscription already exists with different attributes',
    })
  })

  test('ReturnSubscriptionArn answers the ARN of what is pending', async () => {
    await using scene = await startScene()
    const { SubscriptionArn = '' } = await scene.sns.send(
      new SubscribeCommand({
        TopicArn: ARN,
        Protocol: 'http',
        Endpoint: scene.web.url,
        ReturnSubscriptionArn: true,
      }),
    )
    const { Attributes } = await scene.sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }))
    assert.equal(Attributes?.PendingConfirmation, 'true')
  })

  test('shows and changes its attributes', async () => {
    await using scene = await startScene()
    const { sns } = scene
    const SubscriptionArn = await scene.subscribeWeb()
    const set = (AttributeName: string, AttributeValue: string) =>
      sns.send(new SetSubscriptionAttributesCommand({ SubscriptionArn, AttributeName, AttributeValue }))
    await set('FilterPolicyScope', 'MessageBody')
    await set('FilterPolicy', '{"a":{"b":["x"]}}')
    const get = async () =>
      (await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }))).Attributes
    assert.equal((await get())?.FilterPolicy, '{"a":{"b":["x"]}}')
    assert.equal((await get())?.PendingConfirmation, 'false')
    // The policy that is there would be none in that scope.
    await assert.rejects(set('FilterPolicyScope', 'MessageAttributes'), { name: 'InvalidParameterException' })
    await set('FilterPolicy', '{}')
    assert.equal((await get())?.FilterPolicy, undefined)
    await assert.rejects(set('Owner', 'me'), { message: 'Invalid parameter: AttributeName' })
  })

  test('gets what its filter policy lets through, and nothing else', async () => {
    await using scene = await startScene()
    await scene.subscribeWeb({ FilterPolicy: '{"kind":["wanted"]}' })
    for (const StringValue of ['wanted', 'other']) {
      await scene.sns.send(
        new PublishCommand({
          TopicArn: ARN,
          Message: StringValue,
          MessageAttributes: { kind: { DataType: 'String', StringValue } },
        }),
      )
    }
    await scene.settle()
    assert.deepEqual(
      scene.web.messages('Notification').map(({ Message }) => Message),
      ['wanted'],
    )
  })

  test('is ended by Unsubscribe, which of what is not there is no error', async () => {
    await using scene = await startScene()
    const SubscriptionArn = await scene.subscribeWeb()
    for (let i = 0; i < 2; i++) await scene.sns.send(new UnsubscribeCommand({ SubscriptionArn }))
    await assert.rejects(scene.sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn })), {
      name: 'NotFoundException',
      message: 'Subscription does not exist',
    })
  })

  test('is nobody’s to end or to see but its owner’s and the topic’s', async () => {
    await using scene = await startScene()
    const SubscriptionArn = await scene.subscribeWeb()
    const other = scene.server.sdk(SNSClient, scene.server.otherAdmin)
    await assert.rejects(other.send(new UnsubscribeCommand({ SubscriptionArn })), {
      name: 'AuthorizationErrorException',
    })
    await assert.rejects(other.send(new GetSubscriptionAttributesCommand({ SubscriptionArn })), {
      name: 'AuthorizationErrorException',
    })
    assert.deepEqual((await other.send(new ListSubscriptionsCommand({}))).Subscriptions ?? [], [])
  })

  test('that nobody confirms within three days is gone, and its token is worth nothing', async () => {
    await using scene = await startScene()
    await subscribe(scene.sns, 'http', scene.web.url)
    await scene.settle()
    const [question] = scene.web.messages()
    await scene.pass(THREE_DAYS)
    const later = scene.server.sdk(SNSClient, scene.server.admin)
    assert.deepEqual((await later.send(new ListSubscriptionsCommand({}))).Subscriptions ?? [], [])
    const reply = await scene.follow(question?.SubscribeURL ?? '')
    assert.equal(reply.status, 400)
    assert.match(textOf(reply), /Invalid parameter: Token/)
  })
})

describe('a link', () => {
  async function pending() {
    const scene = await startScene()
    await subscribe(scene.sns, 'http', scene.web.url)
    await scene.settle()
    return { scene, link: scene.web.messages()[0]?.SubscribeURL ?? '' }
  }

  test('confirms by GET alone: a mail scanner’s HEAD, and a POST, are refused', async () => {
    const { scene, link } = await pending()
    await using _ = scene
    for (const method of ['HEAD', 'POST', 'PUT']) {
      assert.ok((await scene.follow(link, { method })).status >= 400, method)
    }
    assert.equal((await scene.follow(link)).status, 200)
    assert.equal((await scene.follow(link)).status, 200, 'twice does no harm')
  })

  test('with a wrong token answers the same whether the topic, the subscription or the secret is wrong', async () => {
    const { scene, link } = await pending()
    await using _ = scene
    const token = new URL(link).searchParams.get('Token') ?? ''
    const answers = new Set<string>()
    const flipped = token.replace(/.$/, (last) => (last === '0' ? '1' : '0'))
    for (const changed of [
      link.replace(token, flipped),
      link.replace(token, `${'0'.repeat(32)}${token.slice(32)}`),
      link.replace(token, 'x'),
      link.replace('alerts', 'none'),
      link.replace('111122223333', '999999999999'),
    ]) {
      const reply = await scene.follow(changed)
      answers.add(`${reply.status} ${textOf(reply)}`)
    }
    assert.equal(answers.size, 1)
    assert.match([...answers][0] ?? '', /^400 .*Invalid parameter: Token/s)
    assert.equal(
      (await scene.sns.send(new ListSubscriptionsCommand({}))).Subscriptions?.[0]?.SubscriptionArn,
      'PendingConfirmation',
    )
  })

  test('opens nothing else: every other operation still wants a signature', async () => {
    const { scene } = await pending()
    await using _ = scene
    for (const action of ['Publish', 'ListTopics', 'Subscribe', 'DeleteTopic', 'GetTopicAttributes']) {
      const reply = await scene.follow(
        `https://lockstep.example.com/?Action=${action}&TopicArn=${ARN}&Message=m`,
      )
      assert.ok(reply.status >= 400, action)
      assert.doesNotMatch(textOf(reply), /alerts/)
    }
    const versioned = await scene.follow(`https://lockstep.example.com/?Action=ListTopics&Version=2010-03-31`)
    assert.match(textOf(versioned), /MissingAuthenticationToken/)
    const badlySigned = await scene.follow(
      `https://lockstep.example.com/?Action=Unsubscribe&SubscriptionArn=${ARN}:x&X-Amz-Signature=x`,
    )
    assert.equal(badlySigned.status >= 400, true)
  })

  test('is on the trail with nobody’s name, without its token', async () => {
    const { scene, link } = await pending()
    await using _ = scene
    await scene.follow(link)
    const event = (await scene.server.trail()).find(({ eventName }) => eventName === 'ConfirmSubscription')
    assert.deepEqual(event?.userIdentity, { type: 'Unknown' })
    assert.equal(event?.sourceIPAddress, '198.51.100.7')
    assert.doesNotMatch(JSON.stringify(event), new RegExp(new URL(link).searchParams.get('Token') ?? 'none'))
    await scene.follow(`${link}0`)
    const [refused] = await scene.server.trail()
    assert.equal(refused?.errorCode, 'InvalidParameter')
  })

  test('is throttled as calls without a good signature are', async () => {
    await using scene = await startScene({ settings: { 'limit-failed-signature': '1/2' } })
    const link = `https://lockstep.example.com/?Action=ConfirmSubscription&TopicArn=${ARN}&Token=x`
    const codes: string[] = []
    for (let i = 0; i < 3; i++)
      codes.push(/<Code>(.*)<\/Code>/.exec(textOf(await scene.follow(link)))?.[1] ?? '')
    assert.deepEqual(codes, ['InvalidParameter', 'InvalidParameter', 'Throttling'])
  })

  test('does not end a subscription that was confirmed with AuthenticateOnUnsubscribe; its owner’s call does', async () => {
    const { scene, link } = await pending()
    await using _ = scene
    const Token = new URL(link).searchParams.get('Token') ?? ''
    const { SubscriptionArn = '' } = await scene.sns.send(
      new ConfirmSubscriptionCommand({ TopicArn: ARN, Token, AuthenticateOnUnsubscribe: 'true' }),
    )
    const end = `https://lockstep.example.com/?Action=Unsubscribe&SubscriptionArn=${SubscriptionArn}`
    assert.equal((await scene.follow(end)).status, 403)
    await scene.sns.send(new UnsubscribeCommand({ SubscriptionArn }))
    assert.deepEqual((await scene.sns.send(new ListSubscriptionsCommand({}))).Subscriptions ?? [], [])
  })

  test('cannot itself ask for AuthenticateOnUnsubscribe', async () => {
    const { scene, link } = await pending()
    await using _ = scene
    await scene.follow(`${link}&AuthenticateOnUnsubscribe=true`)
    const { Subscriptions } = await scene.sns.send(new ListSubscriptionsCommand({}))
    const end = `https://lockstep.example.com/?Action=Unsubscribe&SubscriptionArn=${Subscriptions?.[0]?.SubscriptionArn}`
    assert.equal((await scene.follow(end)).status, 200)
  })

  test('its token is kept as a hash, and nowhere readable in the queue', async () => {
    await using scene = await startScene()
    await subscribe(scene.sns, 'http', scene.web.url)
    const place = { account: '111122223333', region: 'us-east-1' }
    const queued = JSON.stringify(
      await scene.server.house.store.read.jobs.list(place, 'deliver-notification'),
    )
    await scene.settle()
    const token = scene.web.messages()[0]?.Token ?? ''
    assert.match(token, /^[0-9a-f]{96}$/)
    assert.ok(!queued.includes(token.slice(32)))
    assert.ok(!queued.includes(Buffer.from(token).toString('base64')))
  })
})
