import assert from 'node:assert/strict'
import { createVerify, X509Certificate } from 'node:crypto'
import { describe, test } from 'node:test'
import { PublishCommand, SetTopicAttributesCommand, SubscribeCommand } from '@aws-sdk/client-sns'
import { type Scene, startScene, textOf } from './sns.test-support.ts'

/** The procedure of AWS's documentation, written down anew. */
async function verify(message: Readonly<Record<string, string>>, { server }: Scene): Promise<boolean> {
  const names =
    message.Type === 'Notification'
      ? ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']
      : ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']
  const text = names
    .flatMap((name) => (message[name] === undefined ? [] : [`${name}\n${message[name]}\n`]))
    .join('')
  const id = /SimpleNotificationService-([0-9a-f]{32})\.pem$/.exec(message.SigningCertURL ?? '')?.[1] ?? ''
  const { publicKey } = new X509Certificate((await server.house.certificate(id)) ?? '')
  const algorithm = message.SignatureVersion === '2' ? 'RSA-SHA256' : 'RSA-SHA1'
  return createVerify(algorithm)
    .update(text)
    .verify(publicKey, message.Signature ?? '', 'base64')
}

describe('an HTTP subscription', () => {
  test('is asked first, gets nothing until it has confirmed, and then what is published', async () => {
    await using scene = await startScene()
    const { sns, topicArn: TopicArn, web } = scene
    const { SubscriptionArn } = await sns.send(
      new SubscribeCommand({ TopicArn, Protocol: 'http', Endpoint: web.url }),
    )
    assert.equal(SubscriptionArn, 'pending confirmation')
    await sns.send(new PublishCommand({ TopicArn, Message: 'too early' }))
    await scene.settle()
    const [question, ...more] = web.messages()
    assert.equal(question?.Type, 'SubscriptionConfirmation')
    assert.deepEqual(more, [])
    assert.ok(await verify(question ?? {}, scene))
    assert.equal(web.received[0]?.headers['x-amz-sns-message-type'], 'SubscriptionConfirmation')
    assert.equal(web.received[0]?.headers['x-amz-sns-subscription-arn'], undefined)

    const reply = await scene.follow(question?.SubscribeURL ?? '')
    assert.equal(reply.status, 200)
    const arn = /<SubscriptionArn>(.*)<\/SubscriptionArn>/.exec(textOf(reply))?.[1]
    assert.match(arn ?? '', /^arn:aws:sns:us-east-1:111122223333:alerts:[0-9a-f-]{36}$/)

    const { MessageId } = await sns.send(
      new PublishCommand({
        TopicArn,
        Message: 'Ünlock',
        Subject: 'A subject',
        MessageAttributes: { kind: { DataType: 'String', StringValue: 'test' } },
      }),
    )
    await scene.settle()
    const [notice] = web.messages('Notification')
    assert.deepEqual(Object.keys(notice ?? {}), [
      'Type',
      'MessageId',
      'TopicArn',
      'Subject',
      'Message',
      'Timestamp',
      'SignatureVersion',
      'Signature',
      'SigningCertURL',
      'UnsubscribeURL',
      'MessageAttributes',
    ])
    assert.equal(notice?.MessageId, MessageId)
    assert.equal(notice?.Message, 'Ünlock')
    assert.equal(notice?.SignatureVersion, '1')
    assert.deepEqual(notice?.MessageAttributes, { kind: { Type: 'String', Value: 'test' } })
    assert.ok(notice?.SigningCertURL?.startsWith('https://lockstep.example.com/SimpleNotificationService-'))
    assert.ok(await verify(notice ?? {}, scene))
    assert.ok(!(await verify({ ...notice, Message: 'Lock' }, scene)))
    const { headers, method } = web.received.at(-1) ?? {}
    assert.equal(method, 'POST')
    assert.equal(headers?.['x-amz-sns-message-id'], MessageId)
    assert.equal(headers?.['x-amz-sns-topic-arn'], TopicArn)
    assert.equal(headers?.['x-amz-sns-subscription-arn'], arn)
    assert.equal(headers?.['content-type'], 'text/plain; charset=UTF-8')
    assert.equal(headers?.['user-agent'], 'Amazon Simple Notification Service Agent')
  })

  test('is signed with SHA-256 where the topic says so', async () => {
    await using scene = await startScene()
    const { sns, topicArn: TopicArn, web } = scene
    await scene.subscribeWeb()
    await sns.send(
      new SetTopicAttributesCommand({ TopicArn, AttributeName: 'SignatureVersion', AttributeValue: '2' }),
    )
    await sns.send(new PublishCommand({ TopicArn, Message: 'one' }))
    await scene.settle()
    const [notice] = web.messages('Notification')
    assert.equal(notice?.SignatureVersion, '2')
    assert.ok(await verify(notice ?? {}, scene))
    assert.ok(!(await verify({ ...notice, SignatureVersion: '1' }, scene)))
  })

  test('gets the message alone where it wants it raw', async () => {
    await using scene = await startScene()
    const { sns, topicArn: TopicArn, web } = scene
    await scene.subscribeWeb({
      RawMessageDelivery: 'true',
      DeliveryPolicy: '{"requestPolicy":{"headerContentType":"application/json"}}',
    })
    const Message = '{"text":"hello"}'
    await sns.send(new PublishCommand({ TopicArn, Message, Subject: 'unused' }))
    await scene.settle()
    assert.equal(web.received.at(-1)?.body, Message)
    assert.equal(web.received.at(-1)?.headers['x-amz-sns-rawdelivery'], 'true')
    assert.equal(web.received.at(-1)?.headers['content-type'], 'application/json')
  })

  test('gets the text that a structured message has for its protocol', async () => {
    await using scene = await startScene()
    const { sns, topicArn: TopicArn, web } = scene
    await scene.subscribeWeb()
    const texts = { default: 'for all', http: 'for http' }
    await sns.send(new PublishCommand({ TopicArn, Message: JSON.stringify(texts), MessageStructure: 'json' }))
    await sns.send(new PublishCommand({ TopicArn, Message: '{"default":"plain"}', MessageStructure: 'json' }))
    await scene.settle()
    assert.deepEqual(
      web
        .messages('Notification')
        .map(({ Message }) => Message)
        .toSorted(),
      ['for http', 'plain'],
    )
  })
})

