import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { PublishCommand, SubscribeCommand } from '@aws-sdk/client-sns'
import type { Invocation, InvocationResult } from '../../functions/functions.ts'
import type { FunctionRecord } from '../../store/functions.ts'
import { startScene } from './sns.test-support.ts'

const TOPIC = 'arn:aws:sns:us-east-1:111122223333:alerts'
const FUNCTION = 'arn:aws:lambda:us-east-1:111122223333:function:teller'
const PLACE = { account: '111122223333', region: 'us-east-1' }

/** A function whose policy lets SNS in for one topic. */
function teller(sourceArn: string): FunctionRecord {
  const document = JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: { Service: 'sns.amazonaws.com' },
      Action: 'lambda:InvokeFunction',
      Resource: FUNCTION,
      Condition: { ArnLike: { 'AWS:SourceArn': sourceArn } },
    },
  })
  return {
    ...PLACE,
    name: 'teller',
    arn: FUNCTION,
    description: '',
    runtime: 'nodejs24.x',
    handler: 'index.handler',
    roleArn: 'arn:aws:iam::111122223333:role/r',
    timeoutSeconds: 3,
    memoryMb: 128,
    code: { kind: 'directory', path: '/nowhere' },
    policy: { document, bound: document, principals: {} },
    revisionId: '11111111-2222-4333-8444-555555555555',
    createdAt: new Date(0),
    modifiedAt: new Date(0),
  }
}

/** Functions that keep what they were asked, and answer as the test says. */
class Invoked {
  readonly invocations: Invocation[] = []
  fails = false

  async invoke(invocation: Invocation): Promise<InvocationResult> {
    this.invocations.push(invocation)
    const answer = { requestId: 'r', payload: new TextEncoder().encode('null'), logTail: '', durationMs: 1 }
    return this.fails ? { ...answer, functionError: 'Unhandled' } : answer
  }
}

async function start(sourceArn: string) {
  const functions = new Invoked()
  const scene = await startScene({ functions })
  await scene.server.house.store.write((tx) => tx.functions.insert(teller(sourceArn)))
  await scene.sns.send(new SubscribeCommand({ TopicArn: TOPIC, Protocol: 'lambda', Endpoint: FUNCTION }))
  await scene.sns.send(new PublishCommand({ TopicArn: TOPIC, Message: 'm' }))
  await scene.settle()
  return { scene, functions }
}

describe('a function', () => {
  test('gets the event that AWS documents, without being asked whether it wants to', async () => {
    const { scene, functions } = await start(TOPIC)
    await using _ = scene
    assert.deepEqual(
      functions.invocations.map(({ functionArn }) => functionArn),
      [FUNCTION],
    )
    const { Records } = JSON.parse(new TextDecoder().decode(functions.invocations[0]?.payload))
    const [{ Sns, ...record }, ...more] = Records
    assert.deepEqual(more, [])
    assert.equal(record.EventSource, 'aws:sns')
    assert.equal(record.EventVersion, '1.0')
    assert.match(record.EventSubscriptionArn, /^arn:aws:sns:us-east-1:111122223333:alerts:[0-9a-f-]{36}$/)
    assert.deepEqual(Object.keys(Sns).toSorted(), [
      'Message',
      'MessageAttributes',
      'MessageId',
      'Signature',
      'SignatureVersion',
      'SigningCertUrl',
      'Subject',
      'Timestamp',
      'TopicArn',
      'Type',
      'UnsubscribeUrl',
    ])
    assert.equal(Sns.Message, 'm')
    assert.equal(Sns.Subject, null)
  })

  test('that lets SNS in for another topic is not invoked', async () => {
    const { scene, functions } = await start(`${TOPIC}-other`)
    await using _ = scene
    assert.deepEqual(functions.invocations, [])
    const [letter] = await scene.server.house.store.read.notices.deadLetters(PLACE, 1)
    assert.equal(letter?.reason, 'function-not-permitted')
  })

  test('that throws is run three times in all', async () => {
    const { scene, functions } = await start(TOPIC)
    await using _ = scene
    functions.fails = true
    await scene.sns.send(new PublishCommand({ TopicArn: TOPIC, Message: 'again' }))
    for (let i = 0; i < 6; i++) await scene.pass(20)
    assert.equal(functions.invocations.length, 1 + 3)
    const [letter] = await scene.server.house.store.read.notices.deadLetters(PLACE, 1)
    assert.equal(letter?.reason, 'function-failed')
  })
})
