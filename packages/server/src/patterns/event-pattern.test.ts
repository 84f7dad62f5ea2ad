import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { compileEventPattern } from './event-pattern.ts'
import { InvalidPattern } from './invalid-pattern.ts'
import { arbitraryEvent, arbitraryPattern, slowMatches } from './oracle.test-support.ts'

function matches(pattern: object, event: object): boolean {
  return compileEventPattern(JSON.stringify(pattern)).matches(event)
}

/** The reason why `pattern` is none. */
function reason(pattern: object | string): string {
  try {
    compileEventPattern(typeof pattern === 'string' ? pattern : JSON.stringify(pattern))
  } catch (error) {
    assert.ok(error instanceof InvalidPattern)
    return error.message
  }
  return assert.fail('it was accepted')
}

describe('an event pattern', () => {
  test('asks for each of its fields, and for one value of each', () => {
    const pattern = { source: ['aws.kms', 'aws.sts'], detail: { eventName: ['DeleteSecret'] } }
    assert.ok(matches(pattern, { source: 'aws.sts', detail: { eventName: 'DeleteSecret', more: 1 } }))
    assert.ok(!matches(pattern, { source: 'aws.iam', detail: { eventName: 'DeleteSecret' } }))
    assert.ok(!matches(pattern, { source: 'aws.sts' }))
    assert.ok(!matches(pattern, { source: 'aws.sts', detail: 'DeleteSecret' }))
  })

  test('tells texts, numbers, booleans and null apart', () => {
    assert.ok(matches({ a: [300] }, { a: 3.0e2 }))
    assert.ok(!matches({ a: [1] }, { a: '1' }))
    assert.ok(!matches({ a: ['true'] }, { a: true }))
    assert.ok(matches({ a: [null] }, { a: null }))
    assert.ok(!matches({ a: [null] }, {}))
    assert.ok(!matches({ a: [''] }, { a: null }))
  })

  test('asks an array for one element, and an array of objects for one object with all fields', () => {
    assert.ok(matches({ a: ['x'] }, { a: ['y', ['x']] }))
    const pattern = { resources: { ARN: ['a'], type: ['t'] } }
    assert.ok(matches(pattern, { resources: [{ ARN: 'b' }, { ARN: 'a', type: 't' }] }))
    assert.ok(
      !matches(pattern, {
        resources: [
          { ARN: 'a', type: 'u' },
          { ARN: 'b', type: 't' },
        ],
      }),
    )
  })

  test('prefix and suffix, also without case', () => {
    assert.ok(matches({ a: [{ prefix: 'ab' }] }, { a: 'abc' }))
    assert.ok(!matches({ a: [{ prefix: 'ab' }] }, { a: 'Abc' }))
    assert.ok(matches({ a: [{ prefix: { 'equals-ignore-case': 'aB' } }] }, { a: 'Abc' }))
    assert.ok(matches({ a: [{ suffix: '.PNG' }] }, { a: 'x.PNG' }))
    assert.ok(matches({ a: [{ suffix: { 'equals-ignore-case': '.PNG' } }] }, { a: 'x.png' }))
    assert.ok(matches({ a: [{ 'equals-ignore-case': 'Alice' }] }, { a: 'aLICE' }))
  })

  test('anything-but holds for whatever is there and not named', () => {
    assert.ok(matches({ a: [{ 'anything-but': ['x', 'y'] }] }, { a: 'z' }))
    assert.ok(!matches({ a: [{ 'anything-but': ['x', 'y'] }] }, { a: 'y' }))
    assert.ok(!matches({ a: [{ 'anything-but': 'x' }] }, {}))
    assert.ok(matches({ a: [{ 'anything-but': 5 }] }, { a: 'x' }))
    assert.ok(!matches({ a: [{ 'anything-but': { prefix: 'in' } }] }, { a: 'init' }))
    assert.ok(!matches({ a: [{ 'anything-but': { suffix: ['.a', '.b'] } }] }, { a: 'c.b' }))
    assert.ok(!matches({ a: [{ 'anything-but': { 'equals-ignore-case': ['X', 'y'] } }] }, { a: 'x' }))
    assert.ok(!matches({ a: [{ 'anything-but': { wildcard: '*/lib/*' } }] }, { a: 'c/lib/d' }))
  })

  test('numeric ranges are open or closed as their signs say', () => {
    const within = { a: [{ numeric: ['>', 0, '<=', 5] }] }
    assert.deepEqual(
      [0, 0.1, 5, 5.1].map((a) => matches(within, { a })),
      [false, true, true, false],
    )
    assert.ok(matches({ a: [{ numeric: ['=', 300] }] }, { a: 300 }))
    assert.ok(!matches({ a: [{ numeric: ['<', 10] }] }, { a: '3' }))
    assert.ok(!matches({ a: [{ numeric: ['>', 10] }] }, { a: 6e9 }))
  })

  test('cidr holds for the addresses of the block, of either kind', () => {
    const pattern = { detail: { sourceIPAddress: [{ cidr: '10.0.0.0/24' }, { cidr: '2001:db8::/32' }] } }
    const from = (sourceIPAddress: string) => matches(pattern, { detail: { sourceIPAddress } })
    assert.ok(from('10.0.0.255') && from('2001:db8:1::1'))
    assert.ok(
      !from('10.0.1.0') && !from('2001:db9::1') && !from('secretsmanager.amazonaws.com') && !from('10.0.0'),
    )
  })

  test('exists tells values that are there, also null, from those that are not', () => {
    const there = { detail: { errorCode: [{ exists: true }] } }
    const missing = { detail: { errorCode: [{ exists: false }] } }
    assert.ok(matches(there, { detail: { errorCode: null } }))
    assert.ok(matches(missing, { detail: {} }) && matches(missing, {}))
    assert.ok(!matches(missing, { detail: { errorCode: 'AccessDenied' } }))
    assert.ok(matches(missing, { detail: { errorCode: { a: 1 } } }))
    assert.ok(!matches(there, { detail: { errorCode: { a: 1 } } }))
    assert.ok(matches({ a: [{ exists: false }, 'x'] }, { a: 'x' }))
  })

  test('$or needs one of its alternatives, beside all that stands next to it', () => {
    const pattern = { source: ['s'], $or: [{ a: [1] }, { detail: { b: [2] } }] }
    assert.ok(matches(pattern, { source: 's', detail: { b: 2 } }))
    assert.ok(!matches(pattern, { source: 's', detail: { b: 3 } }))
    assert.ok(!matches(pattern, { source: 't', a: 1 }))
  })

  test('names that every object has are fields like any other', () => {
    assert.ok(!matches({ constructor: [{ exists: true }] }, {}))
    assert.ok(!matches({ toString: { name: ['toString'] } }, {}))
    const event = JSON.parse('{"__proto__": {"a": 1}}')
    assert.ok(compileEventPattern('{"__proto__": {"a": [1]}}').matches(event))
    assert.ok(!compileEventPattern('{"a": [1]}').matches(event))
  })

  test('says of any event what the slow way round says', () => {
    let matched = 0
    fc.assert(
      fc.property(arbitraryPattern, arbitraryEvent, (pattern, event) => {
        const expected = slowMatches(pattern, event)
        assert.equal(compileEventPattern(JSON.stringify(pattern)).matches(event), expected)
        if (expected) matched++
      }),
      { numRuns: 6000 },
    )
    assert.ok(matched > 50, `only ${matched} events matched`)
  })

  test('what could not match with a part of its fields known does not match with all of them', () => {
    fc.assert(
      fc.property(
        arbitraryPattern,
        arbitraryEvent,
        fc.constantFrom('a', 'b', 'c'),
        (pattern, event, name) => {
          const compiled = compileEventPattern(JSON.stringify(pattern))
          const known =
            typeof event === 'object' && event !== null && name in event
              ? { [name]: Reflect.get(event, name) }
              : {}
          if (compiled.matches(event)) assert.ok(compiled.couldMatch(known))
        },
      ),
      { numRuns: 6000 },
    )
  })

  test('a part of the event is enough to know that most patterns cannot match', () => {
    const pattern = compileEventPattern(
      '{"source": ["aws.kms"], "detail": {"eventName": [{"prefix": "Delete"}], "x": [1]}}',
    )
    assert.ok(pattern.couldMatch({ source: 'aws.kms', detail: { eventName: 'DeleteKey' } }))
    assert.ok(!pattern.couldMatch({ source: 'aws.kms', detail: { eventName: 'Decrypt' } }))
    assert.ok(!pattern.couldMatch({ source: 'aws.iam' }))
  })

  test('deep and long events take no longer than their length', () => {
    const pattern = compileEventPattern(
      JSON.stringify({
        a: { b: ['x'] },
        $or: Array.from({ length: 60 }, (_, i) => ({ a: { c: [{ prefix: `q${i}` }, { exists: false }] } })),
      }),
    )
    const start = performance.now()
    pattern.matches(JSON.parse(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`))
    pattern.matches({ a: Array.from({ length: 20_000 }, () => ({ b: 'x', c: 'r' })) })
    assert.ok(performance.now() - start < 3000)
  })
})

describe('what is no event pattern is refused with AWS’s reason', () => {
  const CASES: readonly (readonly [object | string, string])[] = [
    ['["not", "a", "dict"]', 'Filter is not an object'],
    ["{'bad': 'quotation'}", 'Filter is not valid JSON'],
    [{}, 'Empty objects are not allowed'],
    [{ a: {} }, 'Empty objects are not allowed'],
    [{ string: 'x' }, '"string" must be an object or an array'],
    [{ int: 42 }, '"int" must be an object or an array'],
    [{ a: [] }, 'Empty arrays are not allowed'],
    [{ a: [['x']] }, 'Match value must be String, number, true, false, or null'],
    [{ a: [{}] }, 'Match expression name not found'],
    [{ a: [{ EXISTS: true }] }, 'Unrecognized match type EXISTS'],
    [{ a: [{ exists: 'yes' }] }, 'exists match pattern must be either true or false.'],
    [{ a: [{ prefix: 1 }] }, 'prefix match pattern must be a string'],
    [{ a: [{ suffix: ['x'] }] }, 'suffix match pattern must be a string'],
    [{ a: [{ prefix: 'x', suffix: 'y' }] }, 'Only one key allowed in match expression'],
    [{ a: [{ wildcard: 1 }] }, 'wildcard match pattern must be a string'],
    [{ a: [{ wildcard: 'a**' }] }, 'Consecutive wildcard characters at pos 2'],
    [{ a: [{ 'equals-ignore-case': ['x'] }] }, 'equals-ignore-case match pattern must be a string'],
    [{ a: [{ numeric: '>' }] }, 'Value of numeric must be an array.'],
    [{ a: [{ numeric: ['>', 1, '>', 2] }] }, 'Bad numeric range operator: >'],
    [{ a: [{ numeric: ['<', 'x'] }] }, 'Value of < must be numeric'],
    [{ a: [{ numeric: ['>', 5, '<', 5] }] }, 'Bottom must be less than top'],
    [{ a: [{ numeric: ['=', 6e9] }] }, 'Value must be between -5.0E9 and 5.0E9, inclusive'],
    [{ a: [{ cidr: '10.0.0.0' }] }, "Malformed CIDR, one '/' required"],
    [{ a: [{ cidr: '10.0.0.0/x' }] }, 'Malformed CIDR, mask bits must be an integer'],
    [{ a: [{ cidr: 'xx.11.xx/8' }] }, 'Nonstandard IP address: xx.11.xx'],
    [{ a: [{ cidr: '10.0.0.0/32' }] }, 'IPv4 mask bits must be < 32'],
    [{ a: [{ 'anything-but': [true] }] }, 'Inside anything but list, start|null|boolean is not supported.'],
    [
      { a: [{ 'anything-but': null }] },
      'Value of anything-but must be an array or single string/number value.',
    ],
    [
      { a: [{ 'anything-but': { 'equals-ignore-case': [1] } }] },
      'Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.',
    ],
    [{ a: [{ 'anything-but': { prefix: '' } }] }, 'Null prefix/suffix not allowed'],
    [{ a: [{ 'anything-but': { prefix: 1 } }] }, 'prefix/suffix match pattern must be a string'],
    [{ $or: { a: [1] } }, 'It must be an Array followed with $or.'],
    [{ $or: [{ a: [1] }] }, 'There must have at least 2 Objects in $or relationship.'],
    [{ $or: [{ a: [1] }, 'x'] }, 'Only JSON object is allowed in array of $or relationship.'],
    [
      { $or: [{ a: [1] }, { prefix: [1] }] },
      'prefix is Ruler reserved fieldName which cannot be used inside $or.',
    ],
  ]
  for (const [pattern, expected] of CASES)
    test(`${JSON.stringify(pattern)}: ${expected}`, () => assert.equal(reason(pattern), expected))

  test('a pattern whose alternatives make more than a thousand combinations', () => {
    const choice = Array.from({ length: 11 }, (_, i) => ({ [`f${i}`]: [1] }))
    const pattern = { a: { $or: choice }, b: { $or: choice }, c: { $or: choice } }
    assert.match(reason(pattern), /1000 combinations/)
  })
})
