import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ListRuleNamesByTargetCommand } from '@aws-sdk/client-eventbridge'
import { startServer } from '../../testing/server.ts'
import { eventsOf, makeRule, TOPIC_ARN } from './events.test-support.ts'

describe('ListRuleNamesByTarget', () => {
  test('lists the rules that tell a target', async () => {
    await using server = await startServer()
    const events = eventsOf(server)
    await makeRule(server, { source: ['aws.kms'] })
    const list = (TargetArn: string) => events.send(new ListRuleNamesByTargetCommand({ TargetArn }))
    assert.deepEqual((await list(TOPIC_ARN)).RuleNames, ['alert'])
    assert.deepEqual((await list(`${TOPIC_ARN}-none`)).RuleNames, [])
  })

  test('ValidationException, ResourceNotFoundException and AccessDeniedException', async () => {
    await using server = await startServer()
    const list = (more: object, keys = server.admin) =>
      eventsOf(server, keys).send(new ListRuleNamesByTargetCommand({ TargetArn: TOPIC_ARN, ...more }))
    await assert.rejects(list({ NextToken: 'x' }), { name: 'ValidationException' })
    await assert.rejects(list({ EventBusName: 'mine' }), { name: 'ResourceNotFoundException' })
    await assert.rejects(list({}, await server.user()), { name: 'AccessDeniedException' })
  })
})
