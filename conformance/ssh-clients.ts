/** Clients that log in to nodes again and again, with the key as the secret has it at that moment. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { Hidden } from '../packages/workers/src/rotation/hidden.ts'
import { logIn } from '../packages/workers/src/rotation/ssh-key-pair/login.ts'
import { Scratch } from './server.ts'
import { SSH_USER, type SshNode, type SshWorld } from './ssh-world.ts'

/** How long every other client keeps a key between reading and using it. The drain has to be longer. */
const HOLD_MS = 3_000

export interface Logins {
  count: number
  readonly failures: string[]
  /** Public keys that a login worked with. */
  readonly keys: Set<string>
}

/** Begins so many of each kind. What `stop` answers is complete. */
export function beginLogins(world: SshWorld, secretId: string, of: { ssh: number; ssh2: number }) {
  const logins: Logins = { count: 0, failures: [], keys: new Set() }
  const scratch = new Scratch()
  const knownHosts = join(scratch.path, 'known_hosts')
  writeFileSync(knownHosts, world.nodes.map(({ knownHost }) => knownHost).join(''))
  let isOver = false
  const work = async (offset: number, attempt: (node: SshNode, key: string) => Promise<string>) => {
    for (let n = offset; !isOver; n++) {
      const node = world.nodes[n % world.nodes.length]
      const { PrivateKey, PublicKey } = await world.current(secretId)
      if (offset % 2 === 1) await sleep(HOLD_MS)
      const failure = node ? await attempt(node, PrivateKey) : 'there is no node'
      logins.count++
      if (failure === '') logins.keys.add(PublicKey)
      else logins.failures.push(`${node?.id}: ${failure}`)
      await turn()
    }
  }
  const running = [
    ...Array.from({ length: of.ssh2 }, (_, n) => work(n, withSsh2)),
    ...Array.from({ length: of.ssh }, (_, n) =>
      work(n, (node, key) => withSsh(node, key, scratch, knownHosts)),
    ),
  ]
  return {
    logins,
    async stop(): Promise<Logins> {
      isOver = true
      await Promise.all(running)
      scratch[Symbol.dispose]()
      return logins
    },
  }
}

async function withSsh2(node: SshNode, privateKey: string): Promise<string> {
  const hostKeys = [node.knownHost.replace(/^\S+ /, '').trim()]
  const address = { host: '127.0.0.1', port: node.port, hostKeys }
  const { outcome, why } = await logIn(address, { user: SSH_USER, privateKey: new Hidden(privateKey) })
  return outcome === 'ok' ? '' : `${outcome}: ${why}`
}

/** OpenSSH's own client, which wants a file. */
function withSsh(node: SshNode, privateKey: string, { path }: Scratch, knownHosts: string): Promise<string> {
  const file = join(path, randomBytes(8).toString('hex'))
  writeFileSync(file, privateKey, { mode: 0o600 })
  const options = [
    'BatchMode=yes',
    'IdentitiesOnly=yes',
    `UserKnownHostsFile=${knownHosts}`,
    'StrictHostKeyChecking=yes',
  ]
  const args = [
    ...options.flatMap((option) => ['-o', option]),
    '-F',
    'none',
    '-i',
    file,
    '-p',
    String(node.port),
  ]
  const child = spawn('ssh', [...args, '--', `${SSH_USER}@127.0.0.1`, 'true'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const said: Buffer[] = []
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk))
  return new Promise((resolve) =>
    child.on('close', (code) => {
      rmSync(file)
      resolve(code === 0 ? '' : `ssh ended with ${code}: ${Buffer.concat(said).toString().trim()}`)
    }),
  )
}
