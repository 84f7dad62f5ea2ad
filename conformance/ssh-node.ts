/** A node: an sshd and an agent, each in a mount namespace where root, the other homes and the users are the node's own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cleanEnvironment, type Environment } from './loopback.ts'
import { type Ending, finish } from './process.ts'

export const AGENT = join(import.meta.dirname, '../packages/agent/bin/lockstep-agent')
const COMMAND_WITHIN_MS = 60_000

export const SSH_USER = 'root'

/** Accounts that every node has, besides the machine's: a secret of each may rotate for itself. */
export const NODE_USERS = ['ada', 'ben', 'cyd', 'dee', 'eve', 'fay', 'gus', 'hal', 'ivy', 'jon'] as const
const FIRST_UID = 4301

/** Why nodes cannot be made here; undefined where they can. */
export function noNodes(): string | undefined {
  if (!existsSync('/usr/sbin/sshd')) return 'openssh-server is not installed'
  const isAllowed = spawnSync('unshare', ['--mount', 'true']).status === 0 && process.getuid?.() === 0
  return isAllowed ? undefined : 'mount namespaces need root'
}

export interface Place {
  /** Where the agent goes. */
  readonly endpoint: string
  readonly folder: string
  readonly address: string
  readonly port: number
  /** The agent sees other homes than sshd: whatever it does there, it says that it has done it. */
  readonly isRogue: boolean
}

/** Files of the node, in its folder. */
export function furnish({ folder, address, port, isRogue }: Place): void {
  mkdirSync(join(folder, 'home'), { mode: 0o700 })
  const entries = NODE_USERS.map((user, n) => `${user}:*:${uidOf(n)}:${uidOf(n)}::/home/${user}:/bin/sh\n`)
  writeFileSync(join(folder, 'passwd'), readFileSync('/etc/passwd', 'utf8') + entries.join(''))
  for (const homes of isRogue ? ['homes', 'elsewhere'] : ['homes']) {
    mkdirSync(join(folder, homes), { recursive: true, mode: 0o755 })
    for (const [n, user] of NODE_USERS.entries()) {
      mkdirSync(join(folder, homes, user), { mode: 0o700 })
      chownSync(join(folder, homes, user), uidOf(n), uidOf(n))
    }
  }
  writeFileSync(join(folder, 'sshd_config'), sshdConfig({ folder, address, port }))
}

export function uidOf(n: number): number {
  return FIRST_UID + n
}

export class SshNode {
  readonly id: string
  readonly address: string
  readonly port: number
  readonly folder: string
  readonly #isRogue: boolean
  #sshd: ChildProcess | undefined
  #agent: ChildProcess | undefined

  constructor(id: string, { folder, address, port, isRogue }: Place) {
    this.id = id
    this.address = address
    this.port = port
    this.folder = folder
    this.#isRogue = isRogue
  }

  /** Runs a program on the node, in root's home, to its end. */
  run(command: readonly string[], env: Environment = {}): Promise<Ending> {
    return finish('unshare', inNamespace(this.folder, 'homes', command), {
      env: { ...cleanEnvironment('/root'), ...env },
      limitMs: COMMAND_WITHIN_MS,
    })
  }

  start(): void {
    this.startAgent()
    this.startSshd()
  }

  startSshd(): void {
    const command = ['/usr/sbin/sshd', '-D', '-e', '-f', join(this.folder, 'sshd_config')]
    this.#sshd = inNode(inNamespace(this.folder, 'homes', command))
  }

  startAgent(): void {
    const command = [AGENT, 'run', '--config', join(this.folder, 'agent.json')]
    this.#agent = inNode(inNamespace(this.folder, this.#isRogue ? 'elsewhere' : 'homes', command))
  }

  async stopSshd(): Promise<void> {
    await end(this.#sshd, 'SIGTERM')
  }

  async killAgent(): Promise<void> {
    await end(this.#agent, 'SIGKILL')
  }

  authorizedKeys(user: string = SSH_USER): string {
    const path = this.authorizedKeysFile(user)
    return existsSync(path) ? readFileSync(path, 'latin1') : ''
  }

  authorizedKeysFile(user: string): string {
    return join(this.home(user), '.ssh/authorized_keys')
  }

  /** Where sshd sees the home. */
  home(user: string): string {
    return join(this.folder, user === SSH_USER ? 'home' : `homes/${user}`)
  }

  /** A line for known_hosts. */
  get knownHost(): string {
    return `[${this.address}]:${this.port} ${readFileSync(join(this.folder, 'host_key.pub'), 'utf8')}`
  }

  async stop(): Promise<void> {
    await Promise.all([end(this.#agent, 'SIGTERM'), end(this.#sshd, 'SIGTERM')])
  }
}

/** Where /root, /home and the users are the node's own. */
const IN_HOME =
  'mount --bind "$1/home" /root && mount --bind "$1/$2" /home && mount --bind "$1/passwd" /etc/passwd && shift 2 && cd /root && exec "$@"'

function inNamespace(folder: string, homes: string, command: readonly string[]): readonly string[] {
  return ['--mount', 'sh', '-c', IN_HOME, 'sh', folder, homes, ...command]
}

function inNode(args: readonly string[]): ChildProcess {
  return spawn('unshare', args, { env: cleanEnvironment('/root'), stdio: 'ignore' })
}

async function end(child: ChildProcess | undefined, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  const closed = new Promise((done) => child.once('close', done))
  child.kill(signal)
  await closed
}

function sshdConfig({ folder, address, port }: Pick<Place, 'folder' | 'address' | 'port'>): string {
  const lines = [
    `Port ${port}`,
    `ListenAddress ${address}`,
    `HostKey ${folder}/host_key`,
    `PidFile ${folder}/sshd.pid`,
    'PasswordAuthentication no',
    'PermitRootLogin prohibit-password',
    'UsePAM no',
    'Subsystem sftp internal-sftp',
    // Six clients that reconnect without a pause are no attack here.
    'MaxStartups 200:30:400',
  ]
  return `${lines.join('\n')}\n`
}
