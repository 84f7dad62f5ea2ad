import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { IAMClient, ListUsersCommand } from '@aws-sdk/client-iam'
import { type RawCall, rawCall } from '../testing/raw-call.ts'
import { startServer } from '../testing/server.ts'

const IDENTITY = 'Action=GetCallerIdentity&Version=2011-06-15'

/** How a client speaks, and how it must be refused before anybody has looked for the service. */
const SPOKEN: readonly (readonly [
  string,
  RawCall,
  { readonly code: string; readonly type: string; readonly text: RegExp },
])[] = [
  [
    'a JSON client',
    { service: 'secretsmanager', target: 'secretsmanager.GetSecretValue', body: '{"SecretId":"db"}' },
    { code: 'ThrottlingException', type: 'application/x-amz-json-1.1', text: /^\{"__type"/ },
  ],
  [
    'a JSON client of the older version',
    {
      service: 'dynamodb',
      target: 'DynamoDB_20120810.GetItem',
      headers: { 'content-type': 'application/x-amz-json-1.0' },
    },
    { code: 'ThrottlingException', type: 'application/x-amz-json-1.0', text: /^\{"__type"/ },
  ],
  [
    'a Query client',
    {
      service: 'sts',
      body: IDENTITY,
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    },
    { code: 'Throttling', type: 'text/xml', text: /^<ErrorResponse .*<Type>Sender<\/Type>/ },
  ],
  [
    'a Query client that puts everything into the address',
    {
      service: 'sts',
      method: 'GET',
      query: IDENTITY,
      headers: { 'content-type': 'text/plain' },
      unsigned: true,
    },
    { code: 'Throttling', type: 'text/xml', text: /^<ErrorResponse / },
  ],
  [
    'a browser',
    {
      service: 'x',
      method: 'GET',
      path: '/favicon.ico',
      headers: { 'content-type': 'text/plain' },
      unsigned: true,
    },
    { code: 'ThrottlingException', type: 'application/x-amz-json-1.1', text: /^\{"__type"/ },
  ],
]

describe('an address over its rate is refused in its own protocol:', () => {
  for (const [name, call, { code, type, text }] of SPOKEN) {
    test(name, async () => {
      await using server = await startServer({ settings: { 'limit-address': '1/1' } })
      await rawCall(server, server.admin, call)
      const refused = await rawCall(server, server.admin, call)
      assert.partialDeepStrictEqual(refused, { status: 400, code, message: 'Rate exceeded' })
      assert.equal(refused.headers['content-type'], type)
      assert.match(refused.text, text)
    })
  }

  test('an SDK of the Query protocol understands it', async () => {
    await using server = await startServer({ settings: { 'limit-address': '1/1' } })
    const iam = server.sdk(IAMClient, server.admin)
    await iam.send(new ListUsersCommand({}))
    await assert.rejects(iam.send(new ListUsersCommand({})), { name: 'Throttling', message: 'Rate exceeded' })
  })
})

describe('a call whose body there was no room for', () => {
  const CROWDED: readonly (readonly [string, RawCall, RegExp])[] = [
    [
      'JSON',
      { service: 'secretsmanager', target: 'secretsmanager.PutSecretValue', crowded: true },
      /^\{"__type"/,
    ],
    ['Query', { service: 'iam', crowded: true }, /^<ErrorResponse .*<Type>Receiver<\/Type>/],
  ]
  for (const [protocol, call, text] of CROWDED) {
    test(`is told in ${protocol} to try again, and is summed up on the trail`, async () => {
      await using server = await startServer()
      const refused = await rawCall(server, server.admin, call)
      assert.partialDeepStrictEqual(refused, { status: 503, code: 'ServiceUnavailable' })
      assert.match(refused.text, text)
      assert.equal((await server.trail()).length, 0)
      await server.house.recordRefusals()
      assert.partialDeepStrictEqual((await server.trail())[0], {
        eventName: 'CallsRefused',
        additionalEventData: { count: 1 },
      })
    })
  }
})
