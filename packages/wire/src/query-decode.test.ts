import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decodeEc2, decodeQuery, type Members, type OperationModel, parseForm } from './index.ts'
import type { Shape } from './shape.ts'
import { operationOf } from './testing/tables.ts'

describe('decodeQuery', () => {
  test('lists, structures and scalars; Action, Version and unknown parameters are no members', () => {
    const form =
      'Action=CreateRole&Version=2010-05-08&RoleName=deploy&MaxSessionDuration=3600' +
      '&Tags.member.1.Key=a&Tags.member.1.Value=b+c&Tags.member.2.Key=d&Tags.member.2.Value=&Colour=red'
    assert.deepEqual(decode('CreateRole', form), {
      RoleName: 'deploy',
      MaxSessionDuration: 3600,
      Tags: [
        { Key: 'a', Value: 'b c' },
        { Key: 'd', Value: '' },
      ],
    })
  })

  test('a structure and a boolean', () => {
    assert.deepEqual(decode('CreateLoginProfile', 'UserName=ada&PasswordResetRequired=true'), {
      UserName: 'ada',
      PasswordResetRequired: true,
    })
  })

  test('an empty list is written as an empty text', () => {
    assert.deepEqual(decode('UntagUser', 'UserName=ada&TagKeys='), { UserName: 'ada', TagKeys: [] })
  })

  test('elements come in the order of their numbers, and gaps close without room for them', () => {
    assert.deepEqual(
      decode('UntagUser', 'TagKeys.member.10=c&TagKeys.member.2=b&TagKeys.member.1=a').TagKeys,
      ['a', 'b', 'c'],
    )
    assert.deepEqual(decode('UntagUser', 'TagKeys.member.999999=a').TagKeys, ['a'])
  })

  test('a list spelled otherwise is refused, never empty', () => {
    for (const form of [
      'TagKeys.1=a',
      'TagKeys.member=a',
      'TagKeys=a',
      'TagKeys.member.0=a',
      'TagKeys.member.01=a',
      'TagKeys.member.-1=a',
      'TagKeys.member.x=a',
      'TagKeys.member.1000000=a',
      'TagKeys.member.1.x=a',
      'TagKeys.member.1=a&TagKeys.entry.1=b',
      'TagKeys.__proto__.1=a',
    ])
      assert.throws(() => decode('UntagUser', form), { code: 'MalformedInput' }, form)
  })

  test('a scalar of the wrong type is refused, without its value', () => {
    for (const form of [
      'MaxSessionDuration=',
      'MaxSessionDuration=7.5',
      'MaxSessionDuration=0x10',
      'MaxSessionDuration=99999999999999999999',
      'MaxSessionDuration.x=1',
      'RoleName.member.1=a',
    ])
      assert.throws(() => decode('CreateRole', form), { code: 'MalformedInput' }, form)
    for (const value of ['True', '1', 'yes', ''])
      assert.throws(() => decode('CreateLoginProfile', `PasswordResetRequired=${value}`), {
        code: 'MalformedInput',
      })
    assert.throws(
      () => decode('CreateRole', 'MaxSessionDuration=hunter2'),
      (error: Error) => !error.message.includes('hunter2'),
    )
  })

  test('a parameter nested beyond reason is refused', () => {
    assert.throws(() => decode('CreateRole', `${'a.'.repeat(100_000)}b=1`), { code: 'MalformedInput' })
  })

  test('no parameter reaches a prototype', () => {
    assert.deepEqual(decode('CreateUser', '__proto__.UserName=x&constructor.prototype.UserName=x'), {})
    assert.equal(Reflect.get({}, 'UserName'), undefined)
  })
})

