import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DescribeRuleCommand, EnableRuleCommand } from '@aws-sdk/client-eventbridge'
import { startServer } from '../../testing/server.ts'
import { eventsOf, makeRule } from './events.test-support.ts'

describe('EnableRule', () => {
  test('makes the rule ENABLED', async () => {
    await using server = await startServer()
    const events = eventsOf(server)
    await makeRule(server, { source: ['aws.kms'] }, {}, 'DISABLED')
    await events.send(new EnableRuleCommand({ Name: 'alert' }))
    assert.equal((await events.send(new DescribeRuleCommand({ Name: 'alert' }))).State, 'ENABLED')
  })

  test('ResourceNotFoundException: no such rule', async () => {
    await using server = await startServer()
    await assert.rejects(eventsOf(server).send(new EnableRuleCommand({ Name: 'none' })), {
      name: 'ResourceNotFoundException',
      message: 'Rule none does not exist on EventBus default.',
    })
  })

  test('AccessDeniedException: without the permission', async () => {
    await using server = await startServer()
    const events = eventsOf(server, await server.user())
    await assert.rejects(events.send(new EnableRuleCommand({ Name: 'alert' })), {
      name: 'AccessDeniedException',
    })
  })
})
