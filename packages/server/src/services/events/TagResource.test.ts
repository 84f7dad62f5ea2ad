import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ListTagsForResourceCommand, PutRuleCommand, TagResourceCommand } from '@aws-sdk/client-eventbridge'
import { startServer, type TestServer } from '../../testing/server.ts'
import { eventsOf, RULE_ARN } from './events.test-support.ts'

function makeTagged(server: TestServer) {
  const Tags = [{ Key: 'a', Value: '1' }]
  return eventsOf(server).send(new PutRuleCommand({ Name: 'alert', EventPattern: '{"a":[1]}', Tags }))
}

describe('TagResource', () => {
  test('adds tags and replaces those of the same key', async () => {
    await using server = await startServer()
    const events = eventsOf(server)
    await makeTagged(server)
    await events.send(
      new TagResourceCommand({
        ResourceARN: RULE_ARN,
        Tags: [
          { Key: 'a', Value: '2' },
          { Key: 'b', Value: '3' },
        ],
      }),
    )
    const { Tags } = await events.send(new ListTagsForResourceCommand({ ResourceARN: RULE_ARN }))
    assert.deepEqual(Tags, [
      { Key: 'a', Value: '2' },
      { Key: 'b', Value: '3' },
    ])
  })

  test('ResourceNotFoundException: no such rule or bus, or nothing that has tags', async () => {
    await using server = await startServer()
    const ask = (ResourceARN: string) =>
      eventsOf(server).send(
        new TagResourceCommand({
          ResourceARN,
          Tags: [
            { Key: 'a', Value: '2' },
            { Key: 'b', Value: '3' },
          ],
        }),
      )
    await assert.rejects(ask(`${RULE_ARN}-none`), {
      message: 'Rule alert-none does not exist on EventBus default.',
    })
    await assert.rejects(ask(RULE_ARN.replace('rule/alert', 'event-bus/mine')), {
      message: 'Event bus mine does not exist.',
    })
    await assert.rejects(ask(RULE_ARN.replace('rule/alert', 'archive/a')), {
      name: 'ResourceNotFoundException',
    })
  })

  test('a policy sees the tags of the rule', async () => {
    await using server = await startServer()
    await makeTagged(server)
    const ask = async (value: string) => {
      const Condition = { StringEquals: { 'aws:ResourceTag/a': value } }
      const user = await server.user({
        Effect: 'Allow',
        Action: 'events:TagResource',
        Resource: RULE_ARN,
        Condition,
      })
      return eventsOf(server, user).send(
        new TagResourceCommand({
          ResourceARN: RULE_ARN,
          Tags: [
            { Key: 'a', Value: '2' },
            { Key: 'b', Value: '3' },
          ],
        }),
      )
    }
    await assert.rejects(ask('2'), { name: 'AccessDeniedException' })
    await ask('1')
  })

  test('ValidationException and LimitExceededException: keys of AWS’s own, twins in another case, more than fifty', async () => {
    await using server = await startServer()
    await makeTagged(server)
    const tag = (...keys: readonly string[]) =>
      eventsOf(server).send(
        new TagResourceCommand({ ResourceARN: RULE_ARN, Tags: keys.map((Key) => ({ Key, Value: '' })) }),
      )
    await assert.rejects(tag('aws:x'), { name: 'ValidationException' })
    await assert.rejects(tag('A'), { name: 'ValidationException' })
    await assert.rejects(tag(...Array.from({ length: 50 }, (_, i) => `k${i}`)), {
      name: 'LimitExceededException',
    })
  })
})
