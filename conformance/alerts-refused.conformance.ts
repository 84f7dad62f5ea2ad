/** What cannot be told, or must not be, is refused before anything is stored of it. Row 65. */
import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { AwsCli } from './aws-cli.ts'
import { needing } from './components.ts'
import { sharedServer } from './server.ts'

/** Nobody listens there, and nothing is ever sent. */
const MAIL = ['--smtp-url', 'smtp://127.0.0.1:1', '--mail-from', 'lockstep@example.com']

const ENDPOINTS = [
  ['email', '', 'Endpoint'],
  ['email', 'security', 'Email address'],
  ['email', 'a@example.com,b@example.com', 'Email address'],
  ['http', 'http://169.254.169.254/latest/meta-data/', 'Unreachable Endpoint'],
  ['http', 'http://10.0.0.1/', 'Unreachable Endpoint'],
  ['http', 'http://localhost/', 'Unreachable Endpoint'],
  ['http', 'http://0x7f000001/', 'Unreachable Endpoint'],
  ['https', 'https://[::ffff:169.254.169.254]/', 'Unreachable Endpoint'],
] as const

describe('alerts', () => {
  const hooks = needing('aws-cli')
  const { test, before } = hooks
  const server = sharedServer(hooks, { flags: MAIL })
  let cli: AwsCli
  let topic: string
  before(async () => {
    cli = new AwsCli(await server().administrator())
    topic = (await cli.run<{ TopicArn: string }>('sns create-topic', { name: 'alerts' })).TopicArn
  })

  test('row 65: whom nobody may or can tell is no subscription', async () => {
    for (const [protocol, endpoint, reason] of ENDPOINTS) {
      const refusal = await cli.refused('sns subscribe', {
        'topic-arn': topic,
        protocol,
        'notification-endpoint': endpoint,
      })
      assert.equal(refusal.code, 'InvalidParameter', endpoint)
      assert.equal(refusal.message, `Invalid parameter: ${reason}`, endpoint)
    }
    assert.deepEqual(await cli.run('sns list-subscriptions'), { Subscriptions: [] })
  })

  test('row 106: a pattern that cannot be read is no rule, and what cannot be told is no target', async () => {
    const pattern = { 'event-pattern': '{"source":"aws.secretsmanager"}' }
    const unread = await cli.refused('events put-rule', { name: 'alert', ...pattern })
    assert.equal(unread.code, 'InvalidEventPatternException')
    assert.deepEqual(await cli.run('events list-rules'), { Rules: [] })
    await cli.run('events put-rule', { name: 'alert', 'event-pattern': '{"source":["aws.secretsmanager"]}' })
    const put = (Arn: string) => ({ rule: 'alert', targets: [{ Id: 'one', Arn }] })
    const answer = await cli.run<{ FailedEntryCount: number; FailedEntries: readonly object[] }>(
      'events put-targets',
      put('arn:aws:sqs:us-east-1:111122223333:queue'),
    )
    assert.equal(answer.FailedEntryCount, 1)
    assert.equal((await cli.refused('events put-targets', put('no ARN'))).code, 'ValidationException')
    assert.deepEqual(await cli.run('events list-targets-by-rule', { rule: 'alert' }), { Targets: [] })
  })
})
