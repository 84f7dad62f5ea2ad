import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type FilterScope, matches, parseFilterPolicy } from './filter-policy.ts'
import type { MessageAttributes } from './notice.ts'

const S = (value: string) => ({ type: 'String', value })
const N = (value: string) => ({ type: 'Number', value })
const L = (...values: unknown[]) => ({ type: 'String.Array', value: JSON.stringify(values) })

function passes(policy: object, attributes: MessageAttributes): boolean {
  return matches(parseFilterPolicy(JSON.stringify(policy), 'MessageAttributes'), { message: '', attributes })
}

function bodyPasses(policy: object, body: unknown): boolean {
  const message = typeof body === 'string' ? body : JSON.stringify(body)
  return matches(parseFilterPolicy(JSON.stringify(policy), 'MessageBody'), { message })
}

/** policy, attributes, whether they pass: the examples of AWS's documentation and the edges of each operator. */
const ATTRIBUTE_CASES: readonly (readonly [string, object, MessageAttributes, boolean])[] = [
  ['a value that is listed', { a: ['x', 'y'] }, { a: S('y') }, true],
  ['a value in another case', { a: ['x'] }, { a: S('X') }, false],
  ['no attribute', { a: ['x'] }, {}, false],
  ['an attribute more than asked for', { a: ['x'] }, { a: S('x'), b: S('z') }, true],
  ['one of two that does not match', { a: ['x'], b: ['y'] }, { a: S('x'), b: S('z') }, false],
  ['a number equal in value', { a: [300] }, { a: N('3.0e2') }, true],
  ['a number as text', { a: [300] }, { a: S('300') }, false],
  ['text for a number', { a: ['300'] }, { a: N('300') }, false],
  ['an element of a list', { a: ['x'] }, { a: L('w', 'x') }, true],
  ['true in a list', { a: [true] }, { a: L(true) }, true],
  ['null in a list', { a: [null] }, { a: L(null) }, true],
  ['true as text', { a: [true] }, { a: S('true') }, false],
  ['a binary attribute', { a: ['x'] }, { a: { type: 'Binary', value: 'x' } }, false],
  ['a labelled type', { a: ['x'] }, { a: { type: 'String.custom', value: 'x' } }, true],
  ['anything but what is there', { a: [{ 'anything-but': ['x'] }] }, { a: S('x') }, false],
  ['anything but something else', { a: [{ 'anything-but': ['x'] }] }, { a: S('y') }, true],
  ['anything but, of what is absent', { a: [{ 'anything-but': ['x'] }] }, {}, false],
  ['anything but, of a list with others', { a: [{ 'anything-but': ['x'] }] }, { a: L('x', 'y') }, true],
  ['anything but, of a list of that alone', { a: [{ 'anything-but': ['x'] }] }, { a: L('x') }, false],
  ['anything but a number', { a: [{ 'anything-but': [100] }] }, { a: N('100.0') }, false],
  ['anything but one word', { a: [{ 'anything-but': 'x' }] }, { a: S('y') }, true],
  ['anything but a prefix it has', { a: [{ 'anything-but': { prefix: 'x' } }] }, { a: S('xy') }, false],
  ['anything but a prefix it has not', { a: [{ 'anything-but': { prefix: 'x' } }] }, { a: S('yx') }, true],
  ['anything but a suffix it has', { a: [{ 'anything-but': { suffix: 'x' } }] }, { a: S('yx') }, false],
  ['a prefix', { a: [{ prefix: 'bas' }] }, { a: S('baseball') }, true],
  ['no prefix', { a: [{ prefix: 'bas' }] }, { a: S('rugby') }, false],
  ['a suffix', { a: [{ suffix: 'ball' }] }, { a: S('baseball') }, true],
  ['the same but for case', { a: [{ 'equals-ignore-case': 'TeNNis' }] }, { a: S('tennis') }, true],
  ['an address within', { a: [{ cidr: '10.0.0.0/24' }] }, { a: S('10.0.0.255') }, true],
  ['an address without', { a: [{ cidr: '10.0.0.0/24' }] }, { a: S('10.1.1.0') }, false],
  ['no address', { a: [{ cidr: '10.0.0.0/24' }] }, { a: S('ten') }, false],
  ['IPv6 within', { a: [{ cidr: '2001:db8::/32' }] }, { a: S('2001:db8::1') }, true],
  ['IPv4 asked of IPv6', { a: [{ cidr: '0.0.0.0/0' }] }, { a: S('2001:db8::1') }, false],
  ['there', { a: [{ exists: true }] }, { a: S('') }, true],
  ['not there', { a: [{ exists: true }] }, {}, false],
  ['absent as asked', { a: [{ exists: false }] }, { b: S('x') }, true],
  ['not absent as asked', { a: [{ exists: false }] }, { a: S('x') }, false],
  ['equal in number', { a: [{ numeric: ['=', 301.5] }] }, { a: N('3.015e2') }, true],
  ['below', { a: [{ numeric: ['<', 0] }] }, { a: N('-1') }, true],
  ['at the lower bound, which is out', { a: [{ numeric: ['>', 0, '<=', 150] }] }, { a: N('0') }, false],
  ['at the upper bound, which is in', { a: [{ numeric: ['>', 0, '<=', 150] }] }, { a: N('150') }, true],
  ['a number asked of text', { a: [{ numeric: ['>', 0] }] }, { a: S('1') }, false],
  ['one of several operators', { a: ['x', { prefix: 'y' }] }, { a: S('yz') }, true],
  ['the first of two alternatives', { $or: [{ a: ['x'] }, { b: ['y'] }] }, { a: S('x') }, true],
  ['none of two alternatives', { $or: [{ a: ['x'] }, { b: ['y'] }] }, { a: S('y') }, false],
  ['a field beside alternatives', { c: ['z'], $or: [{ a: ['x'] }, { b: ['y'] }] }, { a: S('x') }, false],
  ['a name of prototypes', { toString: ['x'] }, {}, false],
  ['no conditions at all', {}, {}, true],
]

