import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { BUILT_IN_DOCUMENTS } from './built-in-documents.ts'
import { DocumentFault } from './document-fault.ts'
import { MAX_DOCUMENT_BYTES } from './document-text.ts'
import { parseDocument, platformTypes } from './documents.ts'

const STEP = { action: 'aws:runShellScript', name: 'run', inputs: { runCommand: ['id'] } }

function json(changes: object = {}): string {
  return JSON.stringify({ schemaVersion: '2.2', mainSteps: [STEP], ...changes })
}

function withStep(changes: object): string {
  return json({ mainSteps: [{ ...STEP, ...changes }] })
}

function withParameter(declared: object): string {
  return json({ parameters: { word: declared } })
}

function refused(text: string, about: DocumentFault['about'] = 'content', format: 'JSON' | 'YAML' = 'JSON') {
  assert.throws(
    () => parseDocument(text, format),
    (error) => error instanceof DocumentFault && error.about === about,
    text.slice(0, 200),
  )
}

describe('documents', () => {
  test('JSON and YAML say the same', () => {
    const yaml = `
schemaVersion: 2.2
description: greets
parameters:
  word: {type: String, default: hi, allowedValues: [hi, 1, true]}
mainSteps:
  - action: aws:runShellScript
    name: run
    precondition: {StringEquals: [platformType, Linux]}
    inputs: {timeoutSeconds: 60, workingDirectory: /tmp, runCommand: ['echo {{ word }}']}
`
    const same = parseDocument(
      JSON.stringify({
        schemaVersion: '2.2',
        description: 'greets',
        parameters: { word: { type: 'String', default: 'hi', allowedValues: ['hi', '1', 'true'] } },
        mainSteps: [
          {
            ...STEP,
            precondition: { StringEquals: ['platformType', 'Linux'] },
            inputs: { timeoutSeconds: '60', workingDirectory: '/tmp', runCommand: ['echo {{ word }}'] },
          },
        ],
      }),
      'JSON',
    )
    assert.deepEqual(parseDocument(yaml, 'YAML'), same)
    assert.equal(same.parameters.get('word')?.default, 'hi')
    assert.deepEqual(platformTypes(same), ['Linux'])
  })

  test('each schema version has steps of its own, and no other version is read', () => {
    const runtimeConfig = { 'aws:runShellScript': { properties: [{ runCommand: 'id' }] } }
    const old = parseDocument(JSON.stringify({ schemaVersion: '1.2', runtimeConfig }), 'JSON')
    assert.deepEqual(
      old.steps.map(({ name, runCommand }) => ({ name, runCommand })),
      [{ name: 'aws:runShellScript', runCommand: ['id'] }],
    )
    assert.equal(parseDocument(json({ schemaVersion: '2.0' }), 'JSON').schemaVersion, '2.0')
    for (const schemaVersion of ['0.3', '1.0', '2.1', '3', undefined])
      refused(json({ schemaVersion }), 'schema version')
    refused(JSON.stringify({ schemaVersion: '1.2', mainSteps: [STEP] }))
    refused(json({ mainSteps: undefined, runtimeConfig }))
  })

  test('what is built in can be read', () => {
    for (const { content } of BUILT_IN_DOCUMENTS.values()) {
      assert.deepEqual(platformTypes(parseDocument(content, 'JSON')), ['Linux', 'MacOS'])
    }
  })

  test('a document that is too large is refused, by its bytes', () => {
    const description = (count: number) => json({ description: 'é'.repeat(count) })
    const room = (MAX_DOCUMENT_BYTES - Buffer.byteLength(description(0))) / 2
    assert.equal(parseDocument(description(Math.floor(room)), 'JSON').schemaVersion, '2.2')
    refused(description(Math.floor(room) + 1), 'size')
  })

  test('what no node would carry out is refused, and not silently dropped', () => {
    for (const changes of [
      { action: 'aws:downloadContent' },
      { onFailure: 'successAndExit' },
      { onSuccess: 'exit' },
      { finallyStep: true },
      { isEnd: true },
      { surprise: 1 },
      { name: '../../etc/passwd' },
      { name: 'a b' },
      { inputs: {} },
      { inputs: { runCommand: [] } },
      { inputs: { runCommand: [1] } },
      { inputs: { runCommand: ['id'], finallyStep: true } },
      { inputs: { runCommand: ['echo {{ssm:secret}}'] } },
      { inputs: { runCommand: ['id'], timeoutSeconds: {} } },
      { precondition: { StringLike: ['platformType', 'L*'] } },
      { precondition: { StringEquals: ['platformType'] } },
    ])
      refused(withStep(changes))
    refused(json({ mainSteps: [STEP, STEP] }))
    refused(json({ mainSteps: [] }))
    refused(json({ mainSteps: Array.from({ length: 101 }, (_, i) => ({ ...STEP, name: `s${i}` })) }))
    assert.equal(parseDocument(withStep({ onFailure: 'exit' }), 'JSON').steps.length, 1)
  })

  test('a parameter that is declared wrongly is refused', () => {
    for (const declared of [
      { type: 'Secret' },
      { type: 'String', surprise: 1 },
      { type: 'String', default: 'no', allowedValues: ['yes'] },
      { type: 'String', default: ['a', 'b'] },
      { type: 'String', allowedPattern: '(' },
      { type: 'String', minChars: -1 },
      { type: 'String', interpolationType: 'TEXT' },
      { type: 'StringList', interpolationType: 'ENV_VAR' },
      { type: 'Integer', default: 'x' },
      { type: 'Boolean', default: 'x' },
      { type: 'StringMap', default: 'x' },
      'String',
    ])
      refused(json({ parameters: { word: declared } }))
    refused(json({ parameters: { 'a b': { type: 'String' } } }))
    refused(json({ parameters: { 'a-b': { type: 'String', interpolationType: 'ENV_VAR' } } }))
    const many = Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`p${i}`, { type: 'String' }]))
    refused(json({ parameters: many }))
    assert.ok(parseDocument(withParameter({ type: 'StringMap', default: { a: 'b' } }), 'JSON'))
  })

  test('a few bytes of YAML cannot stand for many', () => {
    const bomb = `a: &a [x,x]\nb: &b [*a,*a]\n${json()}`
    refused(bomb, 'content', 'YAML')
    refused(
      `schemaVersion: &v "2.2"\ndescription: *v\nmainSteps: ${JSON.stringify([STEP])}`,
      'content',
      'YAML',
    )
    refused(`${'['.repeat(30_000)}`, 'content', 'YAML')
    refused(`${'['.repeat(30_000)}${']'.repeat(30_000)}`, 'content', 'YAML')
    refused(`${'['.repeat(30_000)}${']'.repeat(30_000)}`)
    refused('a: 1\na: 2', 'content', 'YAML')
  })

  test('whatever text comes, it is read or refused as a fault', () => {
    const near = fc.oneof(
      fc.json(),
      fc.string(),
      fc.jsonValue().map((value) => json({ parameters: value })),
    )
    fc.assert(
      fc.property(near, fc.constantFrom('JSON' as const, 'YAML' as const), (text, format) => {
        try {
          parseDocument(text, format)
        } catch (error) {
          assert.ok(error instanceof DocumentFault, String(error))
        }
      }),
    )
  })
})
