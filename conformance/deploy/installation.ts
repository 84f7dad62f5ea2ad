import assert from 'node:assert/strict'
import { chownSync, mkdirSync, readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { GetSecretValueResponse } from '@aws-sdk/client-secrets-manager'
import { AwsCli } from '../aws-cli.ts'
import type { Environment } from '../loopback.ts'
import { finish } from '../process.ts'
import { Scratch } from '../server.ts'
import { readImage } from './dockerfile.ts'
import { CannotHere } from './namespaces.ts'
import { DEPLOY, needs } from './tools.ts'

/** npm fetches a few packages. */
const INSTALL_LIMIT_MS = 300_000
/** The container file's. */
export const IMAGE_USER = 10_001

let installation: Promise<string> | undefined
const scratch = new Scratch()
after(() => scratch[Symbol.dispose]())

/** What `deploy/install` makes with the container file's options, for the first test of a file that asks. */
export function installed(): Promise<string> {
  installation ??= (async () => {
    const target = join(scratch.path, 'lockstep')
    await demand(join(DEPLOY, 'install'), target, ...readImage().installOptions)
    return target
  })()
  return installation
}

/**
 * A test that makes places of its own, which only root can. Skipped, with the reason, where something is not
 * installed or the machine has no such place.
 *
 * @param needed What has to be installed.
 */
export function testAsRoot(
  name: string,
  body: (place: Scratch) => Promise<void>,
  needed = needs('aws-cli', 'openssl'),
): void {
  const isRoot = process.geteuid?.() === 0
  const options = isRoot ? needed : { skip: 'root: nobody else can make such a place' }
  test(name, options, async (t) => {
    using place = new Scratch()
    try {
      await body(place)
    } catch (error) {
      if (!(error instanceof CannotHere)) throw error
      t.skip(error.message)
    }
  })
}

/** The files that `deploy/new-secrets` makes for 127.0.0.1. */
export async function newSecrets(place: Scratch): Promise<string> {
  const directory = join(place.path, 'secrets')
  await demand(join(DEPLOY, 'new-secrets'), directory, '127.0.0.1')
  return directory
}

/** A data directory as an engine makes it of the image's volume. */
export function dataDirectory(place: Scratch, name = 'data'): string {
  const data = join(place.path, name)
  mkdirSync(data, { mode: 0o700 })
  chownSync(data, IMAGE_USER, IMAGE_USER)
  return data
}

/** The status of /healthz over TLS, the certificate having been checked. */
export function health(port: number, certificate: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path: '/healthz', ca: readFileSync(certificate) })
    asked.on('response', (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    asked.on('error', reject)
    asked.end()
  })
}

/** The `aws` command as the administrator whom `lockstep admin-env` printed. */
function clientOf(exports: string, endpoint: Environment): AwsCli {
  const variables = [...exports.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [name, value])
  return new AwsCli({ ...Object.fromEntries(variables), ...endpoint })
}

/** Stores a secret and reads it back. @param exports What `lockstep admin-env` printed. */
export async function demandService(exports: string, endpoint: Environment): Promise<void> {
  const secret = { name: 'deployed', 'secret-string': 'well' }
  await clientOf(exports, endpoint).run('secretsmanager create-secret', secret)
  assert.equal(await valueFor(exports, endpoint), 'well')
}

/** What {@link demandService} has stored, from any server of the same house. */
export async function valueFor(exports: string, endpoint: Environment): Promise<string | undefined> {
  const read = { 'secret-id': 'deployed' }
  const client = clientOf(exports, endpoint)
  return (await client.run<GetSecretValueResponse>('secretsmanager get-secret-value', read)).SecretString
}

/** What /proc says of a process: it is its own user's, and neither has nor can get a right beyond that. */
export function demandConfined(status: string, uid: number): void {
  assert.match(status, new RegExp(`^Uid:(\\s+${uid}){4}$`, 'm'))
  for (const rights of ['CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
    assert.match(status, new RegExp(`^${rights}:\\s+0{16}$`, 'm'))
  assert.match(status, /^NoNewPrivs:\s+1$/m)
}

/** With the whole environment of whoever runs the tests: their registry and proxy are npm's, too. */
async function demand(program: string, ...args: readonly string[]): Promise<void> {
  const env = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  )
  const { code, stderr } = await finish(program, args, {
    env: Object.fromEntries(env),
    limitMs: INSTALL_LIMIT_MS,
  })
  assert.equal(code, 0, stderr)
}
