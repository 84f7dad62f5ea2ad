import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ListTargetsByRuleCommand, RemoveTargetsCommand } from '@aws-sdk/client-eventbridge'
import { startServer } from '../../testing/server.ts'
import { eventsOf, makeRule } from './events.test-support.ts'

describe('RemoveTargets', () => {
  test('removes targets, and names those that were not there', async () => {
    await using server = await startServer()
    const events = eventsOf(server)
    await makeRule(server, { source: ['aws.kms'] })
    const answer = await events.send(new RemoveTargetsCommand({ Rule: 'alert', Ids: ['topic', 'none'] }))
    assert.equal(answer.FailedEntryCount, 1)
    assert.equal(answer.FailedEntries?.[0]?.TargetId, 'none')
    assert.equal(answer.FailedEntries?.[0]?.ErrorCode, 'ResourceNotFoundException')
    assert.deepEqual((await events.send(new ListTargetsByRuleCommand({ Rule: 'alert' }))).Targets, [])
  })

  test('ResourceNotFoundException and AccessDeniedException', async () => {
    await using server = await startServer()
    const remove = new RemoveTargetsCommand({ Rule: 'none', Ids: ['t'] })
    await assert.rejects(eventsOf(server).send(remove), { name: 'ResourceNotFoundException' })
    await assert.rejects(eventsOf(server, await server.user()).send(remove), {
      name: 'AccessDeniedException',
    })
  })
})
