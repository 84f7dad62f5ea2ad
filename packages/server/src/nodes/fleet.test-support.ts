import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import {
  CreateActivationCommand,
  GetCommandInvocationCommand,
  type GetCommandInvocationCommandOutput,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm'
import { openTestDatabase, TEST_POSTGRES, type TestDatabase } from '../store/postgres/test-database.ts'

// Real servers and real agents, each in processes of their own, on loopback.

const MAIN = new URL('../main.ts', import.meta.url).href
const AGENT = join(import.meta.dirname, '../../../agent/src/main.ts')
const KEY = { accessKeyId: 'AKIAFLEETTEST0000000', secretAccessKey: 'secret-of-the-fleet-of-this-test' }
const REGION = 'us-east-1'

const OPEN = ['Pending', 'InProgress', 'Delayed', 'Cancelling']
/** Processes start in this on a machine that does much else. */
const LIMIT_MS = 60_000

/** Asks again until there is an answer: what processes do takes as long as the machine lets it. */
export async function until<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  const endsAtMs = performance.now() + LIMIT_MS
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (performance.now() > endsAtMs) throw error
      await sleep(50)
    }
  }
}

export class FleetWorld implements AsyncDisposable {
  readonly directory: string
  readonly port: number
  readonly agents: AgentProcess[] = []
  readonly ssm: SSMClient
  readonly #database: TestDatabase | undefined
  #server: ChildProcess | undefined
  #count = 0

  private constructor(directory: string, port: number, database?: TestDatabase) {
    this.#database = database
    this.directory = directory
    this.port = port
    this.ssm = this.#client(SSMClient)
  }

  static async open(): Promise<FleetWorld> {
    const database = TEST_POSTGRES ? await openTestDatabase(TEST_POSTGRES) : undefined
    const directory = mkdtempSync(join(tmpdir(), 'lockstep-fleet-'))
    const world = new FleetWorld(directory, await freePort(), database)
    await world.startServer()
    const trust = { Effect: 'Allow', Principal: { Service: 'ssm.amazonaws.com' }, Action: 'sts:AssumeRole' }
    const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [trust] })
    await world
      .#client(IAMClient)
      .send(new CreateRoleCommand({ RoleName: 'nodes', AssumeRolePolicyDocument }))
    return world
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  async startServer(): Promise<void> {
    const script = `import { serve } from '${MAIN}'; await serve({}, process.env)`
    const server = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      env: {
        PATH: process.env.PATH,
        LOCKSTEP_LOG_LEVEL: 'error',
        LOCKSTEP_DATA: join(this.directory, 'data'),
        LOCKSTEP_LISTEN: `127.0.0.1:${this.port}`,
        LOCKSTEP_REGION: REGION,
        LOCKSTEP_ADMIN_ACCESS_KEY_ID: KEY.accessKeyId,
        LOCKSTEP_ADMIN_SECRET_ACCESS_KEY: KEY.secretAccessKey,
        LOCKSTEP_INSECURE_FUNCTIONS: 'true',
        ...(this.#database && { LOCKSTEP_STORE: this.#database.url }),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#server = server
    for await (const chunk of server.stdout) if (String(chunk).includes('lockstep ready')) break
  }

  async endServer(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (!server || server.exitCode !== null) return
    const ended = once(server, 'exit')
    server.kill(signal)
    await ended
  }

  /** The line that an operator would paste on a machine: flags, and the code. */
  async activation(): Promise<{ readonly flags: readonly string[]; readonly code: string }> {
    const { ActivationId = '', ActivationCode = '' } = await this.ssm.send(
      new CreateActivationCommand({ IamRole: 'nodes', RegistrationLimit: 50 }),
    )
    const told = await fetch(`${this.url}/agent/v1/server-key`)
    const { fingerprint } = (await told.json()) as { readonly fingerprint: string }
    return { flags: ['--activation-id', ActivationId, '--server-key', fingerprint], code: ActivationCode }
  }

  /** A machine that is enrolled, its agent not running yet. @param via where it reaches the server */
  async machine(via: string = this.url, more: readonly string[] = []): Promise<AgentProcess> {
    const { flags, code } = await this.activation()
    const place = join(this.directory, `node-${++this.#count}`)
    const config = `${place}.json`
    const asked = [
      '--endpoint',
      via,
      '--state',
      place,
      '--config',
      config,
      '--hostname',
      `web-${this.#count}`,
    ]
    const id = await finished([AGENT, 'enrol', ...asked, ...flags, ...more], code)
    const agent = new AgentProcess({ id, state: place, config })
    this.agents.push(agent)
    return agent
  }

  /** Has a shell script run on a node. Answers the command's id. */
  async send({ id }: AgentProcess, ...commands: readonly string[]): Promise<string> {
    const { Command } = await this.ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunShellScript',
        InstanceIds: [id],
        Parameters: { commands: [...commands] },
      }),
    )
    return Command?.CommandId ?? ''
  }

  async invocation({ id }: AgentProcess, CommandId: string): Promise<GetCommandInvocationCommandOutput> {
    return this.ssm.send(new GetCommandInvocationCommand({ CommandId, InstanceId: id }))
  }

  /** How the command ended. */
  async ended(agent: AgentProcess, commandId: string): Promise<GetCommandInvocationCommandOutput> {
    return until(async () => {
      const found = await this.invocation(agent, commandId)
      const isOpen = OPEN.includes(found.Status ?? '')
      if (isOpen) throw new Error(`${commandId} is ${found.Status}`)
      return found
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const agent of this.agents) await agent.end('SIGKILL')
    await this.endServer('SIGKILL')
    await this.#database?.[Symbol.asyncDispose]()
    this.ssm.destroy()
    rmSync(this.directory, { recursive: true, force: true })
  }

  #client<Client>(
    Client: new (options: {
      readonly region: string
      readonly endpoint: string
      readonly credentials: typeof KEY
      readonly maxAttempts: number
    }) => Client,
  ): Client {
    return new Client({ region: REGION, endpoint: this.url, credentials: KEY, maxAttempts: 1 })
  }
}