describe('an e-mail subscription', () => {
  test('is confirmed by the link in its mail, and gets notices as plain text with a link to end it', async () => {
    await using scene = await startScene()
    const { sns, topicArn: TopicArn, mail } = scene
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'email', Endpoint: 'ada@example.com' }))
    await sns.send(new PublishCommand({ TopicArn, Message: 'too early' }))
    await scene.settle()
    assert.equal(mail.mails.length, 1)
    const [question] = mail.mails
    assert.deepEqual(question?.to, ['ada@example.com'])
    assert.equal(question?.from, 'lockstep@example.com')
    assert.deepEqual(question?.headers.get('subject'), ['AWS Notification - Subscription Confirmation'])
    const link = /https:\/\/\S+Action=ConfirmSubscription\S+/.exec(question?.text ?? '')?.[0] ?? ''
    assert.equal((await scene.follow(link)).status, 200)

    await sns.send(new PublishCommand({ TopicArn, Message: 'Disk full on db-1 – äöü', Subject: 'Alarm' }))
    await scene.settle()
    const notice = mail.mails[1]
    assert.deepEqual(notice?.headers.get('subject'), ['Alarm'])
    assert.deepEqual(notice?.headers.get('auto-submitted'), ['auto-generated'])
    assert.match(notice?.headers.get('content-type')?.[0] ?? '', /^text\/plain/)
    assert.match(notice?.text ?? '', /^Disk full on db-1 – äöü\r?\n/)
    const end = /https:\/\/\S+Action=Unsubscribe\S+/.exec(notice?.text ?? '')?.[0] ?? ''
    assert.equal((await scene.follow(end)).status, 200)
    await sns.send(new PublishCommand({ TopicArn, Message: 'too late' }))
    await scene.settle()
    assert.equal(mail.mails.length, 2)
  })

  test('in JSON gets what HTTP gets, signed', async () => {
    await using scene = await startScene()
    const { sns, topicArn: TopicArn, mail } = scene
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'email-json', Endpoint: 'ada@example.com' }))
    await scene.settle()
    const question = JSON.parse(mail.mails[0]?.text ?? '') as Record<string, string>
    assert.ok(await verify(question, scene))
  })
})
