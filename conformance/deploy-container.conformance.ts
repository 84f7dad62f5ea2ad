/**
 * The container file's process as Compose runs it, as far as a machine without a container engine can: installed by
 * the same script, with that file's environment, secrets and user, in namespaces whose root is read-only.
 */
import assert from 'node:assert/strict'
import { chmodSync, chownSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, test } from 'node:test'
import { readProject } from './deploy/compose.ts'
import { endpoint, local, type Mount, type Options, RunningContainer } from './deploy/container.ts'
import { readImage } from './deploy/dockerfile.ts'
import {
  dataDirectory,
  demandConfined,
  demandService,
  health,
  IMAGE_USER,
  installed,
  newSecrets,
  testAsRoot,
  valueFor,
} from './deploy/installation.ts'
import { freePort } from './deploy/namespaces.ts'
import { DEPLOY, needs, run } from './deploy/tools.ts'
import { Postgres } from './postgres.ts'
import { finish } from './process.ts'
import type { Scratch } from './server.ts'

/** The user of PostgreSQL's own image. */
const POSTGRES_USER = 999

/** As a server of compose.yaml, with the secrets of that directory. */
async function composed(secrets: string, data: string, name = 'lockstep-1'): Promise<Options> {
  const service = (await readProject()).services[name]
  assert.ok(service?.secrets?.length && service.volumes?.length === 1)
  const files = service.secrets.map(({ source }) => ({
    source: join(secrets, source),
    target: `/run/secrets/${source}`,
  }))
  const volumes = service.volumes.map(({ target }) => ({ source: data, target, writable: true }))
  const env = Object.entries(service.environment ?? {}).map(([variable, value]) => [variable, value ?? ''])
  return { installed: await installed(), mounts: [...files, ...volumes], env: Object.fromEntries(env) }
}

describe('the container', needs('deploy-check'), () => {
  /** By itself. */
  async function alone(place: Scratch, port: number): Promise<Options> {
    const options = await composed(await newSecrets(place), dataDirectory(place))
    return { ...options, env: { ...options.env, ...local(port) } }
  }

  testAsRoot(
    'serves over TLS on a root that nobody can write, as its own user, without any right',
    async (place) => {
      const port = await freePort()
      await using container = await RunningContainer.start(await alone(place, port))
      const certificate = join(place.path, 'secrets/tls.crt')
      assert.equal(await health(port, certificate), 200)
      const administrator = await container.exec('lockstep', 'admin-env')
      assert.equal(administrator.code, 0, administrator.stderr)
      await demandService(administrator.stdout, endpoint(port, certificate))

      demandConfined((await container.inside('cat', '/proc/1/status')).stdout, IMAGE_USER)
      for (const place of ['/', '/tmp', '/opt/lockstep', '/usr/local/bin', '/run/secrets/root.key']) {
        const written = await container.inside('touch', place.endsWith('key') ? place : `${place}/x`)
        assert.match(written.stderr, /Read-only file system/, place)
      }
      await container.stop()
    },
  )

  testAsRoot('is healthy by its HEALTHCHECK while it serves, and not before or after', async (place) => {
    const port = await freePort()
    const options = await alone(place, port)
    const [program = '', ...args] = readImage().healthcheck
    await using container = await RunningContainer.start(options)
    const healthy = await container.exec(program, ...args)
    assert.equal(healthy.code, 0, healthy.stderr)
    assert.equal(JSON.parse(healthy.stdout).status, 'ok')
    await container.stop()
    const script = join(DEPLOY, 'healthcheck.ts')
    const gone = await finish(process.execPath, [script], { env: { ...options.env } })
    assert.equal(gone.code, 1)
  })

  testAsRoot(
    'has in its volume what the next one starts with, and its root key stays outside',
    async (place) => {
      const port = await freePort()
      const options = await alone(place, port)
      for (const _ of ['first', 'second']) {
        await using container = await RunningContainer.start(options)
        await container.stop()
      }
      const files = readdirSync(join(place.path, 'data'))
      assert.ok(files.includes('administrators.json') && files.includes('lockstep.db'))
      assert.ok(!files.includes('root.key'))
    },
  )

  testAsRoot('ends with 2 and the reason where it has no certificate', async (place) => {
    const mounts: readonly Mount[] = [
      { source: dataDirectory(place), target: '/var/lib/lockstep', writable: true },
    ]
    await using container = RunningContainer.run({ installed: await installed(), mounts, env: {} })
    const { code, stderr } = await container.end()
    assert.match(stderr, /0\.0\.0\.0 is not a loopback address; give --tls-cert and --tls-key/)
    assert.equal(code, 2)
  })
})

