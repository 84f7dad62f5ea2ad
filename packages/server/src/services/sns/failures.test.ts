import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail'
import { PublishCommand, SetTopicAttributesCommand, SubscribeCommand } from '@aws-sdk/client-sns'
import { Mailer } from '../../notify/mailer.ts'
import { openMessage } from '../../notify/notice.ts'
import { systemTimer } from '../../platform/timer.ts'
import { MailReceiver } from '../../testing/mail-receiver.ts'
import { type Scene, startScene } from './sns.test-support.ts'

const ARN = 'arn:aws:sns:us-east-1:111122223333:alerts'
const PLACE = { account: '111122223333', region: 'us-east-1' }

function publish({ sns }: Scene, Message = 'm') {
  return sns.send(new PublishCommand({ TopicArn: ARN, Message }))
}

function noticesAt({ web }: Scene): number {
  return web.messages('Notification').length
}

describe('a delivery that fails', () => {
  test('is tried three times more, 20 seconds apart, and is then a dead letter that the trail tells of', async () => {
    await using scene = await startScene()
    const arn = await scene.subscribeWeb()
    scene.web.answer = (response) => void response.writeHead(500).end('secret of the receiver')
    const { MessageId = '' } = await publish(scene, 'the message')
    await scene.settle()
    assert.equal(noticesAt(scene), 1)
    await scene.pass(19)
    assert.equal(noticesAt(scene), 1)
    await scene.pass(1)
    assert.equal(noticesAt(scene), 2)
    for (let i = 0; i < 5; i++) await scene.pass(20)
    assert.equal(noticesAt(scene), 4)

    const { store, keyring } = scene.server.house
    const [letter, ...more] = await store.read.notices.deadLetters(PLACE, 10)
    assert.deepEqual(more, [])
    assert.equal(letter?.reason, 'status-500')
    assert.equal(letter?.attempts, 4)
    assert.equal(letter?.subscriptionArn, arn)
    assert.equal(
      openMessage(keyring, PLACE, MessageId, letter?.sealed ?? new Uint8Array()).message,
      'the message',
    )
    assert.equal(await store.read.notices.notice(PLACE, MessageId), undefined)

    const cloudtrail = scene.server.sdk(CloudTrailClient, scene.server.admin)
    const { Events } = await cloudtrail.send(
      new LookupEventsCommand({
        LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'NotificationDeliveryFailed' }],
      }),
    )
    const event = JSON.parse(Events?.[0]?.CloudTrailEvent ?? '')
    assert.equal(event.additionalEventData.messageId, MessageId)
    assert.equal(event.additionalEventData.reason, 'status-500')
    assert.doesNotMatch(JSON.stringify(event), /secret of the receiver|the message|127\.0\.0\.1/)
    // The question whether the subscription is wanted was delivered; attempts that are made again are not counted.
    const counted = scene.server.metrics.text().match(/^lockstep_notification_deliveries_total.*$/gm)
    assert.deepEqual(counted, [
      'lockstep_notification_deliveries_total{protocol="http",outcome="delivered"} 1',
      'lockstep_notification_deliveries_total{protocol="http",outcome="failed"} 1',
    ])
  })

  test('with 4xx is not tried again, but with 429 it is', async () => {
    await using scene = await startScene()
    await scene.subscribeWeb()
    scene.web.answer = (response) => void response.writeHead(429).end()
    await publish(scene)
    await scene.settle()
    scene.web.answer = (response) => void response.writeHead(403).end()
    await scene.pass(20)
    for (let i = 0; i < 3; i++) await scene.pass(20)
    assert.equal(noticesAt(scene), 2)
    assert.equal(
      (await scene.server.house.store.read.notices.deadLetters(PLACE, 10))[0]?.reason,
      'status-403',
    )
  })

  test('succeeds later once, and is then done', async () => {
    await using scene = await startScene()
    await scene.subscribeWeb()
    scene.web.answer = (response) => void response.writeHead(503).end()
    await publish(scene)
    await scene.settle()
    scene.web.answer = (response) => void response.writeHead(204).end()
    for (let i = 0; i < 3; i++) await scene.pass(20)
    assert.equal(noticesAt(scene), 2)
    assert.deepEqual(await scene.server.house.store.read.notices.deadLetters(PLACE, 10), [])
  })

  test('follows the subscription’s own delivery policy', async () => {
    await using scene = await startScene()
    const healthyRetryPolicy = { numRetries: 2, numNoDelayRetries: 1, minDelayTarget: 5, maxDelayTarget: 5 }
    await scene.subscribeWeb({ DeliveryPolicy: JSON.stringify({ healthyRetryPolicy }) })
    scene.web.answer = (response) => void response.writeHead(500).end()
    await publish(scene)
    await scene.settle()
    assert.equal(noticesAt(scene), 2)
    await scene.pass(5)
    for (let i = 0; i < 3; i++) await scene.pass(60)
    assert.equal(noticesAt(scene), 3)
  })

  test('to one subscription does not keep another from its message', async () => {
    await using scene = await startScene()
    await scene.subscribeWeb()
    await scene.subscribeWeb({}, `${scene.web.url}/second`)
    let calls = 0
    scene.web.answer = (response) => void response.writeHead(++calls === 1 ? 500 : 200).end()
    await publish(scene)
    await scene.settle()
    assert.equal(noticesAt(scene), 2)
    await scene.pass(20)
    assert.equal(noticesAt(scene), 3)
  })

  test('of a question whether it is wanted is a dead letter without a message', async () => {
    await using scene = await startScene()
    scene.web.answer = (response) => void response.writeHead(404).end()
    await scene.sns.send(new SubscribeCommand({ TopicArn: ARN, Protocol: 'http', Endpoint: scene.web.url }))
    await scene.settle()
    const [letter] = await scene.server.house.store.read.notices.deadLetters(PLACE, 10)
    assert.equal(letter?.reason, 'status-404')
    assert.equal(letter?.sealed, undefined)
  })

  test('of a mail that the server refuses for good is a dead letter at once', async () => {
    await using scene = await startScene()
    scene.mail.refusal = Object.assign(new Error('no such user'), { responseCode: 550 })
    await scene.sns.send(
      new SubscribeCommand({ TopicArn: ARN, Protocol: 'email', Endpoint: 'ada@example.com' }),
    )
    await scene.settle()
    const [letter] = await scene.server.house.store.read.notices.deadLetters(PLACE, 10)
    assert.equal(letter?.reason, 'mail-refused')
    assert.equal(letter?.attempts, 1)
  })

  test('to a function that its policy does not open to SNS is a dead letter, and it is not invoked', async () => {
    await using scene = await startScene()
    const Endpoint = 'arn:aws:lambda:us-east-1:111122223333:function:lockstep-rotate-random-password'
    const { SubscriptionArn } = await scene.sns.send(
      new SubscribeCommand({ TopicArn: ARN, Protocol: 'lambda', Endpoint }),
    )
    assert.match(SubscriptionArn ?? '', /^arn:/)
    await publish(scene)
    await scene.settle()
    const [letter] = await scene.server.house.store.read.notices.deadLetters(PLACE, 10)
    assert.equal(letter?.reason, 'function-not-permitted')
  })
})

