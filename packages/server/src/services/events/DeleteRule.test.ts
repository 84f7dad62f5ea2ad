import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DeleteRuleCommand, DescribeRuleCommand, RemoveTargetsCommand } from '@aws-sdk/client-eventbridge'
import { startServer } from '../../testing/server.ts'
import { eventsOf, makeRule } from './events.test-support.ts'

describe('DeleteRule', () => {
  test('removes a rule once its targets are gone; one that is not there does not matter', async () => {
    await using server = await startServer()
    const events = eventsOf(server)
    await makeRule(server, { source: ['aws.kms'] })
    await assert.rejects(events.send(new DeleteRuleCommand({ Name: 'alert' })), {
      name: 'ValidationException',
      message: "Rule can't be deleted since it has targets.",
    })
    await events.send(new RemoveTargetsCommand({ Rule: 'alert', Ids: ['topic'] }))
    await events.send(new DeleteRuleCommand({ Name: 'alert' }))
    await assert.rejects(events.send(new DescribeRuleCommand({ Name: 'alert' })), {
      name: 'ResourceNotFoundException',
      message: 'Rule alert does not exist on EventBus default.',
    })
    await events.send(new DeleteRuleCommand({ Name: 'alert' }))
  })

  test('AccessDeniedException: whether or not there is the rule', async () => {
    await using server = await startServer()
    await makeRule(server, { source: ['aws.kms'] })
    const events = eventsOf(server, await server.user())
    for (const Name of ['alert', 'none'])
      await assert.rejects(events.send(new DeleteRuleCommand({ Name })), { name: 'AccessDeniedException' })
  })
})