describe('what no operation of IAM and STS takes, but the protocol has', () => {
  const text: Shape = { type: 'string' }
  const shapes: Readonly<Record<string, Shape>> = {
    Map: { type: 'map', key: text, value: text },
    FlatMap: { type: 'map', key: text, value: text, flattened: true },
    FlatList: { type: 'list', member: text, flattened: true },
    At: { type: 'timestamp' },
    Blob: { type: 'blob' },
    Ratio: { type: 'double' },
  }
  const operation: OperationModel = {
    ...operationOf('iam', 'GetUser'),
    input: {
      type: 'structure',
      members: Object.entries(shapes).map(([name, shape]) => ({ name, shape, required: false })),
    },
  }
  const read = (form: string): Members => decodeQuery(operation, parseForm(form))

  test('maps, flattened maps and flattened lists', () => {
    const map = read(
      'Map.entry.1.key=a.b&Map.entry.1.value=1&Map.entry.2.key=__proto__&Map.entry.2.value=2',
    ).Map
    assert.deepEqual(Object.entries(Object(map)), [
      ['a.b', '1'],
      ['__proto__', '2'],
    ])
    assert.equal(Object.getPrototypeOf(map), null)
    assert.deepEqual(Object.entries(Object(read('FlatMap.1.key=a&FlatMap.1.value=1').FlatMap)), [['a', '1']])
    assert.deepEqual(read('FlatList.2=b&FlatList.1=a').FlatList, ['a', 'b'])
  })

  test('a map entry without its key or its value is refused', () => {
    for (const form of ['Map.entry.1.key=a', 'Map.entry.1.value=a', 'Map.1.key=a&Map.1.value=b'])
      assert.throws(() => read(form), { code: 'MalformedInput' }, form)
  })

  test('ISO 8601 instants, base64 and decimal numbers', () => {
    assert.deepEqual(read('At=2023-11-14T22:13:20Z&Ratio=0.25'), {
      At: new Date(1_700_000_000_000),
      Ratio: 0.25,
    })
    assert.deepEqual(read('At=2023-11-14T23:13:20.5%2B01:00'), { At: new Date(1_700_000_000_500) })
    assert.deepEqual(read('Blob=AAH%2F'), { Blob: new Uint8Array([0, 1, 255]) })
    for (const form of [
      'At=2023',
      'At=1700000000',
      'At=2023-99-14T22:13:20Z',
      'Blob=A',
      'Ratio=NaN',
      'Ratio=Infinity',
    ])
      assert.throws(() => read(form), { code: 'MalformedInput' }, form)
  })
})

describe('decodeEc2', () => {
  const read = (name: string, form: string): Members => decodeEc2(operationOf('ec2', name), parseForm(form))

  test('lists have their numbers behind their names, and names begin with a capital', () => {
    const form = 'DryRun=true&ResourceId.1=i-1&ResourceId.2=i-2&Tag.1.Key=a&Tag.1.Value=b&Tag.2.Key=c'
    const tags = [{ Key: 'a', Value: 'b' }, { Key: 'c' }]
    const expected = { DryRun: true, Resources: ['i-1', 'i-2'], Tags: tags }
    assert.deepEqual(read('CreateTags', form), expected)
    // The model spells the members of DeleteTags in lower case; what travels is the same.
    assert.deepEqual(read('DeleteTags', form), expected)
    assert.deepEqual(read('DescribeInstances', 'Filter.1.Name=tag:a&Filter.1.Value.1=b&InstanceId.1=i-1'), {
      Filters: [{ Name: 'tag:a', Values: ['b'] }],
      InstanceIds: ['i-1'],
    })
  })

  test('what is spelled as in answers, or as in other services, is no member', () => {
    assert.deepEqual(read('DescribeInstances', 'instanceId.1=i-1&InstanceIds.1=i-1'), {})
  })

  test('what is malformed is refused as an invalid value, in EC2’s code', () => {
    for (const form of ['InstanceId.member.1=i-1', 'InstanceId.01=i-1', 'DryRun=yes', 'MaxResults=ten'])
      assert.throws(() => read('DescribeInstances', form), { code: 'InvalidParameterValue' }, form)
  })
})

function decode(name: string, form: string): Members {
  return decodeQuery(operationOf('iam', name), parseForm(form))
}
