import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam'
import { compose, type House } from '../compose.ts'
import { readConfig } from '../config.ts'
import type { Functions } from '../functions/functions.ts'
import type { Received, Reply } from '../gateway/call.ts'
import { loopback, type SdkTransport } from '../gateway/loopback.ts'
import { Listener } from '../http/listener.ts'
import { systemClock } from '../platform/clock.ts'
import { silentLogger } from '../platform/logger.ts'
import { Metrics } from '../platform/metrics.ts'
import { systemRandom } from '../platform/random.ts'
import { systemTimer } from '../platform/timer.ts'
import type { Values } from '../settings.ts'
import { openTestDatabase, TEST_POSTGRES } from '../store/postgres/test-database.ts'
import type { TrailRow } from '../store/trail.ts'
import { ManualClock } from './manual-clock.ts'

/** Who a test signs as. */
export interface Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

/** The same as the SDKs want it: no member that is there and undefined. */
type SdkCredentials = Omit<Keys, 'sessionToken'> & { readonly sessionToken?: string }

export function sdkCredentials({ sessionToken, ...longTerm }: Keys): SdkCredentials {
  return sessionToken === undefined ? longTerm : { ...longTerm, sessionToken }
}

/** What every SDK client of a test is made with. */
interface ClientOptions {
  readonly region: string
  readonly endpoint: string
  readonly credentials: SdkCredentials
  readonly requestHandler: SdkTransport
  readonly systemClockOffset: number
  readonly maxAttempts: number
}

export const TEST_ACCOUNT = '111122223333'
export const OTHER_ACCOUNT = '444455556666'
export const TEST_REGION = 'us-east-1'
const ENDPOINT = 'http://127.0.0.1:4600'

export interface TestServerOptions {
  /** Settings beyond a server in memory with two accounts. */
  readonly settings?: Values
  readonly clock?: ManualClock
  /** What runs functions in place of processes. */
  readonly functions?: Functions
  /**
   * Listens on a socket of its own, as functions need that call back. They sign by the machine's clock, and so the
   * server lives by it, too: `clock` cannot be moved.
   */
  readonly listens?: boolean
}

/** The machine's time, for a server that real processes call. */
class MachineClock extends ManualClock {
  override now(): Date {
    return new Date()
  }

  override advance(): void {
    throw new Error('a server that listens lives by the machine’s clock')
  }
}

/**
 * A whole server in memory, or on the PostgreSQL of `npm run conformance`, entered by real AWS SDK clients without a socket. It has two accounts, TEST_ACCOUNT
 * and OTHER_ACCOUNT, each with its administrator. The clock stands still until the test moves it.
 */
export async function startServer(options: TestServerOptions = {}): Promise<TestServer> {
  const clock = options.listens ? new MachineClock() : (options.clock ?? new ManualClock())
  const endpoint = Promise.withResolvers<string>()
  await using parts = new AsyncDisposableStack()
  const database = TEST_POSTGRES ? parts.use(await openTestDatabase(TEST_POSTGRES)) : undefined
  const config = readConfig(
    {
      data: 'memory',
      'account-id': TEST_ACCOUNT,
      accounts: OTHER_ACCOUNT,
      region: TEST_REGION,
      // Tests run anywhere.
      'insecure-functions': 'true',
      ...options.settings,
    },
    {},
  )
  const metrics = new Metrics()
  const administrators = new Map<string, Keys>()
  // The clock is the test's, and no database keeps its time.
  const store = database ? ({ kind: 'postgres', url: database.url } as const) : config.store
  const house = parts.use(
    await compose(
      { ...config, store },
      {
        clock,
        random: systemRandom,
        timer: systemTimer,
        logger: silentLogger,
        metrics,
        ...(options.listens && { endpoint: endpoint.promise }),
        ...(options.functions && { functions: options.functions }),
        keepAdministrator: (administrator) => administrators.set(administrator.account, administrator),
        dropAdministrator: (account) => administrators.delete(account),
      },
    ),
  )
  if (options.listens) endpoint.resolve((await listen(house, parts)).url)
  const whole = parts.move()
  return new TestServer({ house, clock, metrics, administrators, whole })
}

