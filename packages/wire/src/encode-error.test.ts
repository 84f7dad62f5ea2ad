import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AwsError, encodeError, loadModel, type Protocol, type ServiceModel } from './index.ts'

const secrets = loadModel('secretsmanager')

describe('encodeError', () => {
  test('a modelled error spells its sentence as the model does', () => {
    const { status, headers, body } = answer(
      secrets,
      'json',
      new AwsError('ResourceNotFoundException', 'No.'),
    )
    assert.equal(status, 400)
    assert.equal(body, '{"__type":"ResourceNotFoundException","Message":"No."}')
    assert.deepEqual(headers, {
      'content-type': 'application/x-amz-json-1.1',
      'x-amzn-RequestId': 'id-1',
      'x-amzn-errortype': 'ResourceNotFoundException',
    })
    const notFound = new AwsError('NotFoundException', 'No.')
    assert.equal(
      answer(loadModel('kms'), 'json', notFound).body,
      '{"__type":"NotFoundException","message":"No."}',
    )
  })

  test('an unmodelled one says message, but for SerializationException', () => {
    assert.equal(
      answer(secrets, 'json', new AwsError('ValidationException', 'No.')).body,
      '{"__type":"ValidationException","message":"No."}',
    )
    assert.equal(
      answer(secrets, 'json', new AwsError('SerializationException', 'No.')).body,
      '{"__type":"SerializationException","Message":"No."}',
    )
  })

  test('the status of the model wins over the one given, and faults are 500', () => {
    const iam = loadModel('iam')
    assert.equal(answer(iam, 'query', new AwsError('NoSuchEntity', '', 400)).status, 404)
    assert.equal(answer(iam, 'query', new AwsError('EntityAlreadyExists', '')).status, 409)
    assert.equal(answer(iam, 'query', new AwsError('AccessDenied', '', 403)).status, 403)
    assert.equal(answer(secrets, 'json', new AwsError('InternalServiceError', '', 400)).status, 500)
  })

  test('a Query error is an ErrorResponse that says whose fault it is', () => {
    const exists = new AwsError('EntityAlreadyExists', 'User with name <ada> already exists.')
    const { body, headers } = answer(loadModel('iam'), 'query', exists)
    assert.equal(headers['content-type'], 'text/xml')
    assert.equal(
      body,
      '<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type>' +
        '<Code>EntityAlreadyExists</Code><Message>User with name &lt;ada&gt; already exists.</Message></Error>' +
        '<RequestId>id-1</RequestId></ErrorResponse>',
    )
    assert.match(
      answer(loadModel('iam'), 'query', new AwsError('ServiceFailure', '')).body,
      /<Type>Receiver</,
    )
  })

  test('an EC2 error is a Response with one of Errors, and its request id spelled RequestID', () => {
    const denied = new AwsError('UnauthorizedOperation', 'Not <you>.', 403)
    const { status, body, headers } = answer(loadModel('ec2'), 'ec2', denied)
    assert.equal(status, 403)
    assert.equal(headers['content-type'], 'text/xml;charset=UTF-8')
    assert.equal(
      body,
      '<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>Not &lt;you&gt;.</Message></Error>' +
        '</Errors><RequestID>id-1</RequestID></Response>',
    )
  })

  test('a request that names no service is answered too', () => {
    const unknown = new AwsError('UnknownOperationException', '', 404)
    assert.deepEqual(answer(undefined, 'json', unknown).status, 404)
    assert.match(answer(undefined, 'query', unknown).body, /^<ErrorResponse xmlns="http:\/\/webservices/)
  })

  test('further members travel along, but never in place of the code or the sentence', () => {
    const members = { Type: 'User', __type: 'Forged', Message: 'Forged' }
    const error = new AwsError('ResourceNotFoundException', 'No.', 400, { members })
    assert.deepEqual(JSON.parse(answer(secrets, 'json', error).body), {
      Type: 'User',
      __type: 'ResourceNotFoundException',
      Message: 'No.',
    })
  })
})

function answer(service: ServiceModel | undefined, protocol: Protocol, error: AwsError) {
  const { status, headers, body } = encodeError(service, protocol, error, 'id-1')
  return { status, headers, body: new TextDecoder().decode(body) }
}
