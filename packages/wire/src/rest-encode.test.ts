import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AwsError, encodeError, encodeRest, loadModel } from './index.ts'
import { operationOf } from './testing/tables.ts'

describe('encodeRest', () => {
  test('the status is the model’s, unless a member is the status', () => {
    assert.equal(encodeRest(operationOf('lambda', 'CreateFunction'), {}).status, 201)
    assert.equal(encodeRest(operationOf('lambda', 'GetFunction'), {}).status, 200)
    const gone = encodeRest(operationOf('lambda', 'DeleteFunction'), { StatusCode: 204 })
    assert.deepEqual(gone, { status: 204, headers: {}, body: new Uint8Array() })
    assert.deepEqual(encodeRest(operationOf('lambda', 'TagResource'), undefined).status, 204)
  })

  test('members go to the headers, and the payload is the body as it is', () => {
    const output = { StatusCode: 200, FunctionError: 'Unhandled', Payload: Buffer.from('{') }
    assert.deepEqual(encodeRest(operationOf('lambda', 'Invoke'), output), {
      status: 200,
      headers: { 'content-type': 'application/json', 'X-Amz-Function-Error': 'Unhandled' },
      body: Buffer.from('{'),
    })
  })

  test('a text that would end its header is never sent', () => {
    for (const FunctionError of ['a\r\nSet-Cookie: b', 'é', '\0'])
      assert.throws(() => encodeRest(operationOf('lambda', 'Invoke'), { FunctionError }), TypeError)
  })
})

describe('encodeError of a REST service', () => {
  const lambda = loadModel('lambda')
  const answer = (error: AwsError) => {
    const { status, headers, body } = encodeError(lambda, 'rest-json', error, 'id-1')
    return { status, headers, body: JSON.parse(new TextDecoder().decode(body)) as unknown }
  }

  test('the code is in the header, and the body says whose fault it is', () => {
    assert.deepEqual(answer(new AwsError('ResourceNotFoundException', 'No.')), {
      status: 404,
      headers: {
        'content-type': 'application/json',
        'x-amzn-RequestId': 'id-1',
        'x-amzn-errortype': 'ResourceNotFoundException',
      },
      body: { Type: 'User', Message: 'No.' },
    })
    assert.deepEqual(answer(new AwsError('ServiceException', 'No.')).body, {
      Type: 'Service',
      Message: 'No.',
    })
  })

  test('an unmodelled one says its sentence alone', () => {
    assert.deepEqual(answer(new AwsError('ValidationException', 'No.')).body, { message: 'No.' })
  })
})
