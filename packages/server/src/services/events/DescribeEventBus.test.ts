import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DescribeEventBusCommand } from '@aws-sdk/client-eventbridge'
import { startServer } from '../../testing/server.ts'
import { eventsOf } from './events.test-support.ts'

describe('DescribeEventBus', () => {
  test('shows the default bus, by name, by ARN or unnamed', async () => {
    await using server = await startServer()
    const Arn = 'arn:aws:events:us-east-1:111122223333:event-bus/default'
    for (const Name of [undefined, 'default', Arn]) {
      const bus = await eventsOf(server).send(new DescribeEventBusCommand({ Name }))
      assert.deepEqual([bus.Name, bus.Arn], ['default', Arn])
    }
  })

  test('ResourceNotFoundException and AccessDeniedException', async () => {
    await using server = await startServer()
    const describe = new DescribeEventBusCommand({ Name: 'mine' })
    await assert.rejects(eventsOf(server).send(describe), { message: 'Event bus mine does not exist.' })
    await assert.rejects(eventsOf(server, await server.user()).send(describe), {
      name: 'AccessDeniedException',
    })
  })
})
