import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ListEventBusesCommand } from '@aws-sdk/client-eventbridge'
import { startServer } from '../../testing/server.ts'
import { eventsOf } from './events.test-support.ts'

describe('ListEventBuses', () => {
  test('lists the default bus', async () => {
    await using server = await startServer()
    const list = async (NamePrefix?: string) =>
      (await eventsOf(server).send(new ListEventBusesCommand({ NamePrefix }))).EventBuses?.map(
        ({ Name }) => Name,
      )
    assert.deepEqual(await list(), ['default'])
    assert.deepEqual(await list('def'), ['default'])
    assert.deepEqual(await list('x'), [])
  })

  test('ValidationException and AccessDeniedException', async () => {
    await using server = await startServer()
    await assert.rejects(eventsOf(server).send(new ListEventBusesCommand({ NextToken: 'x' })), {
      name: 'ValidationException',
    })
    const user = await server.user()
    await assert.rejects(eventsOf(server, user).send(new ListEventBusesCommand({})), {
      name: 'AccessDeniedException',
    })
  })
})
