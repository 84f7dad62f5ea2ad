import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ListTargetsByRuleCommand, PutTargetsCommand, type Target } from '@aws-sdk/client-eventbridge'
import { startServer, type TestServer } from '../../testing/server.ts'
import { eventsOf, makeRule, TOPIC_ARN } from './events.test-support.ts'

function put(server: TestServer, ...Targets: readonly Target[]) {
  return eventsOf(server).send(new PutTargetsCommand({ Rule: 'alert', Targets: [...Targets] }))
}

describe('PutTargets', () => {
  test('adds targets, and makes those of the same id anew', async () => {
    await using server = await startServer()
    await makeRule(server, { source: ['aws.kms'] }, { Input: '{}' })
    const target = {
      Id: 'topic',
      Arn: TOPIC_ARN,
      InputTransformer: { InputPathsMap: { name: '$.detail.eventName' }, InputTemplate: '"<name>"' },
      RetryPolicy: { MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: 60 },
    }
    assert.equal((await put(server, target)).FailedEntryCount, 0)
    const { Targets } = await eventsOf(server).send(new ListTargetsByRuleCommand({ Rule: 'alert' }))
    assert.deepEqual(Targets, [target])
  })

  test('takes in what it can, and names what it cannot', async () => {
    await using server = await startServer()
    await makeRule(server, { source: ['aws.kms'] })
    const answer = await put(
      server,
      { Id: 'queue', Arn: 'arn:aws:sqs:us-east-1:111122223333:q' },
      { Id: 'elsewhere', Arn: 'arn:aws:sns:eu-west-1:111122223333:t' },
      { Id: 'fifo', Arn: `${TOPIC_ARN}.fifo` },
      { Id: 'letters', Arn: TOPIC_ARN, DeadLetterConfig: { Arn: 'arn:aws:sqs:us-east-1:111122223333:q' } },
      { Id: 'good', Arn: TOPIC_ARN },
    )
    assert.equal(answer.FailedEntryCount, 4)
    assert.deepEqual(
      answer.FailedEntries?.map(({ TargetId }) => TargetId),
      ['queue', 'elsewhere', 'fifo', 'letters'],
    )
    const { Targets } = await eventsOf(server).send(new ListTargetsByRuleCommand({ Rule: 'alert' }))
    assert.deepEqual(
      Targets?.map(({ Id }) => Id),
      ['good', 'topic'],
    )
  })

  const REFUSED: readonly (readonly [Partial<Target>, string])[] = [
    [{ Arn: 'nonsense' }, 'Parameter nonsense is not valid. Reason: Provided Arn is not in correct format.'],
    [
      { Input: '{}', InputPath: '$' },
      'Only one of Input, InputPath, or InputTransformer must be provided for target t.',
    ],
    [{ Input: 'no json' }, 'JSON syntax error in input for target t.'],
    [{ InputPath: 'detail' }, 'Invalid InputPath for target t.'],
    [
      { InputTransformer: { InputTemplate: '{"a": <nope>}' } },
      'InputTemplate for target t contains invalid placeholder nope.',
    ],
    [
      { InputTransformer: { InputTemplate: 'no json' } },
      'Invalid InputTemplate for target t : it is not JSON.',
    ],
  ]
  for (const [changes, message] of REFUSED)
    test(`ValidationException: ${message}`, async () => {
      await using server = await startServer()
      await makeRule(server, { source: ['aws.kms'] })
      await assert.rejects(put(server, { Id: 't', Arn: TOPIC_ARN, ...changes }), {
        name: 'ValidationException',
        message,
      })
    })

  test('LimitExceededException: more than five targets', async () => {
    await using server = await startServer()
    await makeRule(server, { source: ['aws.kms'] })
    const five = ['a', 'b', 'c', 'd', 'e'].map((Id) => ({ Id, Arn: TOPIC_ARN }))
    await assert.rejects(put(server, ...five), { name: 'LimitExceededException' })
    await put(server, ...five.slice(1))
  })

  test('ResourceNotFoundException: no such rule', async () => {
    await using server = await startServer()
    await assert.rejects(put(server, { Id: 't', Arn: TOPIC_ARN }), {
      name: 'ResourceNotFoundException',
      message: 'Rule alert does not exist on EventBus default.',
    })
  })

  test('AccessDeniedException: a target that the policy does not name', async () => {
    await using server = await startServer()
    await makeRule(server, { source: ['aws.kms'] })
    const user = await server.user({
      Effect: 'Allow',
      Action: 'events:PutTargets',
      Resource: '*',
      Condition: { 'ForAllValues:ArnEquals': { 'events:TargetArn': TOPIC_ARN } },
    })
    const as = (Arn: string) =>
      eventsOf(server, user).send(new PutTargetsCommand({ Rule: 'alert', Targets: [{ Id: 't', Arn }] }))
    await as(TOPIC_ARN)
    await assert.rejects(as(`${TOPIC_ARN}-of-others`), { name: 'AccessDeniedException' })
  })

  test('constant inputs and templates are not in the trail', async () => {
    await using server = await startServer()
    await makeRule(server, { source: ['aws.kms'] }, { Input: '"swordfish"' })
    assert.ok(!JSON.stringify(await server.trail()).includes('swordfish'))
  })
})
