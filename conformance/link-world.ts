/** A Lockstep whose nodes are agents alone, and somebody between them who hears, repeats, changes and invents. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CreateRoleCommand, EntityAlreadyExistsException, IAMClient } from '@aws-sdk/client-iam'
import {
  CreateActivationCommand,
  type CreateActivationCommandInput,
  GetCommandInvocationCommand,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm'
import { cleanEnvironment } from './loopback.ts'
import { Middle } from './middle.ts'
import { type Ending, finish } from './process.ts'
import { type Leave, RawNode } from './raw-node.ts'
import { type Caller, callerOf, sdk } from './sdk.ts'
import { Scratch, Server } from './server.ts'
import { until } from './until.ts'

const AGENT = join(import.meta.dirname, '../packages/agent/bin/lockstep-agent')
const ROLE = 'node'
export const LIMIT_MS = 60_000
const OPEN = ['Pending', 'InProgress', 'Delayed', 'Cancelling']

export class LinkWorld implements AsyncDisposable {
  readonly server: Server
  readonly caller: Caller
  readonly ssm: SSMClient
  readonly #parts: AsyncDisposableStack
  readonly #folder: string
  #count = 0

  private constructor(parts: AsyncDisposableStack, { server, caller, folder }: Made) {
    this.#parts = parts
    this.server = server
    this.caller = caller
    this.#folder = folder
    this.ssm = sdk(SSMClient, caller)
  }

  /** @param directory Whose state it goes on with; absent: a new one. */
  static async start(directory?: string): Promise<LinkWorld> {
    await using parts = new AsyncDisposableStack()
    const { path: folder } = parts.use(new Scratch())
    const place = directory === undefined ? {} : { directory }
    const server = parts.use(await Server.start({ ...place, flags: ['--log-level', 'debug'] }))
    const caller = callerOf(await server.administrator())
    const trust = { Effect: 'Allow', Principal: { Service: 'ssm.amazonaws.com' }, Action: 'sts:AssumeRole' }
    const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [trust] })
    await sdk(IAMClient, caller)
      .send(new CreateRoleCommand({ RoleName: ROLE, AssumeRolePolicyDocument }))
      .catch((error: unknown) => {
        if (!(error instanceof EntityAlreadyExistsException)) throw error
      })
    return new LinkWorld(parts.move(), { server, caller, folder })
  }

  /** A file of its own that scripts add lines to. */
  marker(): Marker {
    return new Marker(join(this.#folder, `marker-${++this.#count}`))
  }

  async activate(more: Partial<CreateActivationCommandInput> = {}): Promise<Leave> {
    const { ActivationId = '', ActivationCode = '' } = await this.ssm.send(
      new CreateActivationCommand({ IamRole: ROLE, ...more }),
    )
    return { activationId: ActivationId, activationCode: ActivationCode }
  }

  async rawNode(): Promise<RawNode> {
    return RawNode.enrol(this.server.url, await this.activate())
  }

  async fingerprint(): Promise<string> {
    const answer = await fetch(new URL('/agent/v1/server-key', this.server.url))
    return ((await answer.json()) as { readonly fingerprint: string }).fingerprint
  }

  /** Runs `lockstep-agent enrol` to its end. */
  async enrol({ leave, endpoint = this.server.url, fingerprint }: Enrolling = {}): Promise<Enrolled> {
    const folder = join(this.#folder, `node-${++this.#count}`)
    const { activationId, activationCode } = leave ?? (await this.activate())
    const { code, stdout, stderr } = await run(
      [
        ...['enrol', '--config', `${folder}.json`, '--state', folder, '--hostname', `node-${this.#count}`],
        ...['--endpoint', endpoint, '--activation-id', activationId],
        ...['--server-key', fingerprint ?? (await this.fingerprint())],
      ],
      activationCode,
    )
    return { code, stderr, id: stdout.trim(), config: `${folder}.json` }
  }

  /** A node whose agent runs, and reaches the server over `endpoint`. */
  async join(endpoint?: string): Promise<Agent> {
    const { code, stderr, id, config } = await this.enrol(endpoint === undefined ? {} : { endpoint })
    assert.equal(code, 0, stderr)
    const agent = this.#parts.use(new Agent(id, config))
    agent.start()
    return agent
  }

  async middle(): Promise<Middle> {
    return this.#parts.use(await Middle.open(this.server.url))
  }

  /** Has a shell script run on a node; the command's id. */
  async send(node: { readonly id: string }, script: string, more: object = {}): Promise<string> {
    const { Command } = await this.ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunShellScript',
        InstanceIds: [node.id],
        Parameters: { commands: [script] },
        ...more,
      }),
    )
    return Command?.CommandId ?? ''
  }

  /** Everything that the API tells of a command on a node. */
  async invocation(node: { readonly id: string }, CommandId: string) {
    const { $metadata: _, ...told } = await this.ssm.send(
      new GetCommandInvocationCommand({ CommandId, InstanceId: node.id }),
    )
    return told
  }

  /** The same once it has ended. */
  async ended(node: { readonly id: string }, commandId: string, limitMs = LIMIT_MS) {
    return until(`end of ${commandId}`, limitMs, async () => {
      const told = await this.invocation(node, commandId)
      return OPEN.includes(told.Status ?? '') ? undefined : told
    })
  }

  /** Lines of the server's log with an event's name. */
  logged(event: string): readonly Readonly<Record<string, unknown>>[] {
    const lines = this.server.stderr.split('\n').filter((line) => line.includes(`"${event}"`))
    return lines.map((line) => JSON.parse(line))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts[Symbol.asyncDispose]()
  }
}

interface Made {
  readonly server: Server
  readonly caller: Caller
  readonly folder: string
}

interface Enrolling {
  readonly leave?: Leave
  readonly endpoint?: string
  readonly fingerprint?: string
}

interface Enrolled {
  readonly code: number | null
  readonly stderr: string
  readonly id: string
  readonly config: string
}

/** The activation code comes by standard input, as an operator would give it. */
function run(args: readonly string[], code: string): Promise<Ending> {
  const script = 'printf %s "$CODE" | "$0" "$@"'
  const env = { ...cleanEnvironment('/nonexistent'), CODE: code }
  return finish('sh', ['-c', script, AGENT, ...args], { env, limitMs: LIMIT_MS })
}

/** What a script does to be seen. */
export class Marker {
  readonly #path: string
  constructor(path: string) {
    this.#path = path
  }

  script(mark: string): string {
    return `echo ${mark} >> ${this.#path}`
  }

  get marks(): readonly string[] {
    try {
      return readFileSync(this.#path, 'utf8').split('\n').filter(Boolean)
    } catch {
      return []
    }
  }
}

export class Agent implements AsyncDisposable {
  readonly id: string
  readonly config: string
  #child: ChildProcess | undefined
  #log = ''

  constructor(id: string, config: string) {
    this.id = id
    this.config = config
  }

  /** What it has logged since it was made. */
  get log(): string {
    return this.#log
  }

  start(): void {
    const child = spawn(AGENT, ['run', '--config', this.config], {
      env: cleanEnvironment('/nonexistent'),
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#log += text
    })
    this.#child = child
  }

  /** Waits until its log has something that matches. */
  async says(pattern: RegExp): Promise<void> {
    await until(`${pattern} in ${this.id}'s log`, LIMIT_MS, () => pattern.test(this.#log) || undefined)
  }

  async stop(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const closed = new Promise((done) => child.once('close', done))
    child.kill('SIGTERM')
    await closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}
