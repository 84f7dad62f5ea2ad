import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { BusEvent } from './bus-event.ts'
import { parseJsonPath, valueAt } from './json-path.ts'
import { targetInput } from './target-input.ts'
import { parseTemplate } from './template.ts'

const EVENT: BusEvent = {
  version: '0',
  id: '7bf73129',
  'detail-type': 'd',
  source: 'app',
  account: '111122223333',
  time: '2026-01-15T10:00:00Z',
  region: 'us-east-1',
  resources: ['arn:a', 'arn:b'],
  detail: {
    'instance-id': 'i-0',
    state: 'RUN"NING',
    n: 5,
    on: true,
    nothing: null,
    tags: [{ k: 'a' }, { k: 'b' }],
    o: { x: 'y' },
  },
}

function transformed(InputTemplate: string, paths: Readonly<Record<string, string>> = {}): string {
  return targetInput(
    { id: 't', arn: 'a', inputTransformer: { paths, template: InputTemplate } },
    { event: EVENT, ruleArn: 'arn:rule', ruleName: 'alert', takenInAt: new Date('2026-01-15T10:00:01Z') },
  )
}

describe('JSON paths', () => {
  const CASES: readonly (readonly [string, unknown])[] = [
    ['$', EVENT],
    ['$.detail-type', 'd'],
    ['$.detail.instance-id', 'i-0'],
    ["$.detail['instance-id']", 'i-0'],
    ['$.resources[1]', 'arn:b'],
    ['$.resources[2]', undefined],
    ['$.detail.tags[*].k', ['a', 'b']],
    ['$.detail.o.*', ['y']],
    ['$.detail.none.x', undefined],
    ['$.detail.constructor', undefined],
  ]
  for (const [path, expected] of CASES)
    test(`${path} points to ${JSON.stringify(expected)}`, () => {
      const steps = parseJsonPath(path)
      assert.ok(steps)
      assert.deepEqual(valueAt(steps, EVENT), expected)
    })

  test('what is no path is refused', () => {
    for (const text of ['', 'detail', '$detail', '$.', '$..a', '$.a[', '$.a[x]', '$.a[?(@.b)]', '$.a b'])
      assert.equal(parseJsonPath(text), undefined, text)
  })
})

describe('input transformers', () => {
  const PATHS = {
    id: '$.detail.instance-id',
    state: '$.detail.state',
    n: '$.detail.n',
    o: '$.detail.o',
    none: '$.detail.none',
    tags: '$.detail.tags',
  }

  test('a text keeps its quotation marks, and values in it cannot end it', () => {
    assert.equal(transformed('"<id> is <state>"', PATHS), '"i-0 is RUN\\"NING"')
    assert.equal(transformed('"it is \\"<id>\\""', PATHS), '"it is \\"i-0\\""')
  })

  test('a value that stands alone keeps its type', () => {
    assert.deepEqual(
      JSON.parse(transformed('{"id": <id>, "n": <n>, "o": <o>, "tags": <tags>, "none": <none>}', PATHS)),
      {
        id: 'i-0',
        n: 5,
        o: { x: 'y' },
        tags: [{ k: 'a' }, { k: 'b' }],
        none: '',
      },
    )
  })

  test('an object within a text loses its quotation marks', () => {
    assert.equal(transformed('"o: <o>, none: <none>"', PATHS), '"o: {x:y}, none: "')
  })

  test('lines that are texts stay lines', () => {
    assert.equal(transformed('"<id>"\n"<n>"', PATHS), '"i-0"\n"5"')
  })

  test('the reserved variables', () => {
    const told = JSON.parse(
      transformed(
        '{"a": <aws.events.rule-arn>, "n": <aws.events.rule-name>, "e": <aws.events.event>, "j": <aws.events.event.json>, "t": <aws.events.event.ingestion-time>}',
      ),
    )
    const { detail: _, ...withoutDetail } = EVENT
    assert.deepEqual(told, {
      a: 'arn:rule',
      n: 'alert',
      e: withoutDetail,
      j: EVENT,
      t: '2026-01-15T10:00:01.000Z',
    })
  })

  test('what is not JSON is no template', () => {
    for (const text of ['no json', '{"a": <a>', '"<a>" and more', '{"a" <a>}'])
      assert.equal(parseTemplate(text), undefined, text)
  })

  test('whatever a value holds, JSON stays JSON', () => {
    const template = parseTemplate('{"quoted": "[<v>]", "bare": <v>}')
    assert.ok(template)
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const told = JSON.parse(template.fill(new Map([['v', value]])))
        assert.deepEqual(told.bare, value === null ? '' : JSON.parse(JSON.stringify(value)))
        if (typeof value === 'string') assert.equal(told.quoted, `[${value}]`)
      }),
    )
  })
})
