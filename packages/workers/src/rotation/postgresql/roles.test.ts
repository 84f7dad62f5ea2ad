import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { actAs, planRoles, type Role, type Roles, setPassword } from './roles.ts'
import { pairOf } from './usernames.ts'

const PLAIN: Role = {
  superuser: false,
  createRole: false,
  createDatabase: false,
  canLogin: true,
  replication: false,
  bypassRowSecurity: false,
  connectionLimit: -1,
  validUntil: null,
}
const PAIR = pairOf('app')
const BOTH: Roles = { original: PLAIN, clone: PLAIN, isMember: true, originalSettings: [], cloneSettings: [] }

test('a clone that is as it should be gets its password and nothing else', () => {
  assert.deepEqual(planRoles(PAIR, 'app_clone', 'V', BOTH), [`alter role "app_clone" with password 'V'`])
  assert.deepEqual(planRoles(PAIR, 'app', 'V', BOTH), [`alter role "app" with password 'V'`])
})

test('a clone that is not there is made a member and gets what differs, its password last', () => {
  const original = {
    ...PLAIN,
    createDatabase: true,
    connectionLimit: 5,
    validUntil: '2099-01-01 00:00:00+00',
  }
  const roles = { ...BOTH, original, clone: undefined, isMember: false }
  assert.deepEqual(planRoles(PAIR, 'app_clone', 'V', roles), [
    'create role "app_clone" with login inherit',
    'grant "app" to "app_clone"',
    `alter role "app_clone" with createdb connection limit 5 valid until '2099-01-01 00:00:00+00'`,
    `alter role "app_clone" with password 'V'`,
  ])
})

test('what the original has lost the clone loses', () => {
  const clone = { ...PLAIN, superuser: true, replication: true, validUntil: '2000-01-01' }
  const [attributes] = planRoles(PAIR, 'app_clone', 'V', { ...BOTH, clone })
  assert.equal(attributes, `alter role "app_clone" with nosuperuser noreplication valid until 'infinity'`)
})

test('the original is never given attributes, whatever the clone has', () => {
  const clone = { ...PLAIN, superuser: true }
  assert.deepEqual(planRoles(PAIR, 'app', 'V', { ...BOTH, clone }), [`alter role "app" with password 'V'`])
})

test('a role that only has the name of a clone or an original is not touched', () => {
  for (const pending of ['app', 'app_clone']) {
    assert.throws(
      () => planRoles(PAIR, pending, 'V', { ...BOTH, isMember: false }),
      /no member of the original/,
    )
    assert.throws(
      () => planRoles(PAIR, pending, 'V', { ...BOTH, original: undefined }),
      /no role of the original/,
    )
  }
  assert.throws(
    () => planRoles(PAIR, 'app', 'V', { ...BOTH, clone: undefined, isMember: false }),
    /no role of the username with _clone/,
  )
})

test('settings follow the original, lists name by name, and the one to act as stays', () => {
  const originalSettings = [
    { database: null, name: 'search_path', value: '"odd, ""name", public' },
    { database: 'my db', name: 'app.tenant', value: "it's" },
    { database: null, name: 'work_mem', value: '4MB' },
  ]
  const cloneSettings = [
    { database: null, name: 'work_mem', value: '4MB' },
    { database: null, name: 'role', value: 'app' },
    { database: null, name: 'statement_timeout', value: '1' },
  ]
  assert.deepEqual(
    planRoles(PAIR, 'app_clone', 'V', { ...BOTH, originalSettings, cloneSettings }).slice(0, -1),
    [
      'alter role "app_clone" reset "statement_timeout"',
      `alter role "app_clone" set "search_path" to 'odd, "name', 'public'`,
      `alter role "app_clone" in database "my db" set "app"."tenant" to 'it''s'`,
    ],
  )
})

/** Reads a quoted name or literal back as PostgreSQL's lexer does; answers it and what follows. */
function lexed(text: string): readonly [string, string] {
  const isEscape = /^ ?E'/.test(text)
  const start = text.search(/["']/)
  const quote = text.charAt(start)
  let value = ''
  for (let at = start + 1; at < text.length; at++) {
    const character = text.charAt(at)
    if (character === quote && text.charAt(at + 1) !== quote) return [value, text.slice(at + 1)]
    if (character === quote || (isEscape && character === '\\')) at++
    value += text.charAt(at)
  }
  throw new Error('a quote that is not closed')
}

test('whatever a name or value holds, a statement has it as one token', () => {
  const any = fc.string({ unit: fc.constantFrom('"', "'", '\\', ';', '-', ' ', 'a', '$', '\n', 'é', '🔑') })
  fc.assert(
    fc.property(any, any, (name, value) => {
      const [role, rest] = lexed(setPassword(name, value).slice('alter role '.length))
      assert.equal(role, name)
      assert.ok(rest.startsWith(' with password '))
      assert.deepEqual(lexed(rest.slice(' with password '.length)), [value, ''])
      assert.deepEqual(lexed(actAs(name).slice('alter role session_user set role to '.length)), [name, ''])
    }),
  )
})
