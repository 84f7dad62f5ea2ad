import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { encodeEc2, encodeQuery, type OperationModel } from './index.ts'
import type { Shape } from './shape.ts'
import { operationOf } from './testing/tables.ts'

describe('encodeQuery', () => {
  test('the answer, its result and the request id, as AWS nests them', () => {
    const output = {
      UserId: 'AIDA1',
      Account: '111122223333',
      Arn: 'arn:aws:iam::111122223333:user/ada',
      internal: 1,
    }
    assert.equal(
      encode(operationOf('sts', 'GetCallerIdentity'), output),
      '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
        '<UserId>AIDA1</UserId><Account>111122223333</Account><Arn>arn:aws:iam::111122223333:user/ada</Arn>' +
        '</GetCallerIdentityResult><ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata>' +
        '</GetCallerIdentityResponse>',
    )
  })

  test('an operation without an output answers its request id alone', () => {
    assert.equal(
      encode(operationOf('iam', 'DeleteUser'), {}),
      '<DeleteUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ResponseMetadata>' +
        '<RequestId>id-1</RequestId></ResponseMetadata></DeleteUserResponse>',
    )
  })

  test('lists have members, maps have entries, instants are ISO 8601, booleans are words', () => {
    const list = { Users: [{ UserName: 'ada', CreateDate: new Date(1_700_000_000_000) }], IsTruncated: false }
    assert.match(
      encode(operationOf('iam', 'ListUsers'), list),
      /<Users><member><UserName>ada<\/UserName><CreateDate>2023-11-14T22:13:20Z<\/CreateDate><\/member><\/Users><IsTruncated>false</,
    )
    assert.match(
      encode(operationOf('iam', 'GetAccountSummary'), { SummaryMap: { Users: 3 } }),
      /<SummaryMap><entry><key>Users<\/key><value>3<\/value><\/entry><\/SummaryMap>/,
    )
    assert.match(encode(operationOf('iam', 'ListUsers'), { Users: [] }), /<Users><\/Users>/)
  })

  test('flattened lists and maps have nothing around their elements', () => {
    const text: Shape = { type: 'string' }
    const operation: OperationModel = {
      ...operationOf('iam', 'GetUser'),
      output: {
        type: 'structure',
        members: [
          { name: 'L', required: false, shape: { type: 'list', member: text, flattened: true } },
          { name: 'M', required: false, shape: { type: 'map', key: text, value: text, flattened: true } },
        ],
      },
    }
    assert.match(
      encode(operation, { L: ['a', 'b'], M: { k: 'v' } }),
      /<GetUserResult><L>a<\/L><L>b<\/L><M><key>k<\/key><value>v<\/value><\/M><\/GetUserResult>/,
    )
  })

  test('no text becomes an element', () => {
    const xml = encode(operationOf('iam', 'GetUser'), {
      User: { UserName: '</UserName><Admin>&"\r', Path: '\0\ud800' },
    })
    assert.match(xml, /<UserName>&lt;\/UserName&gt;&lt;Admin&gt;&amp;&quot;&#xD;<\/UserName>/)
    assert.match(xml, /<Path>\ufffd\ufffd<\/Path>/)
  })

  test('a value of the wrong type is our fault, and its complaint does not show it', () => {
    const output = { User: { UserName: 7_654_321 } }
    assert.throws(
      () => encode(operationOf('iam', 'GetUser'), output),
      (error: unknown) => error instanceof TypeError && !error.message.includes('7654321'),
    )
  })
})

describe('encodeEc2', () => {
  test('members stand in the response itself under their own names, elements of lists are items', () => {
    const output = {
      Reservations: [
        { ReservationId: 'r-1', Instances: [{ InstanceId: 'i-1', Tags: [{ Key: 'a', Value: '<b>' }] }] },
      ],
      NextToken: 'n',
    }
    assert.equal(
      encodeToEc2('DescribeInstances', output),
      '<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15"><requestId>id-1</requestId>' +
        '<nextToken>n</nextToken><reservationSet><item><reservationId>r-1</reservationId><instancesSet><item>' +
        '<tagSet><item><key>a</key><value>&lt;b&gt;</value></item></tagSet><instanceId>i-1</instanceId></item>' +
        '</instancesSet></item></reservationSet></DescribeInstancesResponse>',
    )
  })

  test('an operation without an output answers that it was done', () => {
    assert.match(encodeToEc2('CreateTags', {}), /<requestId>id-1<\/requestId><return>true<\/return></)
  })
})

function encodeToEc2(name: string, output: unknown): string {
  return new TextDecoder().decode(encodeEc2(operationOf('ec2', name), output, 'id-1'))
}

function encode(operation: OperationModel, output: unknown): string {
  return new TextDecoder().decode(encodeQuery(operation, output, 'id-1'))
}
