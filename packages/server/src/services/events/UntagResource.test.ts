import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ListTagsForResourceCommand, PutRuleCommand, UntagResourceCommand } from '@aws-sdk/client-eventbridge'
import { startServer, type TestServer } from '../../testing/server.ts'
import { eventsOf, RULE_ARN } from './events.test-support.ts'

function makeTagged(server: TestServer) {
  const Tags = [{ Key: 'a', Value: '1' }]
  return eventsOf(server).send(new PutRuleCommand({ Name: 'alert', EventPattern: '{"a":[1]}', Tags }))
}

describe('UntagResource', () => {
  test('removes tags; keys that are not there do not matter', async () => {
    await using server = await startServer()
    const events = eventsOf(server)
    await makeTagged(server)
    await events.send(new UntagResourceCommand({ ResourceARN: RULE_ARN, TagKeys: ['a', 'none'] }))
    const { Tags } = await events.send(new ListTagsForResourceCommand({ ResourceARN: RULE_ARN }))
    assert.deepEqual(Tags, [])
  })

  test('ResourceNotFoundException: no such rule or bus, or nothing that has tags', async () => {
    await using server = await startServer()
    const ask = (ResourceARN: string) =>
      eventsOf(server).send(new UntagResourceCommand({ ResourceARN, TagKeys: ['a', 'none'] }))
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
        Action: 'events:UntagResource',
        Resource: RULE_ARN,
        Condition,
      })
      return eventsOf(server, user).send(
        new UntagResourceCommand({ ResourceARN: RULE_ARN, TagKeys: ['a', 'none'] }),
      )
    }
    await assert.rejects(ask('2'), { name: 'AccessDeniedException' })
    await ask('1')
  })
})
