/** A Lockstep with nodes: for each an sshd and an agent in a mount namespace of their own, where root has another home. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EC2Client } from '@aws-sdk/client-ec2'
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import {
  AddTagsToResourceCommand,
  CreateActivationCommand,
  DescribeInstanceInformationCommand,
  SSMClient,
} from '@aws-sdk/client-ssm'
import { cleanEnvironment, type Environment } from './loopback.ts'
import { type Ending, finish } from './process.ts'
import { type Caller, callerOf, sdk } from './sdk.ts'
import { Scratch, Server } from './server.ts'

const AGENT = join(import.meta.dirname, '../packages/agent/bin/lockstep-agent')
const ENROLLED_WITHIN_MS = 60_000
const ONLINE_WITHIN_MS = 30_000
const COMMAND_WITHIN_MS = 60_000
const LOOK_AGAIN_MS = 100

const NODE_ROLE = 'node'

export const SSH_USER = 'root'

/** Why nodes cannot be made here; undefined where they can. */
export function noNodes(): string | undefined {
  if (!existsSync('/usr/sbin/sshd')) return 'openssh-server is not installed'
  const isAllowed = spawnSync('unshare', ['--mount', 'true']).status === 0 && process.getuid?.() === 0
  return isAllowed ? undefined : 'mount namespaces need root'
}

export interface SshSecret {
  readonly PrivateKey: string
  readonly PublicKey: string
}

/** How a node is to be, where it is not as all the others are. */
export interface NodeOptions {
  readonly tags?: Readonly<Record<string, string>>
  /** Of loopback. */
  readonly address?: string
  /** Where its agent goes; absent: to the server itself. */
  readonly endpoint?: string
}

const ROTATES = { RotateSSHKeys: 'True' }
const LOOPBACK = '127.0.0.1'

interface Place {
  readonly folder: string
  readonly address: string
  readonly port: number
  /** Where the agent goes. */
  readonly endpoint: string
}

export class SshNode {
  readonly id: string
  readonly address: string
  readonly port: number
  readonly folder: string
  readonly #children: ChildProcess[] = []

  constructor(id: string, { folder, address, port }: Place) {
    this.id = id
    this.address = address
    this.port = port
    this.folder = folder
  }

  /** Runs a program on the node, in root's home, to its end. */
  run(command: readonly string[], env: Environment = {}): Promise<Ending> {
    const args = ['--mount', 'sh', '-c', IN_HOME, 'sh', join(this.folder, 'home'), ...command]
    return finish('unshare', args, {
      env: { ...cleanEnvironment('/root'), ...env },
      limitMs: COMMAND_WITHIN_MS,
    })
  }

  start(): void {
    this.startAgent()
    this.startSshd()
  }

  startSshd(): void {
    this.#children.push(
      inNode(this.folder, ['/usr/sbin/sshd', '-D', '-e', '-f', join(this.folder, 'sshd_config')]),
    )
  }

  startAgent(): void {
    this.#children.push(inNode(this.folder, [AGENT, 'run', '--config', join(this.folder, 'agent.json')]))
  }

  authorizedKeys(): string {
    const path = join(this.folder, 'home/.ssh/authorized_keys')
    return existsSync(path) ? readFileSync(path, 'utf8') : ''
  }

  /** A line for known_hosts. */
  get knownHost(): string {
    return `[${this.address}]:${this.port} ${readFileSync(join(this.folder, 'host_key.pub'), 'utf8')}`
  }

  async stop(): Promise<void> {
    await Promise.all(this.#children.splice(0).map(end))
  }
}

/** Where /root is the node's own folder. */
const IN_HOME = 'mount --bind "$1" /root && shift && cd /root && exec "$@"'

function inNode(folder: string, command: readonly string[]): ChildProcess {
  const args = ['--mount', 'sh', '-c', IN_HOME, 'sh', join(folder, 'home'), ...command]
  return spawn('unshare', args, { env: cleanEnvironment('/root'), stdio: 'ignore' })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = new Promise((done) => child.once('close', done))
  child.kill('SIGTERM')
  await closed
}

export class SshWorld implements AsyncDisposable {
  readonly secrets: SecretsManagerClient
  readonly ssm: SSMClient
  readonly ec2: EC2Client
  readonly caller: Caller
  readonly nodes: SshNode[] = []
  readonly #parts: AsyncDisposableStack
  readonly #server: Server | undefined

  private constructor(parts: AsyncDisposableStack, server: Server | undefined, caller: Caller) {
    this.#parts = parts
    this.#server = server
    this.caller = caller
    this.secrets = sdk(SecretsManagerClient, caller)
    this.ssm = sdk(SSMClient, caller)
    this.ec2 = sdk(EC2Client, caller)
  }

