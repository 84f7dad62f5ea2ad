import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge'
import { DELIVER_EVENT } from '../../bus/delivery.ts'
import { startServer, type TestServer } from '../../testing/server.ts'
import { eventsOf, makeRule, PLACE, waiting } from './events.test-support.ts'

const EVENT = { Source: 'app', DetailType: 'd', Detail: '{"n":5}' }

function put(server: TestServer, ...Entries: readonly PutEventsRequestEntry[]) {
  return eventsOf(server).send(new PutEventsCommand({ Entries: [...Entries] }))
}

describe('PutEvents', () => {
  test('offers an event to the rules, and answers its id', async () => {
    await using server = await startServer()
    await server.house.scheduler[Symbol.asyncDispose]()
    await makeRule(server, { source: ['app'], detail: { n: [5] } })
    const { Entries, FailedEntryCount } = await put(
      server,
      { ...EVENT, Resources: ['r'], Time: new Date(0) },
      { ...EVENT, Detail: '{"n":6}' },
    )
    assert.equal(FailedEntryCount, 0)
    const [event, ...others] = await waiting(server)
    assert.equal(others.length, 0)
    assert.equal(event?.id, Entries?.[0]?.EventId)
    assert.equal(event?.time, '1970-01-01T00:00:00Z')
    assert.deepEqual(event?.resources, ['r'])
    assert.deepEqual(event?.detail, { n: 5 })
  })

  test('the detail is neither in the trail nor readable in the queue', async () => {
    await using server = await startServer()
    await server.house.scheduler[Symbol.asyncDispose]()
    await makeRule(server, { source: ['app'] })
    await put(server, { ...EVENT, Detail: '{"password":"swordfish"}' })
    assert.equal((await waiting(server)).length, 1)
    const jobs = await server.house.store.read.jobs.list(PLACE, DELIVER_EVENT)
    assert.ok(!JSON.stringify(jobs).includes('swordfish'))
    assert.ok(!JSON.stringify(await server.trail()).includes('swordfish'))
  })

  test('answers each entry that is refused with its own error, and takes in the others', async () => {
    await using server = await startServer()
    const { Entries, FailedEntryCount } = await put(
      server,
      { ...EVENT, Source: undefined },
      { ...EVENT, DetailType: undefined },
      { ...EVENT, Detail: undefined },
      { ...EVENT, Detail: '[1]' },
      { ...EVENT, Source: 'aws.kms' },
      EVENT,
    )
    assert.equal(FailedEntryCount, 5)
    assert.deepEqual(
      Entries?.map(({ ErrorCode }) => ErrorCode),
      [
        'InvalidArgument',
        'InvalidArgument',
        'InvalidArgument',
        'MalformedDetail',
        'NotAuthorizedForSourceException',
        undefined,
      ],
    )
    assert.equal(
      Entries?.[0]?.ErrorMessage,
      'Parameter Source is not valid. Reason: Source is a required argument.',
    )
    assert.ok(Entries?.[5]?.EventId)
  })

  test('an event for a bus that does not exist is taken in and dropped', async () => {
    await using server = await startServer()
    await makeRule(server, { source: ['app'] })
    assert.equal((await put(server, { ...EVENT, EventBusName: 'mine' })).FailedEntryCount, 0)
    assert.deepEqual(await waiting(server), [])
  })

  test('ValidationException: more than ten entries, or more than 256 KiB together', async () => {
    await using server = await startServer()
    await assert.rejects(put(server, ...Array.from({ length: 11 }, () => EVENT)), {
      name: 'ValidationException',
    })
    const half = { ...EVENT, Detail: `{"a":"${'x'.repeat(130 * 1024)}"}` }
    await assert.rejects(put(server, half, half), {
      name: 'ValidationException',
      message: 'Total size of the entries in the request is over the limit.',
    })
  })

  test('AccessDeniedException: a source that the policy does not name', async () => {
    await using server = await startServer()
    const user = await server.user({
      Effect: 'Allow',
      Action: 'events:PutEvents',
      Resource: 'arn:aws:events:us-east-1:111122223333:event-bus/default',
      Condition: { 'ForAllValues:StringEquals': { 'events:source': 'app' } },
    })
    const as = (Source: string) =>
      eventsOf(server, user).send(new PutEventsCommand({ Entries: [{ ...EVENT, Source }] }))
    await as('app')
    await assert.rejects(as('other'), { name: 'AccessDeniedException' })
  })
})
