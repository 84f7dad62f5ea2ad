import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { compileModel, generate, type SourceModel } from './generate-models.ts'

const TABLES = generate()
const GENERATED = join(import.meta.dirname, '../packages/wire/src/generated')
const METADATA = { endpointPrefix: 'toy', protocol: 'json', apiVersion: '1', targetPrefix: 'com.toys.Toy_1' }

describe('generate', () => {
  test('gives what is on disk: nobody edits the tables by hand', () => {
    for (const [name, text] of TABLES)
      assert.ok(
        readFileSync(join(GENERATED, name), 'utf8') === text,
        `${name} is out of date: npm run generate`,
      )
  })

  test('gives the same at every run', () => {
    assert.deepEqual(generate(), TABLES)
  })

  test('marks as sensitive what must never be shown, in the model or against it', () => {
    const members: readonly (readonly [string, string])[] = [
      ['secretsmanager', 'SecretString'],
      ['secretsmanager', 'SecretBinary'],
      ['secretsmanager', 'RotationToken'],
      ['secretsmanager', 'RandomPassword'],
      ['kms', 'Plaintext'],
      ['kms', 'PrivateKeyPlaintext'],
      ['kms', 'SharedSecret'],
      ['kms', 'KeyStorePassword'],
      ['iam', 'Password'],
      ['iam', 'SecretAccessKey'],
      ['iam', 'PrivateKey'],
      ['iam', 'AuthenticationCode1'],
      ['iam', 'Base32StringSeed'],
      ['sts', 'SecretAccessKey'],
      ['sts', 'SessionToken'],
      ['sts', 'TokenCode'],
      ['sts', 'WebIdentityToken'],
      ['sts', 'SAMLAssertion'],
      ['events', 'Input'],
      ['events', 'InputTemplate'],
      ['events', 'Detail'],
      ['events', 'Event'],
      ['sns', 'Subject'],
      ['sns', 'MessageAttributes'],
      ['lambda', 'Variables'],
      ['lambda', 'ZipFile'],
      ['lambda', 'Payload'],
      ['lambda', 'LogResult'],
      ['lambda', 'ClientContext'],
    ]
    for (const [service, member] of members) {
      const { shapes } = JSON.parse(TABLES.get(`${service}.json`) ?? '')
      const holders = shapes.filter((shape: { members?: object }) => shape.members && member in shape.members)
      assert.ok(holders.length > 0, `${service} has no ${member}`)
      for (const { members } of holders)
        assert.equal(shapes[members[member]].sensitive, true, `${service} ${member}`)
    }
  })
})

describe('compileModel', () => {
  const model = (shapes: SourceModel['shapes']): SourceModel => ({
    metadata: METADATA,
    operations: { Play: { input: { shape: 'In' } } },
    shapes,
  })

  test('keeps reachable shapes, merges equal ones, and puts each after those it names', () => {
    const table = compileModel(
      'toy',
      model({
        In: structure({ A: { shape: 'Name' }, B: { shape: 'Title' } }),
        Name: { type: 'string' },
        Title: { type: 'string' },
        Unreachable: { type: 'blob' },
      }),
    )
    assert.deepEqual(table.shapes, ['{"type":"string"}', '{"type":"structure","members":{"A":0,"B":0}}'])
    assert.equal(table.targetPrefix, 'Toy_1')
    assert.equal(table.signingName, 'toy')
  })

  test('stops at a trait it does not know, instead of dropping it', () => {
    for (const shapes of [
      '{"In":{"type":"structure","members":{"A":{"shape":"Name","locationName":"a"}}},"Name":{"type":"string"}}',
      '{"In":{"type":"structure","members":{"A":{"shape":"Name"}}},"Name":{"type":"string","jsonvalue":true}}',
    ])
      assert.throws(
        () => compileModel('toy', model(JSON.parse(shapes))),
        /does not know: (locationName|jsonvalue)$/,
      )
  })

  test('a member outside of the body keeps its place, and one in a place unknown stops the run', () => {
    const at = (location: string) =>
      model({
        In: structure({ A: { shape: 'Name', location, locationName: 'X-A' } }),
        Name: { type: 'string' },
      })
    const { shapes } = compileModel('toy', at('header'))
    assert.deepEqual(JSON.parse(shapes[1] ?? '').locations, { A: ['header', 'X-A'] })
    assert.throws(() => compileModel('toy', at('headers')), /No codec expects a member in headers/)
  })

  test('stops at a payload that is no blob', () => {
    const source = model({
      In: { ...structure({ A: { shape: 'Name' } }), payload: 'A' },
      Name: { type: 'string' },
    })
    assert.throws(() => compileModel('toy', source), /payload that is no blob/)
  })

  test('stops at a shape that contains itself', () => {
    assert.throws(
      () => compileModel('toy', model({ In: structure({ Again: { shape: 'In' } }) })),
      /contains itself/,
    )
  })
})

function structure(members: NonNullable<SourceModel['shapes'][string]['members']>) {
  return { type: 'structure', members }
}
