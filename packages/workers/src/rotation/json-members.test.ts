import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { looksLikeObject, parseObject, withMembers } from './json-members.ts'

const space = fc.stringMatching(/^[ \t\r\n]{0,2}$/)

/** JSON of an object in any spelling, with names that are each there once. */
const objectText = fc
  .tuple(
    fc.uniqueArray(fc.tuple(fc.string({ unit: 'grapheme' }), fc.jsonValue(), fc.nat(2)), {
      selector: ([name]) => name,
    }),
    fc.infiniteStream(space),
  )
  .map(([members, spaces]) => {
    const gap = (): string => spaces.next().value ?? ''
    const spelled = (name: string, indent: number) =>
      indent === 2 ? `"${[...name].map(escaped).join('')}"` : JSON.stringify(name)
    const text = members.map(
      ([name, value, indent]) =>
        `${gap()}${spelled(name, indent)}${gap()}:${gap()}${JSON.stringify(value, null, indent)}${gap()}`,
    )
    return { text: `${gap()}{${text.length === 0 ? gap() : text.join(',')}}${gap()}`, members }
  })

/** The same character as JSON may also spell it. */
function escaped(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}

test('a member gets its value, and every other keeps its own', () => {
  fc.assert(
    fc.property(objectText, fc.string(), fc.string(), ({ text, members }, name, value) => {
      const changed = parseObject(withMembers(text, { [name]: value }))
      // As maps: objects of JavaScript put names that are numbers first, wherever they stand.
      assert.deepEqual(changed, new Map<string, unknown>(parseObject(text)).set(name, value))
      assert.ok(changed.size >= members.length)
    }),
  )
})

test('nothing but the value’s own bytes differs', () => {
  fc.assert(
    fc.property(objectText, fc.string(), fc.nat(), ({ text, members }, value, pick) => {
      const name = members[pick % Math.max(members.length, 1)]?.[0] ?? 'added'
      const mark = `${value}\u{10ffff}`
      const marked = JSON.stringify(mark)
      const changed = withMembers(text, { [name]: mark })
      const [head = '', tail = ''] = changed.split(marked)
      if (members.length > 0) assert.ok(text.startsWith(head) && text.endsWith(tail))
      // Put back with its old value, the text is the old one again.
      assert.equal(
        withMembers(changed, { [name]: 'x' }),
        changed.replace(marked, () => '"x"'),
      )
    }),
  )
})

test('names that objects have of themselves are names like others', () => {
  assert.equal(
    withMembers('{"__proto__":"a","b":1}', { __proto__x: 'c' }),
    '{"__proto__":"a","b":1,"__proto__x":"c"}',
  )
  assert.equal(withMembers('{"toString":"a"}', { toString: 'b' }), '{"toString":"b"}')
  assert.equal(parseObject('{}').get('constructor'), undefined)
})

test('text that is no object is refused without being quoted', () => {
  for (const text of ['', 'hunter2', '[]', 'null', '"{}"', '{"a":1', '{"a":1,}', '7']) {
    assert.throws(() => withMembers(text, { a: 'b' }), { message: 'The secret is not a JSON object.' })
  }
})

test('a broken object is taken for one, a password that begins with a brace is not', () => {
  for (const text of ['{}', ' {"a":1} ', '{"a":1,}', '{ "a" }'])
    assert.equal(looksLikeObject(text), true, text)
  for (const text of ['{hunter2}', '{', '[1]', '7', 'null', ''])
    assert.equal(looksLikeObject(text), false, text)
})
