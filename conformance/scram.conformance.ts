/** The verifiers that rotation computes are those that PostgreSQL would have computed from the password itself. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import pg from 'pg'
import { saslprep } from '../packages/workers/src/rotation/postgresql/saslprep.ts'
import { scramVerifier } from '../packages/workers/src/rotation/postgresql/scram.ts'
import { needing } from './components.ts'
import { Postgres } from './postgres.ts'

const { test } = needing('postgresql')

const RUNS = 2_000

/** Characters that SASLprep does something about, more often than chance would bring them. */
const character = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  fc.constantFrom(
    '\u00a0',
    '\u00ad',
    '\u200b',
    '\u2168',
    '\ufb01',
    '\u05d0',
    '\u0627',
    '\u0007',
    '\ue000',
    'e\u0301',
  ),
)

test('of any password, whatever its characters', async () => {
  await using postgres = await Postgres.start({ isDurable: false })
  await using client = await postgres.connect()
  await client.query('create role somebody login')
  const counts = { prepared: 0, refused: 0 }
  await fc.assert(
    fc.asyncProperty(fc.array(character, { minLength: 1, maxLength: 8 }), async (characters) => {
      const password = characters.join('').replaceAll('\0', '0')
      if (saslprep(password) === undefined) {
        counts.refused++
        return
      }
      if (saslprep(password) !== password) counts.prepared++
      await client.query(`alter role somebody password ${pg.escapeLiteral(password)}`)
      const { rows } = await client.query<{ rolpassword: string }>(
        "select rolpassword from pg_authid where rolname = 'somebody'",
      )
      const stored = rows[0]?.rolpassword ?? ''
      const [, iterations, salt = ''] = /^SCRAM-SHA-256\$(\d+):([^$]+)\$/.exec(stored) ?? []
      assert.equal(await scramVerifier(password, Buffer.from(salt, 'base64'), Number(iterations)), stored)
    }),
    { numRuns: RUNS },
  )
  assert.ok(counts.prepared > RUNS / 20 && counts.refused > RUNS / 20, JSON.stringify(counts))
})
