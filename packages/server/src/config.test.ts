import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { hasPassword } from './config/store.ts'
import { ConfigError, readConfig } from './config.ts'

test('without any setting the server is on loopback port 4600 in us-east-1', () => {
  const config = readConfig({ data: 'memory' }, {})
  assert.deepEqual(config.listen, { host: '127.0.0.1', port: 4600 })
  assert.deepEqual(config.regions, ['us-east-1'])
})

test('a flag wins over the environment, the environment over the file', () => {
  const data = mkdtempSync(join(tmpdir(), 'lockstep-config-'))
  try {
    writeFileSync(
      join(data, 'lockstep.json'),
      '{"region":"eu-west-1","log-level":"error","accounts":["111122223333"]}',
    )
    const config = readConfig(
      { data, listen: '127.0.0.1:1' },
      { LOCKSTEP_REGION: 'eu-west-2', LOCKSTEP_LISTEN: '127.0.0.1:2' },
    )
    assert.equal(config.listen.port, 1)
    assert.equal(config.region, 'eu-west-2')
    assert.equal(config.logLevel, 'error')
    assert.deepEqual(config.moreAccounts, ['111122223333'])
  } finally {
    rmSync(data, { recursive: true })
  }
})

test('every bad setting is named at once', () => {
  assert.throws(
    () =>
      readConfig(
        { data: 'memory', listen: 'nowhere', 'limit-address': '5' },
        { LOCKSTEP_ACCOUNT_ID: '12', LOCKSTEP_ADMIN_ACCESS_KEY_ID: 'short' },
      ),
    (error) =>
      error instanceof ConfigError &&
      [
        '--listen',
        '--limit-address',
        'LOCKSTEP_ACCOUNT_ID',
        'LOCKSTEP_ADMIN_ACCESS_KEY_ID',
        'LOCKSTEP_ADMIN_SECRET',
      ].every((name) => error.message.includes(name)),
  )
})

test('how functions run is checked like everything else', () => {
  const bad = {
    'function-concurrency': '0',
    'function-user': '20005-20000',
    'function-endpoint': 'ftp://here',
  }
  assert.throws(
    () => readConfig({ data: 'memory', ...bad }, {}),
    (error) => error instanceof ConfigError && Object.keys(bad).every((name) => error.message.includes(name)),
  )
  for (const user of ['root', '0', '-5', '5-'])
    assert.throws(() => readConfig({ data: 'memory', 'function-user': user }, {}), /--function-user/, user)
  assert.deepEqual(readConfig({ data: 'memory' }, {}).functions, {
    concurrency: 16,
    python: 'python3',
    mayBeUnconfined: false,
  })
})

test('a plain listener beyond loopback needs a flag that says what it gives up', () => {
  assert.throws(() => readConfig({ data: 'memory', listen: '0.0.0.0:4600' }, {}), /--insecure-plain-http/)
  assert.equal(
    readConfig({ data: 'memory', listen: '0.0.0.0:4600', 'insecure-plain-http': 'true' }, {}).listen.host,
    '0.0.0.0',
  )
})

test('a certificate without its key is refused', () => {
  assert.throws(() => readConfig({ data: 'memory', 'tls-cert': 'x.pem' }, {}), /go together/)
})

test('buckets of trails, how often files go there and as whom, are read; what is wrong is named, no secret with it', () => {
  const config = readConfig(
    { data: 'memory', 'trail-buckets': 'audit=dir:/var/audit, logs=s3:', 'trail-delivery-seconds': '60' },
    { LOCKSTEP_TRAIL_S3_ACCESS_KEY_ID: 'AKIA', LOCKSTEP_TRAIL_S3_SECRET_ACCESS_KEY: 'hunter2' },
  )
  assert.deepEqual([...config.trailBuckets.keys()], ['audit', 'logs'])
  assert.deepEqual([config.trailDeliveryMs, config.trailDigestMs], [60_000, 3_600_000])
  assert.equal(config.trailKeys?.secretAccessKey.text(), 'hunter2')
  assert.ok(!JSON.stringify(config).includes('hunter2'))
  const bad = {
    data: 'memory',
    'trail-buckets': 'audit=dir:/a,audit=dir:/b,logs=s3:https://key:hunter2@s3.example',
    'trail-delivery-seconds': '0',
  }
  assert.throws(
    () => readConfig(bad, { LOCKSTEP_TRAIL_S3_SECRET_ACCESS_KEY: 'hunter2' }),
    (error) =>
      error instanceof ConfigError &&
      ['audit is named twice', 'logs: its place', '--trail-delivery-seconds', 'go together'].every((text) =>
        error.message.includes(text),
      ) &&
      !error.message.includes('hunter2'),
  )
})

test('the passphrase is in no complaint', () => {
  assert.throws(
    () => readConfig({ data: 'memory', listen: 'x' }, { LOCKSTEP_PASSPHRASE: 'hunter2' }),
    (error) => error instanceof ConfigError && !error.message.includes('hunter2'),
  )
})

test('a database beyond this machine is reached by TLS, or by an address that says otherwise', () => {
  const kindOf = (store: string) => readConfig({ data: 'memory', store }, {}).store.kind
  for (const beside of [
    'postgres://127.0.0.1/lockstep',
    'postgresql://[::1]:5432/lockstep',
    'postgres:///lockstep?host=/run/postgresql',
    'postgres://db.example/lockstep?sslmode=verify-full',
    'postgres://db.example/lockstep?sslmode=disable',
  ]) {
    assert.equal(kindOf(beside), 'postgres', beside)
  }
  for (const away of ['postgres://db.example/lockstep', 'postgres:///lockstep?host=db.example']) {
    assert.throws(() => kindOf(away), /--store .*sslmode/, away)
  }
})

test('an address of the database is in no complaint, for it may hold a password', () => {
  for (const store of ['postgres://ada:hunter2@db.example/x', 'mysql://ada:hunter2@127.0.0.1/x', 'hunter2']) {
    assert.throws(
      () => readConfig({ data: 'memory', store }, {}),
      (error) => error instanceof ConfigError && !error.message.includes('hunter2'),
    )
  }
})

test('a password among the arguments is noticed, in the environment it is not', () => {
  assert.ok(hasPassword({ store: 'postgres://ada:hunter2@127.0.0.1/x' }))
  assert.ok(hasPassword({ store: 'postgres://127.0.0.1/x?user=ada&password=hunter2' }))
  assert.ok(!hasPassword({ store: 'postgres://ada@127.0.0.1/x' }))
  assert.ok(!hasPassword({}))
})

test('directories for the code of functions are absolute, and there are none unless the operator says so', () => {
  const read = (value?: string) =>
    readConfig({ data: 'memory', ...(value !== undefined && { 'function-directories': value }) }, {})
  assert.deepEqual(read().functionDirectories, [])
  assert.deepEqual(read('/srv/a, /srv/b').functionDirectories, ['/srv/a', '/srv/b'])
  assert.throws(() => read('/srv/a,b'), /--function-directories .*: b is not an absolute path/)
})