describe('the two servers of compose.yaml', needs('deploy-check', 'postgresql'), () => {
  testAsRoot('share one PostgreSQL over checked TLS, with its password from a file', async (place) => {
    const secrets = await newSecrets(place)
    await using postgres = await databaseWith(secrets, place)
    await postgres.createDatabase('lockstep')
    writeFileSync(join(secrets, 'pgpass'), `*:*:*:*:${postgres.password}\n`)
    const hosts = join(place.path, 'hosts')
    writeFileSync(hosts, '127.0.0.1 postgres\n')
    const certificate = join(secrets, 'tls.crt')

    async function server(name: string, port: number): Promise<RunningContainer> {
      const { env, mounts, ...rest } = await composed(secrets, dataDirectory(place, name), name)
      const LOCKSTEP_STORE = env.LOCKSTEP_STORE?.replace(':5432/', `:${postgres.port}/`) ?? ''
      return RunningContainer.start({
        ...rest,
        mounts: [...mounts, { source: hosts, target: '/etc/hosts' }],
        env: { ...env, ...local(port), LOCKSTEP_STORE },
      })
    }
    const [onePort, twoPort] = [await freePort(), await freePort()]
    await using one = await server('lockstep-1', onePort)
    await using two = await server('lockstep-2', twoPort)
    const connections = await postgres.sql<{ readonly ssl: boolean }>(
      `select ssl from pg_stat_ssl join pg_stat_activity using (pid) where usename = 'lockstep'`,
    )
    assert.ok(connections.length > 1 && connections.every(({ ssl }) => ssl))

    const { stdout } = await one.exec('lockstep', 'admin-env')
    await demandService(stdout, endpoint(onePort, certificate))
    assert.equal(await valueFor(stdout, endpoint(twoPort, certificate)), 'well')
    await one.stop()
    assert.equal(await valueFor(stdout, endpoint(twoPort, certificate)), 'well')
    await two.stop()
  })
})

/** A cluster with TLS and passwords, which takes the certificate that is for it. */
async function databaseWith(secrets: string, place: Scratch): Promise<Postgres> {
  const [certificate, key] = [join(place.path, 'postgres.crt'), join(place.path, 'postgres.key')]
  const { stdout: uid } = await run('id', '-u', 'postgres')
  for (const path of [certificate, key]) {
    writeFileSync(path, readFileSync(join(secrets, basename(path))), { mode: 0o600 })
    chownSync(path, Number(uid), 0)
  }
  chmodSync(place.path, 0o711)
  const settings = { ssl: 'on', ssl_cert_file: certificate, ssl_key_file: key }
  return Postgres.start({ asksPassword: true, isDurable: false, settings })
}

describe('deploy/new-secrets', () => {
  testAsRoot('gives each file to the one user who reads it, and writes over nothing', async (place) => {
    const directory = await newSecrets(place)
    const owners = {
      'root.key': IMAGE_USER,
      pgpass: IMAGE_USER,
      'tls.key': IMAGE_USER,
      'postgres-password': POSTGRES_USER,
      'postgres.key': POSTGRES_USER,
    }
    for (const [file, owner] of Object.entries(owners)) {
      const { uid, mode } = statSync(join(directory, file))
      assert.deepEqual([uid, mode & 0o777], [owner, 0o400], file)
    }
    const again = await run(join(DEPLOY, 'new-secrets'), directory, '127.0.0.1')
    assert.match(again.stderr, /exists already/)
    assert.equal(again.code, 1)
  })

  test('and compose.yaml name the same files', needs('deploy-check'), async () => {
    const { secrets } = await readProject()
    const text = readFileSync(join(DEPLOY, 'new-secrets'), 'utf8')
    for (const name of Object.keys(secrets)) assert.ok(text.includes(name.replace(/\.(crt|key)$/, '')), name)
  })
})
