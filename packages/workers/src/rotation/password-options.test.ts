import assert from 'node:assert/strict'
import { test } from 'node:test'
import { passwordOptions } from './password-options.ts'

test('an empty environment gives what AWS’s own functions ask for', () => {
  assert.deepEqual(passwordOptions({}), {
    PasswordLength: 32,
    ExcludeCharacters: ':/@"\'\\',
    ExcludeNumbers: false,
    ExcludePunctuation: false,
    ExcludeUppercase: false,
    ExcludeLowercase: false,
    RequireEachIncludedType: true,
  })
})

test('every variable that makes no sense is named at once', () => {
  const environment = { PASSWORD_LENGTH: '4097', EXCLUDE_UPPERCASE: 'x', REQUIRE_EACH_INCLUDED_TYPE: 'maybe' }
  assert.throws(
    () => passwordOptions(environment),
    /wrong: PASSWORD_LENGTH, EXCLUDE_UPPERCASE, REQUIRE_EACH_INCLUDED_TYPE\.$/,
  )
})

test('no excluded characters can be asked for, and flags may be spelled as AWS spells them', () => {
  const options = passwordOptions({
    EXCLUDE_CHARACTERS: '',
    EXCLUDE_NUMBERS: 'YES',
    REQUIRE_EACH_INCLUDED_TYPE: 'n',
  })
  assert.deepEqual(
    [options.ExcludeCharacters, options.ExcludeNumbers, options.RequireEachIncludedType],
    ['', true, false],
  )
})
