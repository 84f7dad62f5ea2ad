import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { TestEventPatternCommand } from '@aws-sdk/client-eventbridge'
import { startServer } from '../../testing/server.ts'
import { eventsOf } from './events.test-support.ts'

const EVENT = {
  id: '1',
  'detail-type': 'd',
  source: 'a',
  account: '1',
  time: 't',
  region: 'r',
  resources: [],
  detail: {},
}

describe('TestEventPattern', () => {
  test('says whether the event matches', async () => {
    await using server = await startServer()
    const ask = async (pattern: object) =>
      (
        await eventsOf(server).send(
          new TestEventPatternCommand({
            EventPattern: JSON.stringify(pattern),
            Event: JSON.stringify(EVENT),
          }),
        )
      ).Result
    assert.equal(await ask({ source: [{ prefix: 'a' }] }), true)
    assert.equal(await ask({ source: ['b'] }), false)
  })

  test('InvalidEventPatternException and ValidationException: a pattern or an event that is none', async () => {
    await using server = await startServer()
    const ask = (EventPattern: string, Event: string) =>
      eventsOf(server).send(new TestEventPatternCommand({ EventPattern, Event }))
    await assert.rejects(ask('{"a":[{"EXISTS":true}]}', JSON.stringify(EVENT)), {
      name: 'InvalidEventPatternException',
      message: 'Event pattern is not valid. Reason: Unrecognized match type EXISTS',
    })
    for (const event of ['no json', '5', '{"source":"a"}'])
      await assert.rejects(ask('{"a":[1]}', event), {
        name: 'ValidationException',
        message: 'Parameter Event is not valid.',
      })
  })

  test('AccessDeniedException: without the permission', async () => {
    await using server = await startServer()
    const ask = new TestEventPatternCommand({ EventPattern: '{"a":[1]}', Event: JSON.stringify(EVENT) })
    await assert.rejects(eventsOf(server, await server.user()).send(ask), { name: 'AccessDeniedException' })
  })
})
