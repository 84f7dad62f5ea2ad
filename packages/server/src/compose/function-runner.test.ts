import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { readConfig } from '../config.ts'
import { hiddenPaths } from './function-runner.ts'

test('functions are kept from every file that holds a secret of the server’s', () => {
  const flags = { data: '/srv/lockstep', 'root-key': 'file:/keys/root', 'tls-cert': 'crt', 'tls-key': 'key' }
  const config = readConfig(flags, {
    LOCKSTEP_PASSPHRASE_FILE: '/run/passphrase',
    LOCKSTEP_SMTP_PASSWORD_FILE: 'smtp-password',
    PGPASSFILE: '/run/pgpass',
  })
  assert.deepEqual(hiddenPaths(config), [
    '/srv/lockstep',
    '/keys/root',
    resolve('key'),
    '/run/passphrase',
    resolve('smtp-password'),
    '/run/pgpass',
  ])
})

test('what lies in the data directory is hidden with it', () => {
  const config = readConfig({ data: '/srv/lockstep' }, { PGPASSFILE: '/srv/lockstep/pgpass' })
  assert.deepEqual(hiddenPaths(config), ['/srv/lockstep'])
})

test('a server in memory has no directory to hide', () => {
  assert.deepEqual(hiddenPaths(readConfig({ data: 'memory' }, {})), [])
})
