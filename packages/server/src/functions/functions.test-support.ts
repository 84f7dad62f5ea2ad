import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import type { FunctionRecord } from '../store/functions.ts'
import {
  startServer,
  TEST_ACCOUNT,
  TEST_REGION,
  type TestServer,
  type TestServerOptions,
} from '../testing/server.ts'
import { sealVariables, type Variables } from './environment.ts'
import type { InvocationResult } from './functions.ts'

/** What a test says of a function; the rest is a small one of Node.js. */
export interface Made extends Partial<Omit<FunctionRecord, 'code' | 'sealedEnvironment'>> {
  /** File names to texts. */
  readonly files?: Readonly<Record<string, string>>
  readonly zip?: Uint8Array
  readonly variables?: Variables
}

/** A server that runs functions made of a test's own files. */
export class FunctionHouse implements AsyncDisposable {
  readonly server: TestServer
  readonly #directories: string[] = []

  private constructor(server: TestServer) {
    this.server = server
  }

  /** With a role `runs` that Lambda may assume, which has these statements. */
  static async open(
    options: TestServerOptions = {},
    statements: readonly object[] = [],
  ): Promise<FunctionHouse> {
    const server = await startServer(options)
    const iam = server.sdk(IAMClient, server.admin)
    const trust = {
      Effect: 'Allow',
      Principal: { Service: 'lambda.amazonaws.com' },
      Action: 'sts:AssumeRole',
    }
    await iam.send(new CreateRoleCommand({ RoleName: 'runs', AssumeRolePolicyDocument: documentOf([trust]) }))
    if (statements.length > 0) {
      const PolicyDocument = documentOf(statements)
      await iam.send(new PutRolePolicyCommand({ RoleName: 'runs', PolicyName: 'inline', PolicyDocument }))
    }
    return new FunctionHouse(server)
  }

  /** Puts a function into the store; its ARN. */
  async add(made: Made): Promise<string> {
    const { files = {}, zip, variables, ...members } = made
    const { store, keyring, account } = this.server.house
    const name = members.name ?? 'work'
    const arn = `arn:aws:lambda:${TEST_REGION}:${TEST_ACCOUNT}:function:${name}`
    const record: FunctionRecord = {
      account,
      region: TEST_REGION,
      name,
      arn,
      description: '',
      runtime: 'nodejs24.x',
      handler: 'index.handler',
      roleArn: `arn:aws:iam::${TEST_ACCOUNT}:role/runs`,
      timeoutSeconds: 20,
      memoryMb: 512,
      revisionId: '00000000-0000-4000-8000-000000000001',
      createdAt: new Date(0),
      modifiedAt: new Date(0),
      ...members,
      ...(variables && { sealedEnvironment: sealVariables(variables, arn, keyring) }),
      code: zip
        ? { kind: 'zip', sha256: digestOf(zip), sizeBytes: zip.length }
        : { kind: 'directory', path: this.directory(files) },
    }
    await store.write((tx) => tx.functions.insert(record, zip))
    return arn
  }

  /** A directory of these files, which is gone after the test. */
  directory(files: Readonly<Record<string, string>>): string {
    const directory = mkdtempSync(join(tmpdir(), 'lockstep-code-'))
    this.#directories.push(directory)
    write(directory, files)
    return directory
  }

  async invoke(functionArn: string, event: unknown = {}, sessionPolicy?: string): Promise<Invoked> {
    const payload = Buffer.from(JSON.stringify(event))
    const invocation = { functionArn, payload, ...(sessionPolicy !== undefined && { sessionPolicy }) }
    const result = await this.server.house.functions.invoke(invocation)
    return { ...result, json: JSON.parse(Buffer.from(result.payload).toString()) }
  }

  /** Adds a function of one file, `index.mjs`, and invokes it. */
  async runs(source: string, made: Made = {}, event: unknown = {}): Promise<Invoked> {
    return this.invoke(await this.add({ ...made, files: { 'index.mjs': source } }), event)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]()
    for (const directory of this.#directories) rmSync(directory, { recursive: true, force: true })
  }
}

export interface Invoked extends InvocationResult {
  readonly json: Readonly<Record<string, unknown>>
}

export function write(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    writeFileSync(join(directory, name), text, { mode: 0o755 })
  }
}

/** Whether any process of the machine has this in its command line. */
export function isRunning(mark: string): boolean {
  return readdirSync('/proc').some((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(mark)
    } catch {
      return false // ended meanwhile
    }
  })
}

export function documentOf(statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements })
}

function digestOf(zip: Uint8Array): string {
  return createHash('sha256').update(zip).digest('base64')
}
