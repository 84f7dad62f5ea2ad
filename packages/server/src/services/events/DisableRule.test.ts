import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DescribeRuleCommand, DisableRuleCommand } from '@aws-sdk/client-eventbridge'
import { startServer } from '../../testing/server.ts'
import { eventsOf, makeRule } from './events.test-support.ts'

describe('DisableRule', () => {
  test('makes the rule DISABLED', async () => {
    await using server = await startServer()
    const events = eventsOf(server)
    await makeRule(server, { source: ['aws.kms'] }, {}, 'ENABLED')
    await events.send(new DisableRuleCommand({ Name: 'alert' }))
    assert.equal((await events.send(new DescribeRuleCommand({ Name: 'alert' }))).State, 'DISABLED')
  })

  test('ResourceNotFoundException: no such rule', async () => {
    await using server = await startServer()
    await assert.rejects(eventsOf(server).send(new DisableRuleCommand({ Name: 'none' })), {
      name: 'ResourceNotFoundException',
      message: 'Rule none does not exist on EventBus default.',
    })
  })

  test('AccessDeniedException: without the permission', async () => {
    await using server = await startServer()
    const events = eventsOf(server, await server.user())
    await assert.rejects(events.send(new DisableRuleCommand({ Name: 'alert' })), {
      name: 'AccessDeniedException',
    })
  })
})
