/** Clients that log in to nodes again and again, with the key as the secret has it at that moment. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { Hidden } from '../packages/workers/src/rotation/hidden.ts'
import { logIn } from '../packages/workers/src/rotation/ssh-key-pair/login.ts'
import { cleanEnvironment } from './loopback.ts'
import { finish } from './process.ts'
import { Scratch } from './server.ts'
import { SSH_USER, type SshNode } from './ssh-node.ts'
import type { SshWorld } from './ssh-world.ts'

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
    ...Array.from({ length: of.ssh }, (_, n) => work(n, withSsh)),
  ]
  return {
    logins,
    async stop(): Promise<Logins> {
      isOver = true
      await Promise.all(running)
      return logins
    },
  }
}

/** Answers why the login failed; nothing where it did not. */
export async function withSsh2(node: SshNode, privateKey: string, user: string = SSH_USER): Promise<string> {
  const hostKeys = [node.knownHost.replace(/^\S+ /, '').trim()]
  const address = { host: node.address, port: node.port, hostKeys }
  const { outcome, why } = await logIn(address, { user, privateKey: new Hidden(privateKey) })
  return outcome === 'ok' ? '' : `${outcome}: ${why}`
}

/** The same by OpenSSH's own client, which wants files. */
export async function withSsh(node: SshNode, privateKey: string, user: string = SSH_USER): Promise<string> {
  using scratch = new Scratch()
  const [key, knownHosts] = [join(scratch.path, 'key'), join(scratch.path, 'known_hosts')]
  writeFileSync(key, privateKey, { mode: 0o600 })
  writeFileSync(knownHosts, node.knownHost)
  const options = [
    'BatchMode=yes',
    'IdentitiesOnly=yes',
    `UserKnownHostsFile=${knownHosts}`,
    'StrictHostKeyChecking=yes',
  ]
  const args = [
    ...options.flatMap((option) => ['-o', option]),
    ...['-F', 'none', '-i', key, '-p', String(node.port)],
    ...['--', `${user}@${node.address}`, 'true'],
  ]
  const { code, stderr } = await finish('ssh', args, { env: cleanEnvironment(scratch.path) })
  return code === 0 ? '' : `ssh ended with ${code}: ${stderr.trim()}`
}
