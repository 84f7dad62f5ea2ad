import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ListRulesCommand, PutRuleCommand } from '@aws-sdk/client-eventbridge'
import { startServer } from '../../testing/server.ts'
import { eventsOf } from './events.test-support.ts'

describe('ListRules', () => {
  test('lists rules of a prefix by name, page by page', async () => {
    await using server = await startServer()
    const events = eventsOf(server)
    for (const Name of ['b', 'ab', 'aa', 'a'])
      await events.send(new PutRuleCommand({ Name, EventPattern: '{"a":[1]}' }))
    const first = await events.send(new ListRulesCommand({ NamePrefix: 'a', Limit: 2 }))
    assert.deepEqual(
      first.Rules?.map(({ Name }) => Name),
      ['a', 'aa'],
    )
    const second = await events.send(
      new ListRulesCommand({ NamePrefix: 'a', Limit: 2, NextToken: first.NextToken }),
    )
    assert.deepEqual(
      second.Rules?.map(({ Name }) => Name),
      ['ab'],
    )
    assert.equal(second.NextToken, undefined)
    const other = new ListRulesCommand({ NamePrefix: 'b', NextToken: first.NextToken })
    await assert.rejects(events.send(other), { name: 'ValidationException' })
  })

  test('ResourceNotFoundException: no such bus', async () => {
    await using server = await startServer()
    await assert.rejects(eventsOf(server).send(new ListRulesCommand({ EventBusName: 'mine' })), {
      name: 'ResourceNotFoundException',
      message: 'Event bus mine does not exist.',
    })
  })

  test('AccessDeniedException: without the permission', async () => {
    await using server = await startServer()
    const events = eventsOf(server, await server.user())
    await assert.rejects(events.send(new ListRulesCommand({})), { name: 'AccessDeniedException' })
  })
})