  static async start(nodes: number): Promise<SshWorld> {
    await using parts = new AsyncDisposableStack()
    const server = parts.use(await Server.start())
    const world = new SshWorld(parts.move(), server, callerOf(await server.administrator()))
    try {
      await world.#makeRole()
      for (let n = 0; n < nodes; n++) await world.join()
    } catch (error) {
      await world[Symbol.asyncDispose]()
      throw error
    }
    return world
  }

  /** Around servers that run already and outlive it; without nodes. @param caller Which of them is asked, and as whom. */
  static async around(caller: Caller): Promise<SshWorld> {
    const world = new SshWorld(new AsyncDisposableStack(), undefined, caller)
    await world.#makeRole()
    return world
  }

  /** Its own, where it has one. */
  get server(): Server {
    assert.ok(this.#server, 'the servers are not this world’s')
    return this.#server
  }

  /** A new node whose agent is connected, with the tag by which rotations find it. */
  async join(options: NodeOptions = {}): Promise<SshNode> {
    const { tags = ROTATES, address = LOOPBACK, endpoint = this.caller.endpoint } = options
    const folder = this.#parts.use(new Scratch()).path
    const place = { folder, address, port: await freePort(address), endpoint }
    mkdirSync(join(folder, 'home'), { mode: 0o700 })
    mkdirSync('/run/sshd', { recursive: true })
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(folder, 'host_key')])
    writeFileSync(join(folder, 'sshd_config'), sshdConfig(place))
    const node = new SshNode(await this.#enrol(place), place)
    // First, so that nothing begins in a world that is over.
    this.#parts.defer(() => node.stop())
    node.start()
    this.nodes.push(node)
    await this.#online(node.id)
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
    await this.ssm.send(
      new AddTagsToResourceCommand({ ResourceType: 'ManagedInstance', ResourceId: node.id, Tags }),
    )
    return node
  }

  async current(secretId: string): Promise<SshSecret> {
    const { SecretString } = await this.secrets.send(new GetSecretValueCommand({ SecretId: secretId }))
    return JSON.parse(SecretString ?? '{}')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts[Symbol.asyncDispose]()
  }

  async #makeRole(): Promise<void> {
    const trust = { Effect: 'Allow', Principal: { Service: 'ssm.amazonaws.com' }, Action: 'sts:AssumeRole' }
    const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [trust] })
    const role = new CreateRoleCommand({ RoleName: NODE_ROLE, AssumeRolePolicyDocument })
    await sdk(IAMClient, this.caller).send(role)
  }

  async #enrol({ folder, address, port, endpoint }: Place): Promise<string> {
    const { ActivationId = '', ActivationCode = '' } = await this.ssm.send(
      new CreateActivationCommand({ IamRole: NODE_ROLE, RegistrationLimit: 1 }),
    )
    const answer = await fetch(new URL('/agent/v1/server-key', this.caller.endpoint))
    const { fingerprint } = (await answer.json()) as { fingerprint: string }
    writeFileSync(join(folder, 'code'), ActivationCode, { mode: 0o600 })
    const { stdout } = await run(AGENT, [
      ...['enrol', '--config', join(folder, 'agent.json'), '--state', join(folder, 'state')],
      ...['--endpoint', endpoint, '--activation-id', ActivationId, '--server-key', fingerprint],
      ...['--activation-code-file', join(folder, 'code'), '--hostname', `node-${port}`],
      ...['--ip-address', address, '--ssh-port', String(port), '--host-key', join(folder, 'host_key.pub')],
    ])
    return stdout.trim()
  }

  async #online(id: string): Promise<void> {
    const limit = performance.now() + ONLINE_WITHIN_MS
    const Filters = [{ Key: 'InstanceIds', Values: [id] }]
    for (;;) {
      const { InstanceInformationList = [] } = await this.ssm.send(
        new DescribeInstanceInformationCommand({ Filters }),
      )
      if (InstanceInformationList[0]?.PingStatus === 'Online') return
      assert.ok(performance.now() < limit, `${id} is not online`)
      await sleep(LOOK_AGAIN_MS)
    }
  }
}

function sshdConfig({ folder, address, port }: Place): string {
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

async function run(file: string, args: readonly string[]) {
  const ended = await finish(file, args, { env: cleanEnvironment('/root'), limitMs: ENROLLED_WITHIN_MS })
  assert.equal(ended.code, 0, ended.stderr)
  return ended
}

async function freePort(host: string): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, host, done))
  const address = server.address()
  await new Promise((done) => server.close(done))
  assert.ok(typeof address === 'object' && address)
  return address.port
}
