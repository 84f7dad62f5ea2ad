import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { BUILT_IN_DOCUMENTS } from './built-in-documents.ts'
import { ParameterFault } from './document-fault.ts'
import { parseDocument } from './documents.ts'
import { resolve } from './resolve.ts'

function documentOf(parameters: object, ...runCommand: string[]) {
  const mainSteps = [{ action: 'aws:runShellScript', name: 'run', inputs: { runCommand } }]
  return parseDocument(JSON.stringify({ schemaVersion: '2.2', parameters, mainSteps }), 'JSON')
}

const runShellScript = parseDocument(BUILT_IN_DOCUMENTS.get('AWS-RunShellScript')?.content ?? '', 'JSON')

function refused(run: () => unknown, values: readonly string[] = []) {
  assert.throws(run, (error) => {
    assert.ok(error instanceof ParameterFault)
    for (const value of values) assert.ok(!error.message.includes(value), error.message)
    return true
  })
}

describe('resolving a document', () => {
  test('AWS-RunShellScript runs the commands as they are given', () => {
    const commands = ['cd /tmp', 'echo "{{ workingDirectory }}" $HOME', "awk '{{ print $1 }}'"]
    const [step, ...others] = resolve(runShellScript, { commands })
    assert.deepEqual(others, [])
    assert.deepEqual(step, {
      name: 'aws:runShellScript',
      action: 'aws:runShellScript',
      script: commands,
      environment: {},
      timeoutSeconds: 3600,
    })
    const [placed] = resolve(runShellScript, {
      commands: ['id'],
      workingDirectory: ['/srv'],
      executionTimeout: ['60'],
    })
    assert.equal(placed?.workingDirectory, '/srv')
    assert.equal(placed?.timeoutSeconds, 60)
  })

  test('AWS-RunShellScript refuses what its parameters do not admit', () => {
    refused(() => resolve(runShellScript, {}))
    refused(() => resolve(runShellScript, { commands: [] }))
    refused(() => resolve(runShellScript, { commands: ['a\0b'] }))
    refused(() => resolve(runShellScript, { commands: ['id'], executionTimeout: ['forever'] }), ['forever'])
    refused(() => resolve(runShellScript, { commands: ['id'], executionTimeout: ['60', '60'] }))
    refused(() => resolve(runShellScript, { commands: ['id'], surprise: ['hidden'] }), ['hidden'])
    refused(() => resolve(runShellScript, { commands: ['id'], ['__proto__']: [] }))
    refused(() => resolve(runShellScript, { commands: ['x'.repeat(300_000)] }))
  })

  test('values of every type stand where the script refers to them', () => {
    const parameters = {
      s: { type: 'String' },
      l: { type: 'StringList' },
      b: { type: 'Boolean', default: false },
      i: { type: 'Integer', default: 3 },
      m: { type: 'StringMap', default: { k: 'v' } },
    }
    const document = documentOf(
      parameters,
      '{{l}}',
      'x {{l}} {{ s }}{{s}}',
      '{{b}} {{i}} {{m}} {{nobody}} {{.State}}',
    )
    assert.deepEqual(resolve(document, { s: ['$&'], l: ['1', '2'] })[0]?.script, [
      '1',
      '2',
      'x ["1","2"] $&$&',
      'false 3 {"k":"v"} {{nobody}} {{.State}}',
    ])
  })

  test('what a value brings in is never looked at again', () => {
    const text = fc
      .array(fc.constantFrom('{', '}', '{{', '}}', ' ', 'a', 'b', '{{a}}', '{{ b }}', '$1', '$&'))
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(text, text, (a, b) => {
        const document = documentOf({ a: { type: 'String' }, b: { type: 'String' } }, 'A{{ a }}B{{b}}C')
        assert.deepEqual(resolve(document, { a: [a], b: [b] })[0]?.script, [`A${a}B${b}C`])
      }),
    )
  })

  test('a value in the environment is never in the script', () => {
    const SCRIPT = ['{{ safe }}', 'echo "{{safe}}" "$SSM_safe" {{ list }}']
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.array(fc.constantFrom('{{safe}}', 'x')), (value, list) => {
        fc.pre(!value.includes('\0'))
        const parameters = {
          safe: { type: 'String', interpolationType: 'ENV_VAR' },
          list: { type: 'StringList' },
        }
        const [step] = resolve(documentOf(parameters, ...SCRIPT), { safe: [value], list })
        assert.deepEqual(step?.environment, { SSM_safe: value })
        assert.deepEqual(step?.script, [
          SCRIPT[0],
          SCRIPT[1]?.replace('{{ list }}', () => JSON.stringify(list)),
        ])
      }),
    )
  })

  test('a pattern admits whole values only, and one that takes for ever admits nothing', () => {
    const document = (allowedPattern: string) =>
      documentOf({ word: { type: 'String', allowedPattern } }, '{{word}}')
    assert.equal(resolve(document('[a-z]+'), { word: ['abc'] }).length, 1)
    assert.equal(resolve(document('\\p{L}+'), { word: ['äß'] }).length, 1)
    refused(() => resolve(document('[a-z]+'), { word: ['abc; rm -rf /'] }), ['rm'])
    refused(() => resolve(document('a|b'), { word: ['a; id'] }))
    const evil = `${'a'.repeat(60)}!`
    refused(() => resolve(document('(a+)+'), { word: [evil] }), [evil])
    const list = { type: 'StringList', allowedPattern: '(a+)+' }
    refused(() =>
      resolve(documentOf({ list }, '{{list}}'), { list: Array.from({ length: 100 }, () => evil) }),
    )
    assert.equal(resolve(document('[a-z]+'), { word: ['abc'] }).length, 1)
  })

  test('bounds of values hold', () => {
    const cases: [object, string[], string[]][] = [
      [{ type: 'String', minChars: 2 }, ['ab'], ['a']],
      [{ type: 'String', maxChars: 1 }, ['😀'], ['ab']],
      [{ type: 'String', allowedValues: ['yes'] }, ['yes'], ['no']],
      [{ type: 'StringList', maxItems: 1 }, ['a'], ['a', 'b']],
      [{ type: 'StringList', allowedValues: ['a'] }, ['a', 'a'], ['a', 'b']],
      [{ type: 'Integer' }, ['-7'], ['7;id']],
      [{ type: 'Boolean' }, ['True'], ['1']],
      [{ type: 'StringMap' }, ['{"a":1}'], ['[]']],
    ]
    for (const [declared, good, bad] of cases) {
      const document = documentOf({ p: declared }, 'x')
      assert.equal(resolve(document, { p: good }).length, 1, JSON.stringify(declared))
      refused(() => resolve(document, { p: bad }))
    }
  })

  test('steps for other platforms are passed over', () => {
    const step = (name: string, platform: string, action = 'aws:runShellScript') => ({
      ...{ action, name, precondition: { StringEquals: ['platformType', platform] } },
      inputs: { runCommand: ['id'] },
    })
    const mainSteps = [
      step('a', 'Windows', 'aws:runPowerShellScript'),
      step('b', 'Linux'),
      step('c', 'MacOS'),
    ]
    const document = parseDocument(JSON.stringify({ schemaVersion: '2.2', mainSteps }), 'JSON')
    assert.deepEqual(
      resolve(document, {}).map(({ name }) => name),
      ['b'],
    )
  })

  test('a precondition may ask for a parameter', () => {
    const mainSteps = ['on', 'off'].map((name) => ({
      ...{ action: 'aws:runShellScript', name, inputs: { runCommand: ['id'] } },
      precondition: { StringEquals: ['{{ mode }}', name] },
    }))
    const parameters = { mode: { type: 'String' } }
    const document = parseDocument(JSON.stringify({ schemaVersion: '2.2', parameters, mainSteps }), 'JSON')
    assert.deepEqual(
      resolve(document, { mode: ['off'] }).map(({ name }) => name),
      ['off'],
    )
  })

  test('a time that is out of bounds is the default', () => {
    const timeoutOf = (timeoutSeconds: string) => {
      const inputs = { runCommand: ['id'], timeoutSeconds }
      const mainSteps = [{ action: 'aws:runShellScript', name: 'a', inputs }]
      return resolve(parseDocument(JSON.stringify({ schemaVersion: '2.2', mainSteps }), 'JSON'), {})[0]
        ?.timeoutSeconds
    }
    assert.deepEqual(['4', '5', '172800', '172801', 'x'].map(timeoutOf), [3600, 5, 172_800, 3600, 3600])
  })
})