describe('of attributes', () => {
  for (const [name, policy, attributes, expected] of ATTRIBUTE_CASES) {
    test(`${name} ${expected ? 'passes' : 'does not pass'}`, () => {
      assert.equal(passes(policy, attributes), expected)
    })
  }
})

const BODY_CASES: readonly (readonly [string, object, unknown, boolean])[] = [
  ['a nested value', { a: { b: ['x'] } }, { a: { b: 'x', c: 1 } }, true],
  ['a nested value that differs', { a: { b: ['x'] } }, { a: { b: 'y' } }, false],
  ['text where an object is asked for', { a: { b: ['x'] } }, { a: 'x' }, false],
  ['a boolean', { a: [true] }, { a: true }, true],
  ['null', { a: [null] }, { a: null }, true],
  ['a number', { a: [1] }, { a: 1.0 }, true],
  ['a list of values', { a: ['x'] }, { a: ['w', 'x'] }, true],
  ['one object of a list with both', { a: { b: ['x'], c: ['y'] } }, { a: [{ b: 'x', c: 'y' }] }, true],
  [
    'two objects of a list with one each',
    { a: { b: ['x'], c: ['y'] } },
    { a: [{ b: 'x' }, { c: 'y' }] },
    false,
  ],
  ['absent below what is there', { a: { b: [{ exists: false }] } }, { a: { c: 1 } }, true],
  ['absent below what is not there', { a: { b: [{ exists: false }] } }, {}, true],
  ['what exists but is an object', { a: [{ exists: true }] }, { a: { b: 1 } }, false],
  ['a body that is no JSON', { a: [{ exists: false }] }, 'plain text', false],
  ['a body that is a list', { a: [{ exists: false }] }, [], false],
  ['alternatives below', { a: { $or: [{ b: ['x'] }, { c: ['y'] }] } }, { a: { c: 'y' } }, true],
]

describe('of the body', () => {
  for (const [name, policy, body, expected] of BODY_CASES) {
    test(`${name} ${expected ? 'passes' : 'does not pass'}`, () => {
      assert.equal(bodyPasses(policy, body), expected)
    })
  }
})

