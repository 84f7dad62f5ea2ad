import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type RawCall, rawCall } from '../testing/raw-call.ts'
import { type Keys, startServer, type TestServer } from '../testing/server.ts'

const form = (rest: string) => `Action=DescribeInstances&Version=2016-11-15${rest}`
const CALL: RawCall = { service: 'ec2', body: form('') }

async function answered(server: TestServer, call: Partial<RawCall>, keys: Keys = server.admin) {
  const { status, code, message, text, headers } = await rawCall(server, keys, { ...CALL, ...call })
  return { status, code, message, text, type: headers['content-type'] }
}

const ENVELOPE =
  /^<Response><Errors><Error><Code>[A-Za-z.]+<\/Code><Message>[^<]*<\/Message><\/Error><\/Errors><RequestID>00000000-0000-4000-8000-000000000000<\/RequestID><\/Response>$/

describe('a call of EC2', () => {
  test('is answered in its XML, with its request id in the body', async () => {
    await using server = await startServer()
    const { status, text, type } = await answered(server, {})
    assert.equal(status, 200)
    assert.equal(type, 'text/xml;charset=UTF-8')
    assert.equal(
      text,
      '<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15">' +
        '<requestId>00000000-0000-4000-8000-000000000000</requestId><reservationSet></reservationSet>' +
        '</DescribeInstancesResponse>',
    )
  })

  test('that is refused is told so in EC2’s envelope, codes and statuses', async () => {
    await using server = await startServer()
    const stranger = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wrong' }
    const wrong = { ...server.admin, secretAccessKey: 'wrong' }
    const late = new Date(server.clock.now().getTime() - 3_600_000)
    const user = await server.user()
    const refusals: readonly (readonly [number, string, Partial<RawCall>, Keys?])[] = [
      [400, 'MissingParameter', { unsigned: true }],
      [401, 'AuthFailure', {}, stranger],
      [401, 'AuthFailure', {}, wrong],
      [401, 'AuthFailure', { sentBody: form('&DryRun=true') }],
      [401, 'AuthFailure', { region: 'eu-west-9' }],
      [400, 'RequestExpired', { signedAt: late }],
      [403, 'UnauthorizedOperation', {}, user],
      [400, 'InvalidAction', { body: 'Action=RunInstances&Version=2016-11-15' }],
      [400, 'InvalidAction', { body: 'Action=DescribeInstances&Version=2010-05-08' }],
      [400, 'MissingAction', { body: 'Version=2016-11-15' }],
      [400, 'InvalidParameterValue', { body: form('&MaxResults=ten') }],
      [400, 'InvalidParameterValue', { body: form('&InstanceId.member.1=i-1') }],
      [400, 'MissingParameter', { body: 'Action=CreateTags&Version=2016-11-15' }],
    ]
    for (const [status, code, call, keys] of refusals) {
      const refused = await answered(server, call, keys)
      assert.deepEqual([refused.status, refused.code], [status, code], JSON.stringify(call))
      assert.match(refused.text, ENVELOPE)
    }
  })

  test('whose action EC2 does not have is told its name, unless that is none', async () => {
    await using server = await startServer()
    const told = async (action: string) =>
      (await answered(server, { body: `Action=${action}&Version=2016-11-15` })).message
    assert.equal(await told('RunInstances'), 'The action RunInstances is not valid for this web service.')
    assert.equal(await told('constructor'), 'The action constructor is not valid for this web service.')
    assert.equal(await told('%3Cb%3E'), 'The action  is not valid for this web service.')
  })

  test('signed for another service is no call of EC2, nor is one of another service signed for EC2', async () => {
    await using server = await startServer()
    assert.equal((await answered(server, { service: 'iam' })).code, 'InvalidAction')
    assert.equal((await answered(server, { service: 'kms' })).status, 404)
    assert.equal(
      (await answered(server, { body: 'Action=ListUsers&Version=2010-05-08' })).code,
      'InvalidAction',
    )
    assert.equal((await answered(server, { path: '/x' })).status, 404)
  })

  test('beyond the caller’s limits is asked to come again, in EC2’s words', async () => {
    await using server = await startServer({ settings: { 'limit-principal': '1/1' } })
    await answered(server, {})
    const { status, code, text } = await answered(server, {})
    assert.deepEqual([status, code], [503, 'RequestLimitExceeded'])
    assert.match(text, ENVELOPE)
  })

  test('beyond the limits of an address is told the same, before its body is read', async () => {
    await using server = await startServer({ settings: { 'limit-address': '1/1' } })
    await answered(server, {})
    const { status, code, text } = await answered(server, {})
    assert.deepEqual([status, code], [503, 'RequestLimitExceeded'])
    assert.match(text, ENVELOPE)
  })

  test('is in the trail under EC2’s name', async () => {
    await using server = await startServer()
    await answered(server, { unsigned: true })
    assert.partialDeepStrictEqual((await server.trail())[0], {
      eventSource: 'ec2.amazonaws.com',
      eventName: 'DescribeInstances',
      errorCode: 'MissingParameter',
      readOnly: true,
    })
  })
})