/** What may end a header or begin one, as it is and in the disguises in which it passes filters. */
const BREAKS = [
  '\r\n',
  '\n',
  '\r',
  '\r\n ',
  '\n\t',
  '\u2028',
  '\u2029',
  '\u0085',
  '\v',
  '\f',
  '\0',
  '\r\n\r\n',
  '%0d%0a',
  '=0D=0A',
  '=?utf-8?Q?=0D=0A?=',
  '\\r\\n',
]
const HEADERS = [
  'Bcc: eve@example.com',
  'To: eve@example.com',
  'Content-Type: text/html',
  'Reply-To: eve@example.com',
]

describe('nothing in a notice becomes a header of its mail', () => {
  test('whatever subject, name and text: 64 attacks', async () => {
    await using receiver = await MailReceiver.open()
    const { hostname: host, port } = new URL(receiver.url)
    using mailer = new Mailer(
      { host, port: Number(port), secure: false, demandTls: false, from: 'lockstep@example.com' },
      systemTimer,
    )
    const attacks = BREAKS.flatMap((end) =>
      HEADERS.map((header) => `x${end}${header}${end}${end}<b>body</b>`),
    )
    assert.equal(attacks.length, 64)
    for (const attack of attacks) {
      await mailer.send({
        to: 'ada@example.com',
        name: attack,
        subject: attack,
        text: attack,
        id: 'id',
        at: new Date('2026-01-15T10:00:00Z'),
      })
      const mail = receiver.mails.at(-1)
      assert.deepEqual(mail?.to, ['ada@example.com'], JSON.stringify(attack))
      assert.deepEqual(
        [...(mail?.headers.keys() ?? [])].toSorted(),
        [
          'auto-submitted',
          'content-transfer-encoding',
          'content-type',
          'date',
          'from',
          'message-id',
          'mime-version',
          'subject',
          'to',
        ],
        JSON.stringify(attack),
      )
      assert.ok(
        [...(mail?.headers.values() ?? [])].every((values) => values.length === 1),
        JSON.stringify(attack),
      )
      assert.match(mail?.headers.get('content-type')?.[0] ?? '', /^text\/plain/)
      assert.match(mail?.headers.get('from')?.[0] ?? '', /<lockstep@example\.com>$/)
    }
  })

  test('a topic’s display name is the sender’s', async () => {
    await using scene = await startScene()
    await scene.sns.send(
      new SetTopicAttributesCommand({
        TopicArn: ARN,
        AttributeName: 'DisplayName',
        AttributeValue: 'Vault, "the" <x@y.z>',
      }),
    )
    await scene.sns.send(
      new SubscribeCommand({ TopicArn: ARN, Protocol: 'email', Endpoint: 'ada@example.com' }),
    )
    await scene.settle()
    assert.match(scene.mail.mails[0]?.headers.get('from')?.[0] ?? '', /<lockstep@example\.com>$/)
  })
})
