/** A real `lockstep serve` to measure. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Subject } from './measure.ts'
import type { Signer } from './requests.ts'
import { start } from './server.ts'

export const REGION = 'us-east-1'
export const CLI = join(import.meta.dirname, '../packages/cli/bin/lockstep')

const LIMITS = ['--limit-principal', '100000000/100000000', '--limit-address', '100000000/100000000']

/**
 * @param data Its data directory, which exists.
 * @param env Settings that are not for the process list.
 */
export async function startLockstep(
  data: string,
  env: Readonly<Record<string, string>> = {},
  signer?: Signer,
): Promise<Subject> {
  const args = [CLI, 'serve', '--data', data, '--listen', '127.0.0.1:0', '--log-level', 'error', ...LIMITS]
  const server = await start(args, { ...process.env, ...env })
  return { server, signer: { ...(signer ?? administratorIn(data)), port: server.port } }
}

function administratorIn(data: string): Omit<Signer, 'port'> {
  // The server's own file: this directory was made a moment ago.
  const { accounts } = JSON.parse(readFileSync(join(data, 'administrators.json'), 'utf8')) as {
    accounts: readonly [{ accessKeyId: string; secretAccessKey: string }]
  }
  return { ...accounts[0], region: REGION }
}