/** Real sockets on loopback before the house. */
async function listen(house: House, parts: AsyncDisposableStack): Promise<Listener> {
  const listener = await Listener.open(
    {
      ...{
        host: '127.0.0.1',
        port: 0,
        maxBodyBytes: 1_048_576,
        bodyRoomBytes: 16_777_216,
        largeBodyRoomBytes: 16_777_216,
      },
      ...{ trustedProxies: [], clock: systemClock, random: systemRandom, timer: systemTimer },
      logger: silentLogger,
    },
    {
      call: house.call,
      health: () => house.health(),
      metrics: () => '',
      certificate: (id) => house.certificate(id),
    },
  )
  return parts.use(listener)
}

interface TestServerParts {
  readonly house: House
  readonly clock: ManualClock
  readonly metrics: Metrics
  readonly administrators: ReadonlyMap<string, Keys>
  readonly whole: AsyncDisposable
}

export class TestServer implements AsyncDisposable {
  readonly house: House
  readonly clock: ManualClock
  readonly metrics: Metrics
  /** TEST_ACCOUNT's administrator. */
  readonly admin: Keys
  /** OTHER_ACCOUNT's administrator. */
  readonly otherAdmin: Keys
  /** The last answer's request id. */
  lastRequestId = ''
  readonly #transport: SdkTransport
  readonly #whole: AsyncDisposable
  #users = 0

  constructor({ house, clock, metrics, administrators, whole }: TestServerParts) {
    this.house = house
    this.clock = clock
    this.metrics = metrics
    this.#whole = whole
    this.admin = keysOf(administrators, TEST_ACCOUNT)
    this.otherAdmin = keysOf(administrators, OTHER_ACCOUNT)
    this.#transport = loopback((received) => this.call(received), { clock, random: systemRandom })
  }

  /** Enters the pipeline as it is, for calls that no SDK would make. */
  async call(received: Received): Promise<Reply> {
    const reply = await this.house.call(received)
    this.lastRequestId = reply.headers['x-amzn-requestid'] ?? reply.headers['x-amzn-RequestId'] ?? ''
    return reply
  }

  /** Every event of the trail, the newest first, as CloudTrail's JSON has it. */
  async trail(): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return (await this.trailRows()).map(({ body }) => JSON.parse(body))
  }

  /** The same with all that is stored of each. */
  async trailRows(): Promise<readonly TrailRow[]> {
    const { trail } = this.house.store.read
    const rows: TrailRow[] = []
    for (const { lane } of await trail.lanes())
      rows.push(...(await trail.events(lane, { from: 1, limit: 100_000 })))
    // Sorting keeps the order of those of one instant in one lane.
    return rows.sort((a, b) => a.at - b.at).reverse()
  }

  /** A client of one of Amazon's own SDK packages, signing as `keys`. */
  sdk<Client>(
    Client: new (options: ClientOptions) => Client,
    keys: Keys,
    region: string = TEST_REGION,
  ): Client {
    return new Client({
      region,
      endpoint: ENDPOINT,
      credentials: sdkCredentials(keys),
      requestHandler: this.#transport,
      // The SDK signs with the machine's clock; the server lives in the manual clock's time.
      systemClockOffset: this.clock.now().getTime() - Date.now(),
      maxAttempts: 1,
    })
  }

  /** A new IAM user of TEST_ACCOUNT with these statements as its one inline policy, and an access key. */
  async user(
    ...statements: readonly object[]
  ): Promise<Keys & { readonly name: string; readonly arn: string }> {
    return this.userOf(this.admin, ...statements)
  }

  /** The same in the account that `admin` administers. */
  async userOf(
    admin: Keys,
    ...statements: readonly object[]
  ): Promise<Keys & { readonly name: string; readonly arn: string }> {
    const iam = this.sdk(IAMClient, admin)
    const UserName = `user-${++this.#users}`
    const { User } = await iam.send(new CreateUserCommand({ UserName }))
    if (statements.length > 0) {
      const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: statements })
      await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'inline', PolicyDocument }))
    }
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }))
    return {
      name: UserName,
      arn: User?.Arn ?? '',
      accessKeyId: AccessKey?.AccessKeyId ?? '',
      secretAccessKey: AccessKey?.SecretAccessKey ?? '',
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#whole[Symbol.asyncDispose]()
  }
}

function keysOf(administrators: ReadonlyMap<string, Keys>, account: string): Keys {
  const found = administrators.get(account)
  if (!found) throw new Error(`the test server has no account ${account}`)
  return { accessKeyId: found.accessKeyId, secretAccessKey: found.secretAccessKey }
}
