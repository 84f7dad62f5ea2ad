/** How a rotation comes to a database: what it takes for proof, and what it tells nobody on the way. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmodSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { parseCredentials } from '../packages/workers/src/rotation/postgresql/credentials.ts'
import { login } from '../packages/workers/src/rotation/postgresql/session.ts'
import { setOwnPassword } from '../packages/workers/src/rotation/postgresql/single-user.ts'
import { needing } from './components.ts'
import { Postgres } from './postgres.ts'
import { finish } from './process.ts'
import { Scratch } from './server.ts'

const { test, before, after } = needing('postgresql', 'openssl')

/** Which role is asked for what. */
const HBA = `
local all all scram-sha-256
host all trusted 127.0.0.1/32 trust
host all clear 127.0.0.1/32 password
host all digest 127.0.0.1/32 md5
hostnossl all tlsonly 127.0.0.1/32 reject
host all all 127.0.0.1/32 scram-sha-256
`
const PASSWORD = 'needle-0123456789'

let scratch: Scratch
let plain: Postgres
let withTls: Postgres
before(async () => {
  scratch = new Scratch()
  chmodSync(scratch.path, 0o755)
  const files = Object.fromEntries(['hba', 'key', 'crt'].map((name) => [name, join(scratch.path, name)]))
  const { hba = '', key = '', crt = '' } = files
  writeFileSync(hba, HBA)
  const request = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost']
  const names = ['-addext', 'subjectAltName=DNS:localhost']
  const made = await finish('openssl', ['req', ...request, ...names, '-keyout', key, '-out', crt], {
    env: { PATH: process.env.PATH ?? '' },
  })
  assert.equal(made.code, 0, made.stderr)
  plain = await Postgres.start({ isDurable: false, settings: { hba_file: hba } })
  const settings = { hba_file: hba, ssl: 'on', ssl_cert_file: crt, ssl_key_file: key }
  // The first owns the key as its user, and both run as the same one.
  plain.own(key)
  withTls = await Postgres.start({ isDurable: false, settings })
  for (const postgres of [plain, withTls]) {
    for (const name of ['app', 'trusted', 'clear', 'tlsonly']) {
      await postgres.sql(`create role ${name} login password '${PASSWORD}'`)
    }
    await postgres.sql(`set password_encryption to md5; create role digest login password '${PASSWORD}'`)
  }
})
after(async () => {
  await plain[Symbol.asyncDispose]()
  await withTls[Symbol.asyncDispose]()
  scratch[Symbol.dispose]()
})

const trusting = () => ({ PGSSLROOTCERT: join(scratch.path, 'crt') })

function credentials(postgres: Postgres, more: object = {}) {
  const { port } = postgres
  const secret = { engine: 'postgres', host: 'localhost', username: 'app', password: PASSWORD, port, ...more }
  return parseCredentials(JSON.stringify(secret))
}

/** Whether the session that comes of it has TLS. */
async function hasTls(postgres: Postgres, more: object = {}, environment = {}): Promise<boolean> {
  const outcome = await login(credentials(postgres, more), environment)
  assert.equal(outcome.kind, 'in')
  await using session = outcome.kind === 'in' ? outcome.session : undefined
  const rows = await session?.query('select ssl from pg_stat_ssl where pid = pg_backend_pid()')
  return rows?.[0]?.ssl === true
}

test('TLS is used where the server has it, and not missed where nothing asks for it', async () => {
  assert.equal(await hasTls(withTls), true)
  assert.equal(await hasTls(plain), false)
  assert.equal(await hasTls(withTls, { username: 'tlsonly' }), true)
  assert.equal(await hasTls(withTls, { sslmode: 'disable' }), false)
  assert.equal(await hasTls(withTls, { ssl: false }), false)
})

test('a secret that asks for TLS gets none without it', async () => {
  for (const more of [
    { ssl: true },
    { sslmode: 'require' },
    { sslmode: 'verify-ca' },
    { sslmode: 'verify-full' },
  ]) {
    await assert.rejects(hasTls(plain, more, trusting()), /has no TLS, which the secret asks for/)
  }
})

test('a certificate is verified as far as the secret asks', async () => {
  const { port } = withTls
  assert.equal(await hasTls(withTls, { sslmode: 'require' }), true)
  for (const more of [{ ssl: true }, { sslmode: 'verify-ca' }, { sslmode: 'verify-full' }]) {
    assert.equal(await hasTls(withTls, more, trusting()), true)
    await assert.rejects(hasTls(withTls, more), /DEPTH_ZERO_SELF_SIGNED_CERT/)
  }
  const byAddress = { host: '127.0.0.1', port }
  assert.equal(await hasTls(withTls, { ...byAddress, sslmode: 'verify-ca' }, trusting()), true)
  await assert.rejects(
    hasTls(withTls, { ...byAddress, sslmode: 'verify-full' }, trusting()),
    /ERR_TLS_CERT_ALTNAME_INVALID/,
  )
})

test('a login for which no password was asked proves nothing', async () => {
  await assert.rejects(
    hasTls(plain, { username: 'trusted', password: 'any' }),
    /without asking for a password/,
  )
})

test('the password itself goes to a server that has proved who it is, and to no other', async () => {
  for (const more of [{}, { sslmode: 'require' }, { sslmode: 'disable' }]) {
    await assert.rejects(hasTls(withTls, { username: 'clear', ...more }), /asked for the password in clear/)
  }
  assert.equal(await hasTls(withTls, { username: 'clear', sslmode: 'verify-full' }, trusting()), true)
})

test('whoever answers at the host and asks for the password in clear does not hear it', async () => {
  let heard = ''
  const liar = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (piece) => {
      heard += piece.toString('latin1')
      // 'N': no TLS. Then AuthenticationCleartextPassword.
      socket.write(piece.length === 8 ? 'N' : Buffer.from('520000000800000003', 'hex'))
    })
  })
  await new Promise<void>((resolve) => liar.listen(0, '127.0.0.1', resolve))
  const address = liar.address()
  const port = typeof address === 'object' ? address?.port : undefined
  try {
    const lied = { ...credentials(plain), host: '127.0.0.1', port: port ?? 0 }
    await assert.rejects(login(lied, {}), /asked for the password in clear/)
    assert.match(heard, /app/, 'it was there')
    assert.ok(!heard.includes(PASSWORD))
  } finally {
    liar.close()
  }
})

test('a password that is kept as MD5 is one as SCRAM after a rotation', async () => {
  const current = credentials(plain, { username: 'digest' })
  const pending = credentials(plain, { username: 'digest', password: 'next' })
  await setOwnPassword({ current, pending }, { environment: {}, randomBytes })
  const [row] = await plain.sql<{ rolpassword: string }>(
    "select rolpassword from pg_authid where rolname = 'digest'",
  )
  assert.match(row?.rolpassword ?? '', /^SCRAM-SHA-256\$4096:/)
  assert.equal(await hasTls(plain, { username: 'digest', password: 'next' }), false)
})