const BAD: readonly (readonly [string, string, FilterScope, RegExp])[] = [
  ['no JSON', '{', 'MessageAttributes', /^failed to parse JSON/],
  ['a list', '[]', 'MessageAttributes', /^failed to parse JSON/],
  ['a value outside a list', '{"a":"x"}', 'MessageAttributes', /^"a" must be an object or an array$/],
  ['an empty list', '{"a":[]}', 'MessageAttributes', /^Empty arrays are not allowed$/],
  [
    'nesting in attributes',
    '{"a":{"b":["x"]}}',
    'MessageAttributes',
    /does not support nested filter policy$/,
  ],
  ['a list in a list', '{"a":[["x"]]}', 'MessageBody', /^Match value must be/],
  ['an unknown operator', '{"a":[{"like":"x"}]}', 'MessageBody', /^Unrecognized match type like$/],
  ['two operators at once', '{"a":[{"prefix":"x","suffix":"y"}]}', 'MessageBody', /^Only one key allowed/],
  ['exists with a word', '{"a":[{"exists":"yes"}]}', 'MessageBody', /^exists match pattern must be/],
  [
    'a prefix that is a number',
    '{"a":[{"prefix":1}]}',
    'MessageBody',
    /^prefix match pattern must be a string$/,
  ],
  ['numeric without a list', '{"a":[{"numeric":1}]}', 'MessageBody', /^Value of numeric must be an array/],
  [
    'an unknown comparison',
    '{"a":[{"numeric":["!=",1]}]}',
    'MessageBody',
    /^Invalid member in numeric match: !=/,
  ],
  ['a comparison of prototypes', '{"a":[{"numeric":["toString",1]}]}', 'MessageBody', /^Invalid member/],
  ['a comparison with text', '{"a":[{"numeric":["<","1"]}]}', 'MessageBody', /^Value of < must be numeric$/],
  [
    'a range upside down',
    '{"a":[{"numeric":[">",2,"<",1]}]}',
    'MessageBody',
    /^Bottom must be less than top$/,
  ],
  ['a range of one side', '{"a":[{"numeric":["<",1,"<",2]}]}', 'MessageBody', /^Bad numeric range operator$/],
  ['no range', '{"a":[{"cidr":"10.0.0.0"}]}', 'MessageBody', /^Malformed CIDR/],
  ['anything but nothing', '{"a":[{"anything-but":[]}]}', 'MessageBody', /^Inside anything but list/],
  [
    'anything but a cidr',
    '{"a":[{"anything-but":{"cidr":"::/0"}}]}',
    'MessageBody',
    /^Unsupported anything-but/,
  ],
  [
    'six keys',
    '{"a":["x"],"b":["x"],"c":["x"],"d":["x"],"e":["x"],"f":["x"]}',
    'MessageBody',
    /more than 5 keys$/,
  ],
  [
    '151 combinations',
    JSON.stringify({ a: Array.from({ length: 151 }, (_, i) => i) }),
    'MessageBody',
    /too complex$/,
  ],
  ['depth without end', `${'{"a":'.repeat(40)}["x"]${'}'.repeat(40)}`, 'MessageBody', /too complex$/],
]

describe('a policy is refused', () => {
  for (const [name, text, scope, sentence] of BAD) {
    test(`for ${name}`, () => {
      assert.throws(() => parseFilterPolicy(text, scope), { name: 'FilterPolicyError', message: sentence })
    })
  }
})

test('150 combinations are taken, multiplied over keys', () => {
  const policy = {
    a: ['1', '2', '3', '4', '5'],
    b: ['1', '2', '3', '4', '5'],
    c: ['1', '2', '3', '4', '5', '6'],
  }
  assert.ok(parseFilterPolicy(JSON.stringify(policy), 'MessageAttributes'))
})

const word = fc.string({ maxLength: 6 })

test('whatever the words: a value passes exactly its own list, and anything-but is the opposite', () => {
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), word, (listed, found) => {
      assert.equal(passes({ a: listed }, { a: S(found) }), listed.includes(found))
      assert.equal(passes({ a: [{ 'anything-but': listed }] }, { a: S(found) }), !listed.includes(found))
    }),
  )
})

test('whatever the numbers: ranges agree with arithmetic', () => {
  const number = fc.integer({ min: -1000, max: 1000 })
  fc.assert(
    fc.property(number, number, number, (low, high, found) => {
      fc.pre(low < high)
      const expected = found > low && found <= high
      assert.equal(passes({ a: [{ numeric: ['>', low, '<=', high] }] }, { a: N(String(found)) }), expected)
    }),
  )
})

test('whatever JSON a caller sends, a policy is either read or refused as one, and reading it is asked of any body', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), fc.json({ maxDepth: 5 }), (text, message) => {
      for (const scope of ['MessageAttributes', 'MessageBody'] as const) {
        try {
          assert.equal(typeof matches(parseFilterPolicy(text, scope), { message, attributes: {} }), 'boolean')
        } catch (error) {
          assert.equal((error as Error).name, 'FilterPolicyError')
        }
      }
    }),
  )
})
