/** A Lockstep, a PostgreSQL and database secrets, for tests that rotate them. */
import { randomBytes, randomUUID } from 'node:crypto'
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  type DescribeSecretResponse,
  GetSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import pg from 'pg'
import { postgresql } from '../packages/workers/src/rotation/postgresql.ts'
import { type Handler, handlerOf, STEPS, type Step } from '../packages/workers/src/rotation/rotator.ts'
import { Postgres } from './postgres.ts'
import { callerOf, sdk } from './sdk.ts'
import { Server } from './server.ts'

/** What a database secret holds. */
export interface DatabaseSecret {
  readonly engine: string
  readonly host: string
  readonly port: number
  readonly username: string
  readonly password: string
  readonly dbname: string
  readonly masterarn?: string
}

export interface Rotating {
  readonly arn: string
  /** Calls one step as Secrets Manager would. */
  step(step: Step, token: string): Promise<void>
  /** All four. */
  rotate(): Promise<void>
}

export class RotationWorld implements AsyncDisposable {
  readonly postgres: Postgres
  readonly secrets: SecretsManagerClient
  readonly masterArn: string
  /** Every line that the handlers logged, and every error that they threw. */
  readonly said: string[] = []
  readonly #parts: AsyncDisposable

  private constructor(
    parts: AsyncDisposable,
    postgres: Postgres,
    secrets: SecretsManagerClient,
    masterArn: string,
  ) {
    this.#parts = parts
    this.postgres = postgres
    this.secrets = secrets
    this.masterArn = masterArn
  }

  /** @param settings Of PostgreSQL, besides that it logs every statement. */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<RotationWorld> {
    await using parts = new AsyncDisposableStack()
    const logging = {
      log_statement: 'all',
      log_min_error_statement: 'debug5',
      log_parameter_max_length: '-1',
    }
    const postgres = parts.use(
      await Postgres.start({ isDurable: false, settings: { ...logging, ...settings } }),
    )
    const server = parts.use(await Server.start())
    const secrets = sdk(SecretsManagerClient, callerOf(await server.administrator()))
    const master = databaseSecret(postgres, { username: 'postgres', password: postgres.password })
    const { ARN = '' } = await secrets.send(
      new CreateSecretCommand({
        Name: 'master',
        SecretString: JSON.stringify(master),
        // What the role of the built-in functions asks for.
        Tags: [{ Key: 'lockstep:rotation-superuser', Value: 'true' }],
      }),
    )
    return new RotationWorld(parts.move(), postgres, secrets, ARN)
  }

  /** A role with a password, a table that it alone may read, and the secret for it. */
  async newUser(username: string, more: Partial<DatabaseSecret> = {}): Promise<Rotating> {
    const password = `first-${randomUUID()}`
    const role = pg.escapeIdentifier(username)
    await using administrator = await this.postgres.connect()
    // This password is not to be in the log on account of the test itself.
    await administrator.query('set log_statement to none')
    await administrator.query(`create role ${role} login password ${pg.escapeLiteral(password)}`)
    await administrator.query(`create schema authorization ${role}`)
    return this.newSecret({ username, password, ...more })
  }

  async newSecret(
    more: Pick<DatabaseSecret, 'username' | 'password'> & Partial<DatabaseSecret>,
  ): Promise<Rotating> {
    const value = JSON.stringify(databaseSecret(this.postgres, more))
    const { ARN = '' } = await this.secrets.send(
      new CreateSecretCommand({ Name: `db/${randomUUID()}`, SecretString: value }),
    )
    return this.rotating(ARN)
  }

  /** With handlers as new processes have them for each step. */
  rotating(arn: string): Rotating {
    const step = async (name: Step, token: string) => {
      const handler = this.#handler(token)
      try {
        await handler({ Step: name, SecretId: arn, ClientRequestToken: token })
      } catch (error) {
        this.said.push(error instanceof Error ? String(error.stack) : String(error))
        throw error
      }
    }
    const rotate = async () => {
      const token = randomUUID()
      for (const name of STEPS) await step(name, token)
    }
    return { arn, step, rotate }
  }

  #handler(token: string): Handler {
    const rotator = postgresql({ environment: {}, randomBytes })
    return handlerOf(rotator, {
      connect: () => reserving(this.secrets, token),
      log: (line) => this.said.push(JSON.stringify(line)),
    })
  }

  async describe(SecretId: string): Promise<DescribeSecretResponse> {
    return this.secrets.send(new DescribeSecretCommand({ SecretId }))
  }

  async current(SecretId: string, VersionStage = 'AWSCURRENT'): Promise<DatabaseSecret> {
    const { SecretString = '' } = await this.secrets.send(
      new GetSecretValueCommand({ SecretId, VersionStage }),
    )
    return JSON.parse(SecretString)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts[Symbol.asyncDispose]()
  }
}

function databaseSecret(
  postgres: Postgres,
  more: Pick<DatabaseSecret, 'username' | 'password'> & Partial<DatabaseSecret>,
): DatabaseSecret {
  return { engine: 'postgres', host: '127.0.0.1', port: postgres.port, dbname: 'postgres', ...more }
}

/** Logs in, asks who it is, leaves. Answers the name that it acts as. */
export async function logIn(secret: DatabaseSecret): Promise<string> {
  const client = new pg.Client({ ...secret, user: secret.username, database: secret.dbname, ssl: false })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query<{ user: string }>('select current_user::text as user')
    return rows[0]?.user ?? ''
  } finally {
    await client.end()
  }
}

/**
 * The same client, in whose DescribeSecret the secret is enabled for rotation and the token is reserved, as after
 * RotateSecret, so that a test can call the steps itself, when and as often as it likes.
 */
function reserving(secrets: SecretsManagerClient, token: string): SecretsManagerClient {
  const send = async (command: Parameters<SecretsManagerClient['send']>[0]) => {
    const answer = await secrets.send(command)
    if (!(command instanceof DescribeSecretCommand)) return answer
    const described: DescribeSecretResponse = { ...answer, RotationEnabled: true }
    const versions = { ...described.VersionIdsToStages }
    versions[token] ??= ['AWSPENDING']
    return { ...described, VersionIdsToStages: versions }
  }
  return Object.assign(Object.create(secrets), { send })
}
