/**
 * The chart's pod as a kubelet runs it, as far as a machine without a container engine can: its initContainer and
 * then its server, with the environment, mounts and user that the chart renders to. The database alone is another.
 */
import assert from 'node:assert/strict'
import {
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe } from 'node:test'
import { endpoint, local, type Options, RunningContainer } from './deploy/container.ts'
import {
  dataDirectory,
  demandService,
  health,
  IMAGE_USER,
  installed,
  newSecrets,
  testAsRoot,
} from './deploy/installation.ts'
import { render } from './deploy/manifests.ts'
import { freePort } from './deploy/namespaces.ts'
import { needs, run } from './deploy/tools.ts'
import type { Scratch } from './server.ts'

/** With what means something in a password file. */
const PASSWORD = 'a:b\\c d'

describe('the pod', needs('helm', 'deploy-check'), () => {
  /** A volume of secrets as a kubelet makes it for an unprivileged pod: links to files that the pod's group reads. */
  function volume(place: Scratch, name: string, files: Readonly<Record<string, Buffer | string>>): string {
    const directory = join(place.path, name)
    mkdirSync(join(directory, '..2026'), { recursive: true })
    symlinkSync('..2026', join(directory, '..data'))
    for (const [file, content] of Object.entries(files)) {
      const path = join(directory, '..2026', file)
      writeFileSync(path, content, { mode: 0o440 })
      chownSync(path, 0, IMAGE_USER)
      symlinkSync(`..data/${file}`, join(directory, file))
    }
    return directory
  }

  /** The rendered pod's volumes and, of its containers, commands, mounts and plain environment. */
  async function pod(place: Scratch, port: number) {
    const manifests = await render({})
    const { spec } = manifests.find(({ kind }) => kind === 'Deployment')?.spec?.template ?? {}
    const [first, main] = [spec?.initContainers?.[0], spec?.containers[0]]
    assert.ok(first && main)
    const made = await newSecrets(place)
    const read = (file: string) => readFileSync(join(made, file))
    const kept = join(place.path, 'kept')
    mkdirSync(kept)
    chownSync(kept, 0, IMAGE_USER)
    await run('chmod', '2770', kept)
    const sources: Readonly<Record<string, string>> = {
      data: dataDirectory(place),
      secrets: kept,
      tls: volume(place, 'tls', { 'tls.crt': read('tls.crt'), 'tls.key': read('tls.key') }),
      given: volume(place, 'given', { 'root.key': read('root.key'), 'database-password': PASSWORD }),
    }
    const directory = await installed()
    const options = ({ volumeMounts, env = [], command }: typeof main): Options => ({
      installed: directory,
      mounts: (volumeMounts ?? []).map(({ name, mountPath, readOnly }) => ({
        source: sources[name] ?? '',
        target: mountPath,
        writable: !readOnly,
      })),
      env: {
        ...Object.fromEntries(env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]]))),
        ...local(port),
      },
      ...(command && { command }),
    })
    return { first: options(first), main: options(main), kept }
  }

  testAsRoot(
    'places its secrets so that the server and PostgreSQL’s client take them, and serves',
    async (place) => {
      const port = await freePort()
      const { first, main, kept } = await pod(place, port)
      for (const _ of ['once', 'and again after a restart']) {
        await using init = RunningContainer.run(first)
        const { code, stderr } = await init.end()
        assert.equal(code, 0, stderr)
      }
      assert.deepEqual(readdirSync(kept).sort(), ['pgpass', 'root.key'])
      for (const file of readdirSync(kept)) {
        const { uid, mode } = statSync(join(kept, file))
        assert.deepEqual([uid, mode & 0o777], [IMAGE_USER, 0o600], file)
      }
      assert.equal(await passwordIn(join(kept, 'pgpass')), PASSWORD)

      await using container = await RunningContainer.start(main)
      const certificate = join(place.path, 'secrets/tls.crt')
      assert.equal(await health(port, certificate), 200)
      const administrator = await container.exec('lockstep', 'admin-env')
      await demandService(administrator.stdout, endpoint(port, certificate))
      await container.stop()
    },
  )

  testAsRoot(
    'does not start with the root key as a kubelet hands it out, which is why it is placed',
    async (place) => {
      const { main } = await pod(place, await freePort())
      const given = { source: join(place.path, 'given/..2026'), target: '/etc/lockstep/given' }
      const env = { ...main.env, LOCKSTEP_ROOT_KEY: 'file:/etc/lockstep/given/root.key' }
      await using container = RunningContainer.run({ ...main, mounts: [...main.mounts, given], env })
      const { stderr } = await container.end()
      assert.match(stderr, /Others than its owner have access to the root key/)
    },
  )
})

/** What PostgreSQL's client for Node reads in a password file. */
async function passwordIn(file: string): Promise<unknown> {
  const load = createRequire(join(await installed(), 'packages/server/package.json'))
  const pgpass: unknown = load('pgpass')
  assert.ok(typeof pgpass === 'function')
  const before = process.env.PGPASSFILE
  process.env.PGPASSFILE = file
  try {
    const connection = { host: 'db.example.net', port: 5432, database: 'd', user: 'lockstep' }
    return await new Promise((resolve) => pgpass(connection, resolve))
  } finally {
    if (before === undefined) delete process.env.PGPASSFILE
    else process.env.PGPASSFILE = before
  }
}
