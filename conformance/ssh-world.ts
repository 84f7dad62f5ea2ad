/** A Lockstep with nodes, all of it real, on one machine. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
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
import { finish } from './process.ts'
import { type Caller, callerOf, sdk } from './sdk.ts'
import { clockBy, Scratch, Server, type ServerOptions } from './server.ts'
import { AGENT, furnish, type Place, SshNode } from './ssh-node.ts'

const ENROLLED_WITHIN_MS = 60_000
const ONLINE_WITHIN_MS = 60_000
const LOOK_AGAIN_MS = 100

const NODE_ROLE = 'node'

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
  readonly isRogue?: boolean
  /** Of the disk that homes but root's are on; absent: the machine's own. */
  readonly homesBytes?: number
}

const ROTATES = { RotateSSHKeys: 'True' }
const LOOPBACK = '127.0.0.1'

export class SshWorld implements AsyncDisposable {
  readonly secrets: SecretsManagerClient
  readonly ssm: SSMClient
  readonly ec2: EC2Client
  readonly caller: Caller
  readonly nodes: SshNode[] = []
  readonly #parts: AsyncDisposableStack
  readonly #own: Own | undefined

  private constructor(parts: AsyncDisposableStack, caller: Caller, own?: Own) {
    this.#parts = parts
    this.#own = own
    this.caller = caller
    this.secrets = sdk(SecretsManagerClient, caller)
    this.ssm = sdk(SSMClient, caller)
    this.ec2 = sdk(EC2Client, caller)
  }

  static async start(nodes: number): Promise<SshWorld> {
    await using parts = new AsyncDisposableStack()
    const { path } = parts.use(new Scratch())
    const clock = join(path, 'clock')
    writeFileSync(clock, '0')
    const options = {
      directory: join(path, 'data'),
      flags: ['--listen', `${LOOPBACK}:${await freePort(LOOPBACK)}`],
      env: clockBy(clock),
    }
    const server = parts.use(await Server.start(options))
    const administrator = await server.administrator()
    const own = { options, server, administrator, clock }
    const world = new SshWorld(parts.move(), callerOf(administrator), own)
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
    const world = new SshWorld(new AsyncDisposableStack(), caller)
    await world.#makeRole()
    return world
  }

  get server(): Server {
    return this.#owned.server
  }

  /** What `lockstep` and `aws` are called with. */
  get administrator(): Environment {
    return this.#owned.administrator
  }

  get #owned(): Own {
    assert.ok(this.#own, 'the servers are not this world’s')
    return this.#own
  }

  /** A new node whose agent is connected, with the tag by which rotations find it. */
  async join({ homesBytes, ...options }: NodeOptions = {}): Promise<SshNode> {
    const { tags = ROTATES, address = LOOPBACK, isRogue = false, endpoint = this.caller.endpoint } = options
    const folder = this.#parts.use(new Scratch()).path
    const place = { folder, address, port: await freePort(address), isRogue, endpoint }
    if (homesBytes !== undefined) await this.#disk(join(folder, 'homes'), homesBytes)
    furnish(place)
    mkdirSync('/run/sshd', { recursive: true })
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(folder, 'host_key')])
    const node = new SshNode(await this.#enrol(place), place)
    // First, so that nothing begins in a world that is over.
    this.#parts.defer(() => node.stop())
    node.start()
    this.nodes.push(node)
    await this.pinged(node, 'Online')
    if (Object.keys(tags).length > 0) await this.tag(node, tags)
    return node
  }

  async tag({ id: ResourceId }: SshNode, tags: Readonly<Record<string, string>>): Promise<void> {
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
    await this.ssm.send(new AddTagsToResourceCommand({ ResourceType: 'ManagedInstance', ResourceId, Tags }))
  }

  /** Puts the server's clock ahead of the machine's, also while it runs. Beyond five minutes agents are refused. */
  ahead(ms: number): void {
    writeFileSync(this.#owned.clock, String(ms))
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    await this.server.kill()
  }

  /** The next server at the same place. */
  async begin(): Promise<void> {
    this.#owned.server = this.#parts.use(await Server.start(this.#owned.options))
  }

  /** Until the node is told of so. */
  async pinged({ id }: SshNode, status: 'Online' | 'ConnectionLost'): Promise<void> {
    const limit = performance.now() + ONLINE_WITHIN_MS
    const Filters = [{ Key: 'InstanceIds', Values: [id] }]
    for (;;) {
      const { InstanceInformationList = [] } = await this.ssm.send(
        new DescribeInstanceInformationCommand({ Filters }),
      )
      if (InstanceInformationList[0]?.PingStatus === status) return
      assert.ok(performance.now() < limit, `${id} is not ${status}`)
      await sleep(LOOK_AGAIN_MS)
    }
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

  async #disk(path: string, bytes: number): Promise<void> {
    mkdirSync(path)
    await run('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=755`, 'tmpfs', path])
    this.#parts.defer(() => run('umount', ['--lazy', path]).then(() => {}))
  }
}

/** What a world has that is not around others' servers. */
interface Own {
  readonly options: ServerOptions
  server: Server
  readonly administrator: Environment
  /** The file that says how far ahead the server's clock is. */
  readonly clock: string
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
