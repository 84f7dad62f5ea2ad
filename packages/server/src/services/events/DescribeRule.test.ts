import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DescribeRuleCommand } from '@aws-sdk/client-eventbridge'
import { startServer } from '../../testing/server.ts'
import { eventsOf, makeRule, PLACE, RULE_ARN } from './events.test-support.ts'

describe('DescribeRule', () => {
  test('shows the rule', async () => {
    await using server = await startServer()
    await makeRule(server, { source: ['aws.kms'] })
    const { $metadata: _, ...rule } = await eventsOf(server).send(new DescribeRuleCommand({ Name: 'alert' }))
    assert.deepEqual(rule, {
      Name: 'alert',
      Arn: RULE_ARN,
      EventPattern: '{"source":["aws.kms"]}',
      State: 'ENABLED',
      EventBusName: 'default',
      CreatedBy: PLACE.account,
    })
  })

  test('ResourceNotFoundException and AccessDeniedException: forbidden rules look as missing ones do', async () => {
    await using server = await startServer()
    await makeRule(server, { source: ['aws.kms'] })
    const describe = (Name: string, keys = server.admin) =>
      eventsOf(server, keys).send(new DescribeRuleCommand({ Name }))
    await assert.rejects(describe('none'), { message: 'Rule none does not exist on EventBus default.' })
    const user = await server.user()
    const sentences: string[] = []
    for (const Name of ['alert', 'none'])
      await describe(Name, user).catch((error: Error) =>
        sentences.push(error.message.replace(/rule\/\w+/, 'rule/X')),
      )
    assert.match(sentences[0] ?? '', /is not authorized to perform: events:DescribeRule/)
    assert.equal(sentences[0], sentences[1])
  })
})
