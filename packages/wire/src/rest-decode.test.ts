import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { AwsError, decodeRest, loadModel, matchRest } from './index.ts'
import { operationOf } from './testing/tables.ts'

const lambda = loadModel('lambda')
const FUNCTIONS = '/2015-03-31/functions'
const ARN = 'arn%3Aaws%3Alambda%3Aus-east-1%3A111122223333%3Afunction%3Af%3A%24LATEST'

function request(changes: Partial<Parameters<typeof decodeRest>[1]> = {}) {
  const whole = { method: 'GET', path: `${FUNCTIONS}/f`, query: '', headers: [], body: new Uint8Array() }
  return { ...whole, ...changes }
}

function isRefused(error: unknown): boolean {
  return error instanceof AwsError && error.code === 'SerializationException' && !/SECRET/.test(error.message)
}

describe('matchRest', () => {
  test('finds each operation by its method and path, labels and all', () => {
    const expected = [
      ['POST', FUNCTIONS, 'CreateFunction'],
      ['GET', FUNCTIONS, 'ListFunctions'],
      ['GET', `${FUNCTIONS}/f`, 'GetFunction'],
      ['GET', `${FUNCTIONS}/${ARN}`, 'GetFunction'],
      ['DELETE', `${FUNCTIONS}/f`, 'DeleteFunction'],
      ['POST', `${FUNCTIONS}/f/invocations`, 'Invoke'],
      ['DELETE', `${FUNCTIONS}/f/policy/s`, 'RemovePermission'],
      ['GET', `/2017-03-31/tags/${ARN}`, 'ListTags'],
    ] as const
    for (const [method, path, name] of expected)
      assert.equal(matchRest(lambda, method, path)?.operation.name, name, `${method} ${path}`)
  })

  test('one slash at the end makes no difference, as older SDKs write it', () => {
    assert.equal(matchRest(lambda, 'GET', `${FUNCTIONS}/`)?.operation.name, 'ListFunctions')
    assert.equal(matchRest(lambda, 'GET', `${FUNCTIONS}//`), undefined)
  })

  test('a path that a signature reads otherwise is no operation’s', () => {
    for (const path of [
      `/${FUNCTIONS}/f`,
      `${FUNCTIONS}//invocations`,
      `${FUNCTIONS}/./invocations`,
      `${FUNCTIONS}/../functions/f`,
      `${FUNCTIONS}/..`,
      FUNCTIONS.slice(1),
      '/',
      '',
    ])
      for (const method of ['GET', 'POST']) assert.equal(matchRest(lambda, method, path), undefined, path)
  })

  test('neither another method nor another version nor a longer path is matched', () => {
    assert.equal(matchRest(lambda, 'PATCH', FUNCTIONS), undefined)
    assert.equal(matchRest(lambda, 'GET', '/2014-11-13/functions/f'), undefined)
    assert.equal(matchRest(lambda, 'GET', `${FUNCTIONS}/f/code/more`), undefined)
    assert.equal(matchRest(loadModel('kms'), 'GET', FUNCTIONS), undefined)
  })
})

describe('decodeRest', () => {
  test('a label is percent-decoded once, colons and slashes and all', () => {
    const get = operationOf('lambda', 'GetFunction')
    const decoded = decodeRest(get, request({ path: `${FUNCTIONS}/a%3Ab%2Fc%2525` }))
    assert.deepEqual(decoded, { FunctionName: 'a:b/c%25' })
  })

  test('parameters come from the query, a plus being a plus, and repeated ones are a list', () => {
    const untag = operationOf('lambda', 'UntagResource')
    const sent = request({
      method: 'DELETE',
      path: `/2017-03-31/tags/${ARN}`,
      query: 'tagKeys=a+b&tagKeys=c%20d&X-Amz-Date=1&other',
    })
    assert.deepEqual(decodeRest(untag, sent).TagKeys, ['a+b', 'c d'])
    const list = operationOf('lambda', 'ListFunctions')
    assert.deepEqual(decodeRest(list, request({ path: FUNCTIONS, query: 'MaxItems=5&Marker=' })), {
      MaxItems: 5,
      Marker: '',
    })
  })

  test('headers are found whatever their case, and the body is the payload as it is', () => {
    const body = Buffer.from('{"not json')
    const sent = request({
      method: 'POST',
      path: `${FUNCTIONS}/f/invocations`,
      headers: ['Host', 'h', 'x-AMZ-invocation-type', 'Event'],
      body,
    })
    assert.deepEqual(decodeRest(operationOf('lambda', 'Invoke'), sent), {
      FunctionName: 'f',
      InvocationType: 'Event',
      Payload: body,
    })
  })

  test('a member with a place of its own is not taken from the body', () => {
    const body = Buffer.from('{"FunctionName":"other","Description":"d"}')
    const sent = request({ method: 'PUT', path: `${FUNCTIONS}/f/configuration`, body })
    const update = operationOf('lambda', 'UpdateFunctionConfiguration')
    assert.deepEqual(decodeRest(update, sent), { FunctionName: 'f', Description: 'd' })
  })

  test('what cannot be read is refused without being repeated', () => {
    const list = operationOf('lambda', 'ListFunctions')
    for (const query of [
      'MaxItems=SECRET',
      'MaxItems=1&MaxItems=2',
      'Marker=%FFSECRET',
      'Marker=SECRET%',
      'M=\xe9',
    ])
      assert.throws(() => decodeRest(list, request({ path: FUNCTIONS, query })), isRefused, query)
    const get = operationOf('lambda', 'GetFunction')
    assert.throws(() => decodeRest(get, request({ path: `${FUNCTIONS}/%C0SECRET` })), isRefused)
    const twice = ['X-Amz-Log-Type', 'Tail', 'x-amz-log-type', 'None']
    const invoke = request({ method: 'POST', path: `${FUNCTIONS}/f/invocations`, headers: twice })
    assert.throws(() => decodeRest(operationOf('lambda', 'Invoke'), invoke), isRefused)
  })

  test('any request is decoded or refused, never worse', () => {
    const names = lambda.operationNames
    const any = fc.record({
      method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
      path: fc
        .string({ unit: fc.constantFrom('/', 'f', '%', '2', 'F', '.', ':', 'é') })
        .map((end) => FUNCTIONS + end),
      query: fc.string({ unit: fc.constantFrom('a', '=', '&', '%', '2', '5', 'Marker=', 'MaxItems=', '+') }),
      headers: fc.array(fc.constantFrom('x-amz-log-type', 'Tail', 'Host'), { maxLength: 6 }),
      body: fc.uint8Array(),
    })
    fc.assert(
      fc.property(fc.constantFrom(...names), any, (name, sent) => {
        try {
          assert.equal(typeof decodeRest(operationOf('lambda', name), sent), 'object')
        } catch (error) {
          assert.ok(isRefused(error), String(error))
        }
      }),
      { numRuns: 500 },
    )
  })
})
