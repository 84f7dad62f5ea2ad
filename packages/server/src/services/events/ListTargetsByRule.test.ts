import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ListTargetsByRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge'
import { startServer } from '../../testing/server.ts'
import { eventsOf, makeRule, TOPIC_ARN } from './events.test-support.ts'

describe('ListTargetsByRule', () => {
  test('lists targets by id, page by page', async () => {
    await using server = await startServer()
    const events = eventsOf(server)
    await makeRule(server, { source: ['aws.kms'] })
    await events.send(
      new PutTargetsCommand({
        Rule: 'alert',
        Targets: [
          { Id: 'a', Arn: TOPIC_ARN },
          { Id: 'b', Arn: TOPIC_ARN },
        ],
      }),
    )
    const first = await events.send(new ListTargetsByRuleCommand({ Rule: 'alert', Limit: 2 }))
    assert.deepEqual(
      first.Targets?.map(({ Id }) => Id),
      ['a', 'b'],
    )
    const second = await events.send(
      new ListTargetsByRuleCommand({ Rule: 'alert', NextToken: first.NextToken }),
    )
    assert.deepEqual(
      second.Targets?.map(({ Id }) => Id),
      ['topic'],
    )
    await assert.rejects(events.send(new ListTargetsByRuleCommand({ Rule: 'alert', NextToken: 'x' })), {
      name: 'ValidationException',
    })
  })

  test('ResourceNotFoundException and AccessDeniedException', async () => {
    await using server = await startServer()
    const list = new ListTargetsByRuleCommand({ Rule: 'none' })
    await assert.rejects(eventsOf(server).send(list), { name: 'ResourceNotFoundException' })
    await assert.rejects(eventsOf(server, await server.user()).send(list), { name: 'AccessDeniedException' })
  })
})
