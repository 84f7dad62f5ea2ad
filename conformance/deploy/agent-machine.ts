import assert from 'node:assert/strict'
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SSMClient } from '@aws-sdk/client-ssm'
import { admission, connectedTo, makeNodeRole, online, Scripts } from '../node-calls.ts'
import { type Ending, finish } from '../process.ts'
import { type Caller, callerOf, sdk } from '../sdk.ts'
import { Server } from '../server.ts'
import { until } from '../until.ts'
import { BootedSystemd } from './systemd.ts'
import { CHECKOUT } from './tools.ts'

export const UNIT = 'lockstep-agent.service'
export const STATE = '/var/lib/lockstep-agent'
export const CONFIG = '/etc/lockstep/agent.json'
/** Where a booted machine finds what the test put into it. */
const SHARED = '/run/shared'
const PACK_LIMIT_MS = 120_000
const RUNS_WITHIN_MS = 30_000

/** Runs one of deploy/agent's programs here. */
export async function pack(program: 'build-deb' | 'pack', target: string): Promise<void> {
  const env = { PATH: process.env.PATH ?? '' }
  const { code, stderr } = await finish(join(CHECKOUT, 'deploy/agent', program), [target], {
    env,
    limitMs: PACK_LIMIT_MS,
  })
  assert.equal(code, 0, stderr)
}

/** A server, and a machine with a systemd of its own that is to be its node. */
export class AgentMachine implements AsyncDisposable {
  readonly server: Server
  readonly systemd: BootedSystemd
  readonly caller: Caller
  readonly ssm: SSMClient
  readonly scripts: Scripts
  readonly #parts: AsyncDisposableStack

  private constructor(parts: AsyncDisposableStack, server: Server, systemd: BootedSystemd, caller: Caller) {
    this.#parts = parts
    this.server = server
    this.systemd = systemd
    this.caller = caller
    this.ssm = sdk(SSMClient, caller)
    this.scripts = new Scripts(this.ssm)
  }

  /** @throws CannotHere where systemd cannot be booted so. */
  static async boot(): Promise<AgentMachine> {
    await using parts = new AsyncDisposableStack()
    const systemd = parts.use(await BootedSystemd.boot())
    const server = parts.use(await Server.start())
    const caller = callerOf(await server.administrator())
    await makeNodeRole(caller)
    return new AgentMachine(parts.move(), server, systemd, caller)
  }

  /** A file or directory of here, as it is called there. */
  bring(path: string, name: string): string {
    cpSync(path, join(this.systemd.shared, name), { recursive: true })
    return join(SHARED, name)
  }

  /** What an operator types to make it a node: `command`, the flags, and the code on standard input. */
  async admitBy(...command: readonly string[]): Promise<string> {
    const { activationId, code, fingerprint } = await admission(this.caller)
    const flags = [
      '--endpoint',
      this.server.url,
      '--activation-id',
      activationId,
      '--server-key',
      fingerprint,
    ]
    writeFileSync(join(this.systemd.shared, 'code'), code, { mode: 0o600 })
    return this.systemd.demand('sh', '-c', `"$@" < ${SHARED}/code`, 'sh', ...command, ...flags)
  }

  /** Waits until it is a node that listens; answers its id. */
  async listens(): Promise<string> {
    await until('node that listens', RUNS_WITHIN_MS, async () =>
      (await connectedTo(this.server.url)) === 1 ? true : undefined,
    )
    const { instanceId } = JSON.parse(await this.systemd.demand('cat', CONFIG)) as { instanceId: string }
    await online(this.ssm, instanceId)
    return instanceId
  }

  property(name: string): Promise<string> {
    return this.systemd.property(name, UNIT)
  }

  /** Waits until the unit runs another main process than before. Answers its number. */
  restarted(before: string): Promise<string> {
    return until('other main process', RUNS_WITHIN_MS, async () => {
      const pid = await this.property('MainPID')
      return pid !== '0' && pid !== before ? pid : undefined
    })
  }

  /** /proc/PID/status */
  status(pid: string): Promise<string> {
    return this.systemd.demand('cat', `/proc/${pid}/status`)
  }

  /** A program of that machine's, as whoever speaks with the network. */
  asNetworkUser(...command: readonly string[]): Promise<Ending> {
    const user = ['--reuid', 'lockstep-agent', '--regid', 'lockstep-agent', '--clear-groups']
    return this.systemd.inside('setpriv', ...user, ...command)
  }

  /** The processes of the agent's own Node, by number. */
  async processes(): Promise<readonly string[]> {
    const { code, stdout, stderr } = await this.systemd.inside('pgrep', '-f', '^/opt/lockstep-agent/')
    assert.ok(code === 0 || code === 1, stderr)
    return stdout.split('\n').filter(Boolean)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts[Symbol.asyncDispose]()
  }
}
