/** systemd/lockstep.service under a real systemd, which is booted beside this machine's for each test. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { STOP_LIMIT_MS } from './deploy/container.ts'
import {
  demandConfined,
  demandService,
  health,
  installed,
  newSecrets,
  testAsRoot,
} from './deploy/installation.ts'
import { freePort } from './deploy/namespaces.ts'
import { BootedSystemd } from './deploy/systemd.ts'
import { needs } from './deploy/tools.ts'

const SETTINGS = '/etc/lockstep/server.env'
const SECRETS = '/etc/lockstep/secrets'
/** Longer than the unit waits before it starts a server again. */
const PAST_A_RESTART_MS = 4_000
const WRONG_USAGE = '2'

async function administrator(systemd: BootedSystemd): Promise<string> {
  const command = 'exec /opt/lockstep/packages/cli/bin/lockstep admin-env --data /var/lib/lockstep'
  return systemd.demand(
    'setpriv',
    '--reuid',
    'lockstep',
    '--regid',
    'lockstep',
    '--clear-groups',
    'sh',
    '-c',
    command,
  )
}

async function status(systemd: BootedSystemd): Promise<string> {
  return systemd.demand('cat', `/proc/${await systemd.property('MainPID')}/status`)
}

describe('lockstep.service', needs('systemd'), () => {
  testAsRoot(
    'serves with nothing but an address, as its own user, and writes to its state directory alone',
    async () => {
      const port = await freePort()
      await using systemd = await BootedSystemd.boot(await installed())
      await systemd.put(SETTINGS, `LOCKSTEP_LISTEN=127.0.0.1:${port}\n`)
      await systemd.start()
      const uid = (await systemd.demand('id', '-u', 'lockstep')).trim()
      const main = await status(systemd)
      demandConfined(main, Number(uid))
      assert.match(main, /^Seccomp:\s+2$/m)
      await demandService(await administrator(systemd), { AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` })

      const written = await systemd.demand('find', '/run/shared/changed', '-uid', uid)
      const elsewhere = written
        .split('\n')
        .filter((path) => !/^(\/run\/shared\/changed\/var\/lib\/lockstep(\/|$)|$)/.test(path))
      assert.deepEqual(elsewhere, [])
      assert.ok(written.includes('/var/lib/lockstep/root.key'))
      const others = await systemd.demand('find', '/var/lib/lockstep', '-perm', '/077')
      assert.equal(others, '', 'open to others')
    },
  )

  testAsRoot('takes root key and certificate from files that root alone can read', async (place) => {
    const port = await freePort()
    const secrets = await newSecrets(place)
    await using systemd = await BootedSystemd.boot(await installed())
    for (const file of ['root.key', 'tls.crt', 'tls.key', 'pgpass'])
      await systemd.put(join(SECRETS, file), readFileSync(join(secrets, file), 'utf8'))
    const credentials = '/run/credentials/lockstep.service'
    const settings = [
      `LOCKSTEP_LISTEN=127.0.0.1:${port}`,
      `LOCKSTEP_TLS_CERT=${credentials}/secrets_tls.crt`,
      `LOCKSTEP_TLS_KEY=${credentials}/secrets_tls.key`,
      'LOCKSTEP_ROOT_KEY=file:/run/lockstep-server/root.key',
    ]
    await systemd.put(SETTINGS, settings.join('\n'))
    await systemd.start()
    const certificate = join(secrets, 'tls.crt')
    assert.equal(await health(port, certificate), 200)
    const endpoint = { AWS_ENDPOINT_URL: `https://127.0.0.1:${port}`, AWS_CA_BUNDLE: certificate }
    await demandService(await administrator(systemd), endpoint)
    const placed = await systemd.demand('find', '/run/lockstep-server', '-type', 'f', '-printf', '%f %u %m\n')
    assert.deepEqual(placed.trim().split('\n').sort(), ['pgpass lockstep 600', 'root.key lockstep 600'])
    assert.doesNotMatch(await systemd.demand('ls', '/var/lib/lockstep'), /root\.key/)

    await systemd.demand('systemctl', 'stop', 'lockstep.service')
    assert.equal(
      (await systemd.inside('ls', '/run/lockstep-server')).code,
      2,
      'the copies go with the server',
    )
  })

  testAsRoot(
    'starts again after a crash, and ends with 0 within ten seconds when it is stopped',
    async () => {
      const port = await freePort()
      await using systemd = await BootedSystemd.boot(await installed())
      await systemd.put(SETTINGS, `LOCKSTEP_LISTEN=127.0.0.1:${port}\n`)
      await systemd.start()
      await systemd.demand('kill', '-KILL', await systemd.property('MainPID'))
      await systemd.ready(1)
      assert.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 200)

      const beganMs = performance.now()
      await systemd.demand('systemctl', 'stop', 'lockstep.service')
      assert.ok(performance.now() - beganMs < STOP_LIMIT_MS)
      assert.equal(await systemd.property('Result'), 'success')
      assert.equal(await systemd.property('ExecMainStatus'), '0')
      await assert.rejects(fetch(`http://127.0.0.1:${port}/healthz`))
    },
  )

  testAsRoot('does not try again with settings that cannot be', async () => {
    await using systemd = await BootedSystemd.boot(await installed())
    await systemd.put(SETTINGS, 'LOCKSTEP_LISTEN=0.0.0.0:4600\n')
    await systemd.demand('systemctl', 'start', 'lockstep.service')
    await systemd.until(async () => (await systemd.property('ActiveState')) !== 'active')
    await sleep(PAST_A_RESTART_MS)
    assert.equal(await systemd.property('ActiveState'), 'failed')
    assert.equal(await systemd.property('ExecMainStatus'), WRONG_USAGE)
    assert.equal(await systemd.property('NRestarts'), '0')
    assert.match(systemd.said('stderr'), /not a loopback address/)
  })
})