/** A machine's agent, running or not. */
export class AgentProcess {
  readonly id: string
  readonly state: string
  readonly config: string
  #child: ChildProcess | undefined
  #log = ''

  constructor({
    id,
    state,
    config,
  }: { readonly id: string; readonly state: string; readonly config: string }) {
    this.id = id
    this.state = state
    this.config = config
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  /** What it has logged since it was made. */
  get log(): string {
    return this.#log
  }

  start(): void {
    const child = spawn(process.execPath, [AGENT, 'run', '--config', this.config], {
      env: { PATH: process.env.PATH },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    child.stderr.on('data', (chunk: Buffer) => {
      this.#log += String(chunk)
    })
    this.#child = child
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
}

/** A file that scripts add lines to. */
export class Runs {
  readonly path: string

  constructor(world: FleetWorld, name: string) {
    this.path = join(world.directory, name)
    writeFileSync(this.path, '')
  }

  /** The script that notes `mark`. */
  note(mark: string): string {
    return `echo ${mark} >> ${this.path}`
  }

  get marks(): readonly string[] {
    return existsSync(this.path) ? readFileSync(this.path, 'utf8').split('\n').filter(Boolean) : []
  }

  times(mark: string): number {
    return this.marks.filter((each) => each === mark).length
  }
}

/** Runs a program of the agent's to its end, and answers what it printed. @throws what it complained of */
async function finished(args: readonly string[], input: string): Promise<string> {
  const child = spawn(process.execPath, args, { env: { PATH: process.env.PATH } })
  let [printed, complained] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => {
    printed += String(chunk)
  })
  child.stderr.on('data', (chunk: Buffer) => {
    complained += String(chunk)
  })
  child.stdin.end(input)
  const [status] = await once(child, 'close')
  if (status !== 0) throw new Error(complained)
  return printed.trim()
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
