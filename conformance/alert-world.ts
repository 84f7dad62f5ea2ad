/** A Lockstep that may send to this machine, with who listens there: a mail server, and webhooks with TLS and without. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import { CreateFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { zipOf } from '../packages/server/src/functions/zip.test-support.ts'
import { MailReceiver } from '../packages/server/src/testing/mail-receiver.ts'
import { type Identity, WebReceiver } from '../packages/server/src/testing/web-receiver.ts'
import { AwsCli } from './aws-cli.ts'
import { GuideShell } from './guide.ts'
import { demandLoopback } from './loopback.ts'
import { finish } from './process.ts'
import { type Caller, callerOf, sdk } from './sdk.ts'
import { Scratch, Server } from './server.ts'

/** The account that the guides show. */
const ACCOUNT = '111122223333'

/** Tells a webhook what it was invoked with. */
const RELAY = `export const handler = async (event) => {
  const answer = await fetch(process.env.RECEIVER, { method: 'POST', body: JSON.stringify(event) })
  if (!answer.ok) throw new Error('the receiver answered ' + answer.status)
}`

/** Everything that a test of alerts wants. */
export class AlertWorld implements AsyncDisposable {
  readonly server: Server
  readonly admin: Caller
  readonly cli: AwsCli
  readonly shell: GuideShell
  readonly mail: MailReceiver
  /** Speaks TLS, with a certificate that the server was told of. */
  readonly web: WebReceiver
  /** Plain, for what functions say. */
  readonly relayed: WebReceiver
  readonly #parts: AsyncDisposable

  private constructor(parts: AsyncDisposable, made: Made) {
    this.#parts = parts
    this.server = made.server
    this.admin = callerOf(made.environment)
    this.cli = new AwsCli(made.environment)
    this.shell = new GuideShell(made.environment, made.directory)
    this.mail = made.mail
    this.web = made.web
    this.relayed = made.relayed
  }

  static async start(): Promise<AlertWorld> {
    await using parts = new AsyncDisposableStack()
    const { path: directory } = parts.use(new Scratch())
    const mail = parts.use(await MailReceiver.open())
    const web = parts.use(await WebReceiver.open(await newIdentity(directory)))
    const relayed = parts.use(await WebReceiver.open())
    const flags = [
      ...['--account-id', ACCOUNT, '--smtp-url', mail.url, '--mail-from', 'lockstep@example.com'],
      ...['--allow-outbound', '127.0.0.0/8', '--outbound-ca', join(directory, 'receiver.pem')],
    ]
    const server = parts.use(await Server.start({ flags }))
    const environment = await server.administrator()
    return new AlertWorld(parts.move(), { server, environment, directory, mail, web, relayed })
  }

  arn(service: string, resource: string): string {
    return `arn:aws:${service}:us-east-1:${ACCOUNT}:${resource}`
  }

  /** Functions of Node.js that tell {@link relayed} what they were invoked with. */
  async newRelays(...names: readonly string[]): Promise<void> {
    const trust = {
      Effect: 'Allow',
      Principal: { Service: 'lambda.amazonaws.com' },
      Action: 'sts:AssumeRole',
    }
    const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [trust] })
    const command = new CreateRoleCommand({ RoleName: 'relay', AssumeRolePolicyDocument })
    const { Role } = await sdk(IAMClient, this.admin).send(command)
    for (const FunctionName of names) {
      await sdk(LambdaClient, this.admin).send(
        new CreateFunctionCommand({
          FunctionName,
          Runtime: 'nodejs24.x',
          Role: Role?.Arn,
          Handler: 'index.handler',
          Code: { ZipFile: zipOf([{ name: 'index.mjs', text: RELAY }]) },
          Timeout: 30,
          MemorySize: 512,
          Environment: { Variables: { RECEIVER: `${this.relayed.url}?${FunctionName}` } },
        }),
      )
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts[Symbol.asyncDispose]()
  }
}

interface Made {
  readonly server: Server
  readonly environment: Readonly<Record<string, string>>
  readonly directory: string
  readonly mail: MailReceiver
  readonly web: WebReceiver
  readonly relayed: WebReceiver
}

/** A certificate for 127.0.0.1 that is its own authority, left in `receiver.pem`. */
async function newIdentity(directory: string): Promise<Identity> {
  const request = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=receiver']
  const files = ['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', 'receiver.key', '-out', 'receiver.pem']
  const env = { PATH: process.env.PATH ?? '' }
  const { code, stderr } = await finish('openssl', ['req', ...request, ...files], { env, cwd: directory })
  assert.equal(code, 0, stderr)
  const read = (name: string) => readFileSync(join(directory, name), 'utf8')
  return { cert: read('receiver.pem'), key: read('receiver.key') }
}

/** Opens a link of a notice as a browser does; the page. */
export async function follow(link: string): Promise<string> {
  const answer = await fetch(demandLoopback(link))
  assert.equal(answer.status, 200, link)
  return answer.text()
}
