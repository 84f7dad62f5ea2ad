import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type RawCall, rawCall } from '../testing/raw-call.ts'
import { startServer, type TestServer } from '../testing/server.ts'

const FUNCTIONS = '/2015-03-31/functions'
const LIST: RawCall = { service: 'lambda', method: 'GET', path: FUNCTIONS }

async function answered(server: TestServer, call: Partial<RawCall>) {
  const { status, code, headers } = await rawCall(server, server.admin, { ...LIST, ...call })
  return { status, code, type: headers['content-type'] }
}

const REFUSED = (status: number, code: string) => ({ status, code, type: 'application/json' })

describe('a REST call', () => {
  test('is answered in JSON, with its request id', async () => {
    await using server = await startServer()
    const { status, headers, text } = await rawCall(server, server.admin, LIST)
    assert.equal(status, 200)
    assert.equal(headers['content-type'], 'application/json')
    assert.equal(headers['x-amzn-RequestId'], '00000000-0000-4000-8000-000000000000')
    assert.ok(Array.isArray(JSON.parse(text).Functions))
  })

  test('without a signature is refused in its own protocol', async () => {
    await using server = await startServer()
    const refused = await answered(server, { unsigned: true })
    assert.deepEqual(refused, REFUSED(403, 'MissingAuthenticationTokenException'))
    const event = (await server.trail())[0]
    assert.partialDeepStrictEqual(event, { eventSource: 'lambda.amazonaws.com', eventName: 'ListFunctions' })
  })

  test('that was changed on its way is refused: path, query, body and method are signed', async () => {
    await using server = await startServer()
    const mismatch = REFUSED(403, 'InvalidSignatureException')
    assert.deepEqual(await answered(server, { query: 'MaxItems=1' }), mismatch)
    const put = { method: 'PUT', path: `${FUNCTIONS}/f/configuration`, body: '{}' }
    assert.deepEqual(await answered(server, { ...put, sentBody: '{"Timeout":9}' }), mismatch)
  })

  test('signed for another service is no call of this one', async () => {
    await using server = await startServer()
    for (const service of ['kms', 'iam', 'other'])
      assert.equal((await answered(server, { service })).status, 404, service)
  })

  test('to a path that is no operation’s is unknown, signed or not', async () => {
    await using server = await startServer()
    const unknown = REFUSED(404, 'UnknownOperationException')
    for (const path of ['/2015-03-31/function', '/2015-03-31/functions/f/aliases', '/'])
      assert.deepEqual(await answered(server, { path }), unknown, path)
    assert.deepEqual(await answered(server, { path: '/2015-03-31/nothing', unsigned: true }), unknown)
    assert.deepEqual(await answered(server, { method: 'PATCH' }), unknown)
  })

  test('of a known path does not become another call by X-Amz-Target', async () => {
    await using server = await startServer()
    const { status } = await answered(server, {
      target: 'secretsmanager.ListSecrets',
      service: 'secretsmanager',
    })
    assert.equal(status, 404)
  })

  test('an ARN in the path is signed as it is sent, encoded twice', async () => {
    await using server = await startServer()
    const arn = encodeURIComponent(
      'arn:aws:lambda:us-east-1:111122223333:function:lockstep-rotate-postgresql',
    )
    assert.equal((await answered(server, { path: `${FUNCTIONS}/${arn}` })).status, 200)
  })

  test('with a path that a signature reads otherwise is no operation’s', async () => {
    await using server = await startServer()
    for (const path of [`/${FUNCTIONS}`, '/2015-03-31/./functions', `/x/..${FUNCTIONS}`])
      assert.equal((await answered(server, { path })).status, 404, path)
  })

  test('with a body too large is refused with the size that would do', async () => {
    await using server = await startServer()
    const create = await rawCall(server, server.admin, {
      ...LIST,
      method: 'POST',
      oversized: true,
    })
    assert.deepEqual([create.status, create.code], [413, 'RequestEntityTooLargeException'])
    assert.equal(
      create.message,
      'Request must be smaller than 70167211 bytes for the CreateFunction operation',
    )
    const path = `${FUNCTIONS}/f/invocations`
    const invoke = await rawCall(server, server.admin, { ...LIST, method: 'POST', path, oversized: true })
    assert.deepEqual([invoke.status, invoke.code], [413, 'RequestTooLargeException'])
    const other = await answered(server, { method: 'POST', path: `${FUNCTIONS}/f/policy`, oversized: true })
    assert.deepEqual(other, REFUSED(413, 'RequestEntityTooLargeException'))
  })

  test('that cannot be read, or breaks the model, is refused in AWS’s words', async () => {
    await using server = await startServer()
    const body = '{"Timeout":"SECRET"}'
    const put = { method: 'PUT', path: `${FUNCTIONS}/f/configuration` }
    const { code, message } = await rawCall(server, server.admin, { ...LIST, ...put, body })
    assert.equal(code, 'SerializationException')
    assert.equal(message, 'STRING_VALUE can not be converted to an Integer')
    const wrong = await answered(server, { ...put, body: '{"Timeout":0}' })
    assert.deepEqual(wrong, REFUSED(400, 'ValidationException'))
  })

  test('beyond the limit of its principal is refused as Lambda does', async () => {
    await using server = await startServer({ settings: { 'limit-principal': '1/1' } })
    await answered(server, {})
    assert.deepEqual(await answered(server, {}), REFUSED(429, 'TooManyRequestsException'))
  })
})
