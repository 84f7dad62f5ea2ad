/** Rows 65, 66, 104 and 106 of the acceptance catalogue: the guides' own commands, a mail server, webhooks, functions. */
import assert from 'node:assert/strict'
import { describe, type TestContext } from 'node:test'
import type { LookupEventsResponse } from '@aws-sdk/client-cloudtrail'
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge'
import { AddPermissionCommand, LambdaClient } from '@aws-sdk/client-lambda'
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { AlertWorld, follow } from './alert-world.ts'
import { needing } from './components.ts'
import { shellBlocks } from './guide.ts'
import { type Keys, newUser, sdk } from './sdk.ts'
import { isSignedBy } from './sns-signature.ts'
import { until } from './until.ts'

/** What an alert may take from the attempt on. */
const ALERT_LIMIT_MS = 5_000
/** For what takes a process of its own, on a machine that does much else. */
const SLOW_LIMIT_MS = 30_000
const MINUTE_MS = 60_000
/** A rule whose time is nearer than this might not have its target yet. */
const AHEAD_MS = 10_000

const RECIPIENT = 'security@example.com'
const [MAKE_TOPIC = '', ADMIT_RULE = '', MAKE_RULE = ''] = shellBlocks(
  'events.md',
  'An alert on DeleteSecret',
)

type Message = Readonly<Record<string, string>>
interface Told {
  readonly source: string
  readonly time: string
  readonly 'detail-type': string
  readonly resources: readonly string[]
  readonly detail: { readonly eventName?: string; readonly errorCode?: string; readonly eventID?: string }
}

describe('alerts', () => {
  const { test, before, after } = needing('aws-cli', 'openssl')
  let world: AlertWorld
  let topic: string
  let stranger: Keys
  let tickAt: Date
  before(async () => {
    world = await AlertWorld.start()
    topic = world.arn('sns', 'alerts')
    stranger = await newUser(world.admin, 'stranger')
    await world.newRelays('alarm', 'slack')
    tickAt = await startTicking()
  })
  after(async () => {
    await using running = world
    await running?.server.stop()
  })

  /** A rule each minute and one of the next minute alone, both told to a function. */
  async function startTicking(): Promise<Date> {
    const at = new Date(Math.ceil((Date.now() + AHEAD_MS) / MINUTE_MS) * MINUTE_MS)
    const [month, day] = [at.getUTCMonth() + 1, at.getUTCDate()]
    const cron = `cron(${at.getUTCMinutes()} ${at.getUTCHours()} ${day} ${month} ? ${at.getUTCFullYear()})`
    const events = sdk(EventBridgeClient, world.admin)
    const FunctionName = 'alarm'
    await sdk(LambdaClient, world.admin).send(
      new AddPermissionCommand({
        FunctionName,
        StatementId: 'ticks',
        Action: 'lambda:InvokeFunction',
        Principal: 'events.amazonaws.com',
        SourceArn: world.arn('events', 'rule/tick-*'),
      }),
    )
    for (const [Name, ScheduleExpression] of [
      ['tick-once', cron],
      ['tick-rate', 'rate(1 minute)'],
    ]) {
      await events.send(new PutRuleCommand({ Name, ScheduleExpression }))
      const Targets = [{ Id: 'alarm', Arn: world.arn('lambda', 'function:alarm') }]
      await events.send(new PutTargetsCommand({ Rule: Name, Targets }))
    }
    return at
  }

  function notices(): readonly Message[] {
    return world.web.messages('Notification')
  }

  function relayedEvents(): readonly Told[] {
    return world.relayed.received
      .filter(({ path }) => path.endsWith('?alarm'))
      .map(({ body }) => JSON.parse(body) as Told) // what EventBridge tells, as it is
  }

  /** An attempt, and how long after it began and after it was answered both the mail and the webhook had it. */
  async function alerted(t: TestContext, what: string, attempt: () => Promise<unknown>): Promise<Message> {
    const [mails, posts] = [world.mail.mails.length, notices().length]
    const beganAt = performance.now()
    await attempt()
    const answeredAt = performance.now()
    const arrivals = await Promise.all([
      until('mail', ALERT_LIMIT_MS, () => world.mail.mails[mails] && performance.now()),
      until('webhook', ALERT_LIMIT_MS, () => notices()[posts] && performance.now()),
    ])
    const shown = arrivals.map((at) => `${Math.round(at - beganAt)} (${Math.round(at - answeredAt)})`)
    t.diagnostic(`${what}: mail and webhook ${shown.join(' and ')} ms after the attempt (after its answer)`)
    const message = notices()[posts] ?? {}
    assert.ok(await isSignedBy(message, world.server.url))
    const mail = world.mail.mails[mails]
    assert.deepEqual(mail?.to, [RECIPIENT])
    assert.ok(mail?.text.includes(message.Message ?? 'no text'), mail?.text)
    return message
  }

  test('row 65: a mail asks whether the subscription is wanted, and nothing else comes until its link was opened', async () => {
    await world.shell.run(MAKE_TOPIC)
    const question = await until('mail', ALERT_LIMIT_MS, () => world.mail.mails[0])
    assert.deepEqual(question.to, [RECIPIENT])
    assert.equal(question.from, 'lockstep@example.com')
    await world.cli.run('sns publish', { 'topic-arn': topic, message: 'too early' })
    const { stdout: pending } = await world.cli.call('sns list-subscriptions')
    assert.match(pending, /"PendingConfirmation"/)
    const [link = ''] = /http:\S+/.exec(question.text) ?? []
    assert.match(await follow(link), /<SubscriptionArn>arn:aws:sns:us-east-1:111122223333:alerts:/)
    await world.cli.run('sns publish', { 'topic-arn': topic, subject: 'Hello', message: 'in time' })
    const mail = await until('mail', ALERT_LIMIT_MS, () => world.mail.mails[1])
    assert.match(mail.text, /in time/)
    assert.deepEqual(mail.headers.get('subject'), ['Hello'])
  })

  test('row 66: a webhook confirms by the link it is posted, and what it is told bears a signature that verifies', async () => {
    const subscription = { protocol: 'https', 'notification-endpoint': world.web.url }
    await world.cli.run('sns subscribe', { 'topic-arn': topic, ...subscription })
    const asked = () => world.web.messages('SubscriptionConfirmation')[0]
    const question = await until('question', ALERT_LIMIT_MS, asked)
    assert.equal(question.TopicArn, topic)
    assert.ok(await isSignedBy(question, world.server.url))
    assert.ok(!(await isSignedBy({ ...question, SubscribeURL: 'http://127.0.0.1/' }, world.server.url)))
    await follow(question.SubscribeURL ?? '')
    for (const version of ['2', '1']) {
      const attribute = { 'attribute-name': 'SignatureVersion', 'attribute-value': version }
      await world.cli.run('sns set-topic-attributes', { 'topic-arn': topic, ...attribute })
      const { MessageId } = await world.cli.run<Message>('sns publish', {
        'topic-arn': topic,
        message: `signed by version ${version}`,
        subject: 'Versions',
      })
      const found = () => notices().find((message) => message.MessageId === MessageId)
      const notice = await until('notice', ALERT_LIMIT_MS, found)
      assert.equal(notice.SignatureVersion, version)
      assert.ok(await isSignedBy(notice, world.server.url))
      assert.ok(!(await isSignedBy({ ...notice, Message: 'another' }, world.server.url)))
    }
    const last = world.web.received.at(-1)
    assert.equal(last?.headers['x-amz-sns-message-type'], 'Notification')
    assert.equal(last?.headers['x-amz-sns-topic-arn'], topic)
  })

  test('row 106: an attempt at DeleteSecret, allowed or denied, is told by mail and webhook within seconds', async (t) => {
    await world.shell.run(ADMIT_RULE)
    await world.shell.run(MAKE_RULE)
    const secrets = sdk(SecretsManagerClient, world.admin)
    for (const Name of ['by-command', 'by-sdk']) {
      await secrets.send(new CreateSecretCommand({ Name, SecretString: 'a value that no alert tells' }))
    }
    const denied = await alerted(t, 'aws delete-secret, denied', () =>
      world.cli.as(stranger).refused('secretsmanager delete-secret', { 'secret-id': 'by-command' }),
    )
    assert.match(denied.Message ?? '', /:user\/stranger asked to delete by-command\. AccessDenied/)
    const allowed = await alerted(t, 'aws delete-secret, allowed', () =>
      world.cli.run('secretsmanager delete-secret', { 'secret-id': 'by-command' }),
    )
    assert.match(allowed.Message ?? '', /asked to delete by-command\. "?$/)
    const command = new DeleteSecretCommand({ SecretId: 'by-sdk' })
    const outsider = sdk(SecretsManagerClient, { ...world.admin, keys: stranger })
    await alerted(t, 'DeleteSecret, denied', () =>
      assert.rejects(outsider.send(command), { name: 'AccessDeniedException' }),
    )
    await alerted(t, 'DeleteSecret, allowed', () => secrets.send(command))
    const everything = JSON.stringify([world.mail.mails, world.web.received])
    assert.ok(!everything.includes('a value that no alert tells'))
    assert.ok(!everything.includes('too early'))
  })

  test('a function is a target, and another a subscription, as the guides say', async () => {
    const [addTarget = ''] = shellBlocks('events.md', 'A function as target')
    const [subscribe = ''] = shellBlocks('notifications.md', 'A function that tells Slack')
    await world.shell.run(addTarget)
    await world.shell.run(subscribe, { TOPIC: topic, FUNCTION_ARN: world.arn('lambda', 'function:slack') })
    const attempt = new DeleteSecretCommand({ SecretId: 'not-there' })
    await assert.rejects(sdk(SecretsManagerClient, world.admin).send(attempt))
    const event = await until('event', SLOW_LIMIT_MS, () =>
      relayedEvents().find(({ detail }) => detail.eventName === 'DeleteSecret'),
    )
    assert.equal(event['detail-type'], 'AWS API Call via CloudTrail')
    assert.equal(event.detail.errorCode, 'ResourceNotFoundException')
    const record = await until('record', SLOW_LIMIT_MS, () =>
      world.relayed.received.find(({ path }) => path.endsWith('?slack')),
    )
    const [{ EventSource, Sns }] = JSON.parse(record.body).Records
    assert.equal(EventSource, 'aws:sns')
    assert.equal(Sns.TopicArn, topic)
    assert.match(Sns.Message, /asked to delete not-there/)
  })

  test('rows 104 and 106: rotations that succeed or fail are told, and reads are where the rule asks for them', async () => {
    const [putReadRule = ''] = shellBlocks('events.md', 'Calls that only look')
    await world.shell.run(putReadRule)
    const events = sdk(EventBridgeClient, world.admin)
    const pattern = {
      'detail-type': ['AWS Service Event via CloudTrail'],
      detail: { eventName: ['RotationSucceeded', 'RotationFailed'] },
    }
    await events.send(new PutRuleCommand({ Name: 'tick-rotation', EventPattern: JSON.stringify(pattern) }))
    const Targets = [{ Id: 'alarm', Arn: world.arn('lambda', 'function:alarm') }]
    await events.send(new PutTargetsCommand({ Rule: 'tick-rotation', Targets }))
    await sdk(LambdaClient, world.admin).send(
      new AddPermissionCommand({
        FunctionName: 'alarm',
        StatementId: 'reads',
        Action: 'lambda:InvokeFunction',
        Principal: 'events.amazonaws.com',
        SourceArn: world.arn('events', 'rule/secret-read'),
      }),
    )
    await events.send(new PutTargetsCommand({ Rule: 'secret-read', Targets }))
    for (const [name, rotator, value] of [
      ['rotates', 'lockstep-rotate-random-password', { username: 'u', password: 'old' }],
      ['rotates-not', 'lockstep-rotate-postgresql', { engine: 'none', username: 'u', password: 'old' }],
    ] as const) {
      const lambda = { 'rotation-lambda-arn': world.arn('lambda', `function:${rotator}`) }
      await world.cli.run('secretsmanager create-secret', { name, 'secret-string': JSON.stringify(value) })
      await world.cli.run('secretsmanager rotate-secret', { 'secret-id': name, ...lambda })
    }
    await world.cli.run('secretsmanager get-secret-value', { 'secret-id': 'rotates' })
    for (const name of ['RotationSucceeded', 'RotationFailed', 'GetSecretValue']) {
      await until(`event ${name}`, SLOW_LIMIT_MS, () =>
        relayedEvents().find(({ detail }) => detail.eventName === name),
      )
    }
  })

  test('row 104: lookup-events shows the calls on secrets, the denied ones and what rotation did', async () => {
    const filter = ['AttributeKey=EventSource,AttributeValue=secretsmanager.amazonaws.com']
    const { Events = [] } = await world.cli.run<LookupEventsResponse>('cloudtrail lookup-events', {
      'lookup-attributes': filter,
    })
    const records = Events.map(({ CloudTrailEvent = '' }) => JSON.parse(CloudTrailEvent))
    const shown = new Set(records.map(({ eventName, eventType }) => `${eventName} ${eventType}`))
    for (const name of ['CreateSecret', 'GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage']) {
      assert.ok(shown.has(`${name} AwsApiCall`), `${name} is not among ${[...shown]}`)
    }
    for (const name of ['RotationStarted', 'RotationSucceeded', 'RotationFailed']) {
      assert.ok(shown.has(`${name} AwsServiceEvent`), `${name} is not among ${[...shown]}`)
    }
    const denied = records.filter(({ errorCode = '' }) => /^AccessDenied/.test(errorCode))
    assert.deepEqual(
      denied.map(({ eventName, userIdentity }) => [eventName, userIdentity.userName]),
      [
        ['DeleteSecret', 'stranger'],
        ['DeleteSecret', 'stranger'],
      ],
    )
  })

  test('what is given up is on the trail, for the aws command and for lockstep, and is counted', async () => {
    const { web, admin } = world
    const events = sdk(EventBridgeClient, admin)
    const EventPattern = JSON.stringify({ detail: { eventName: ['DeleteSecret'] } })
    await events.send(new PutRuleCommand({ Name: 'not-admitted', EventPattern }))
    await events.send(new PutTargetsCommand({ Rule: 'not-admitted', Targets: [{ Id: 'topic', Arn: topic }] }))
    web.answer = (response) => void response.writeHead(400).end()
    const attempt = new DeleteSecretCommand({ SecretId: 'not-there' })
    await assert.rejects(sdk(SecretsManagerClient, admin).send(attempt))
    const counts = [
      'lockstep_event_deliveries_total{outcome="failed"} 1',
      'lockstep_notification_deliveries_total{protocol="https",outcome="failed"} 1',
    ]
    await until('count of what was given up', ALERT_LIMIT_MS, async () => {
      const lines = (await (await fetch(`${world.server.url}/metrics`)).text()).split('\n')
      return counts.every((line) => lines.includes(line)) || undefined
    })
    web.answer = (response) => void response.writeHead(200).end()
    const [lookUpEvent = ''] = shellBlocks('events.md', 'When nothing arrives')
    const [lookUpNotice = ''] = shellBlocks('notifications.md', 'Failures')
    assert.match(await world.shell.run(lookUpEvent), /rule\/not-admitted/)
    const shown = await world.shell.run(lookUpNotice)
    assert.match(shown, /^\S+Z\tNotificationDeliveryFailed\t-\tarn:aws:sns:\S+:alerts\tstatus-400$/m)
    assert.match(shown, /"EventName": "NotificationDeliveryFailed"/)
    assert.doesNotMatch(shown, /asked to delete/)
  })

  test('a rule fires at the minute of its cron once, and each minute at its rate', async (t) => {
    const ticks = (rule: string) =>
      relayedEvents().filter(({ resources }) => resources[0] === world.arn('events', `rule/${rule}`))
    await until(
      'tick',
      tickAt.getTime() - Date.now() + ALERT_LIMIT_MS + MINUTE_MS,
      () => ticks('tick-once')[0],
    )
    await until('tick', MINUTE_MS + ALERT_LIMIT_MS, () => ticks('tick-rate')[0])
    assert.deepEqual(
      ticks('tick-once').map(({ time, source, 'detail-type': type }) => [time, source, type]),
      [[`${tickAt.toISOString().slice(0, 19)}Z`, 'aws.events', 'Scheduled Event']],
    )
    const times = ticks('tick-rate').map(({ time }) => time)
    assert.equal(new Set(times).size, times.length)
    t.diagnostic(`rate(1 minute) fired at ${times.join(', ')}`)
  })
})
