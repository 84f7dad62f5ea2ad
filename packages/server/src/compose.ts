import { join, resolve } from 'node:path'
import { rootCertificates } from 'node:tls'
import { partitionOf } from '@lockstep/wire'
import { Bus } from './bus/bus.ts'
import { type Config, ConfigError } from './config.ts'
import { probeConfinement } from './functions/confinement.ts'
import type { Functions } from './functions/functions.ts'
import { FunctionRunner } from './functions/runner.ts'
import type { Received, Reply } from './gateway/call.ts'
import { Credentials } from './gateway/credentials.ts'
import { Decider } from './gateway/decide.ts'
import { gateway } from './gateway/gateway.ts'
import { recordRefusals } from './gateway/record-refusals.ts'
import { newAccessKeyId, newSecretAccessKey } from './gateway/session-token.ts'
import { Throttle } from './gateway/throttle.ts'
import { Health, type HealthReport } from './health.ts'
import { deliverTrail } from './jobs/deliver-trail.ts'
import { groups } from './jobs/index.ts'
import type { RunJob } from './jobs/job.ts'
import { Scheduler } from './jobs/scheduler.ts'
import { Keyring } from './keyring/keyring.ts'
import { openRootKey } from './keyring/root-keys/index.ts'
import { demandFinished } from './moving/mark.ts'
import { Channels } from './notify/channels.ts'
import type { Endpoint } from './notify/links.ts'
import { Mailer } from './notify/mailer.ts'
import { Signer } from './notify/signer.ts'
import { AddressRules } from './outbound/address-rules.ts'
import { Outbound } from './outbound/outbound.ts'
import { type Clock, systemClock } from './platform/clock.ts'
import type { Logger } from './platform/logger.ts'
import type { Metrics } from './platform/metrics.ts'
import { type Random, randomText } from './platform/random.ts'
import type { Timer } from './platform/timer.ts'
import { bootstrapAccount } from './services/iam/bootstrap-account.ts'
import { registry } from './services/registry.ts'
import { openStore } from './store/open.ts'
import type { Store } from './store/store.ts'
import { openBuckets } from './trail/delivery/bucket-setting.ts'
import { DELIVER_TRAIL } from './trail/delivery/job.ts'
import { openTrail } from './trail/open.ts'
import { SEAL_INTERVAL_MS, Sealer } from './trail/sealer.ts'

/** The doors to the outside that a house is built with: real ones in production, by hand in tests. */
export interface Doors {
  readonly clock: Clock
  readonly random: Random
  readonly timer: Timer
  readonly logger: Logger
  readonly metrics: Metrics
  /** Where functions reach the server, once it listens; until then they wait. Absent: it never does. */
  readonly endpoint?: Promise<string>
  /** What runs functions in place of processes; tests alone have one. */
  readonly functions?: Functions
  /** Where a new account's administrator is put down before the account exists. */
  keepAdministrator(administrator: Administrator): void
  /** Another server was faster, and its administrator is the account's. */
  dropAdministrator(account: string): void
}

/** An account's first access key, known only at the start that made it. */
export interface Administrator {
  readonly account: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** A server without sockets. */
export interface House extends AsyncDisposable {
  readonly call: (received: Received) => Promise<Reply>
  readonly store: Store
  readonly keyring: Keyring
  readonly sealer: Sealer
  readonly scheduler: Scheduler
  readonly functions: Functions
  readonly channels: Channels
  /** The way of every event to the trail. */
  readonly bus: Bus
  /** Where the server is found, for links; to be set once it listens, unless the operator said. */
  readonly publicEndpoint: Endpoint
  /** The certificate, PEM, by which notices that were signed under this id are verified. */
  certificate(id: string): Promise<string | undefined>
  /** The account of the first start. */
  readonly account: string
  /** Sums up the calls that were refused without an event each; see gateway/throttle.ts. Done every minute. */
  recordRefusals(): Promise<void>
  /** A running server's state, for /healthz. */
  health(): Promise<HealthReport>
}

/** Builds the house: the only place that constructs its parts and joins them. */
export async function compose(config: Config, doors: Doors): Promise<House> {
  const { clock, random, timer, logger, metrics } = doors
  await using parts = new AsyncDisposableStack()
  const store = parts.use(
    await openStore({
      ...config.store,
      random,
      clock,
      timer,
      onProblem: (event, fields) => logger[RECOVERIES.has(event) ? 'info' : 'error'](event, fields),
    }),
  )
  await demandFinished(store.read.installation)
  const keyring = await openKeyring(config, store, doors)
  const health = new Health({ store, clock, timer, logger })
  const sealer = await openSealer({ store, keyring, health, parts }, doors)

  const partition = partitionOf(config.region)
  const account = await homeAccount(config, store, random)
  await makeAccounts([account, ...config.moreAccounts], { config, store, keyring, doors })

  const endpoint: Endpoint = { url: config.publicUrl ?? listeningUrl(config) }
  const rules = new AddressRules(config.allowOutbound)
  const destinations = {
    admitsHost: (host: string) => rules.admitsHost(host),
    mail: config.mail !== undefined,
  }
  const runner = functionRunner(config, { store, keyring }, doors)
  const functions = doors.functions ?? runner
  const signer = new Signer({ store, keyring, random, clock })
  const outbound = new Outbound({ rules, timer, ca: config.outboundCa })
  const mailer = config.mail && parts.use(new Mailer({ ...config.mail, ...mailCa(config) }, timer))
  const channels = new Channels({ outbound, mailer, functions, signer, store, endpoint })
  const bus = new Bus({ store, random })
  const rooms = { store, keyring, clock, random, functions, channels, bus, metrics }
  const trails = { name: 'trails', concurrency: 2, jobs: { [DELIVER_TRAIL]: trailDelivery(config, doors) } }
  const scheduler = parts.use(new Scheduler({ rooms, timer, logger, groups: [...groups, trails] }))
  // Closed first: the scheduler waits for its jobs, and they for their functions.
  parts.use(runner)
  scheduler.nudge()

  const home = { account, region: config.region }
  const throttle = new Throttle(config.limits)
  const refusals = () => recordRefusals({ throttle, bus, clock, random, home })
  const sumUp = () => refusals().catch((error: unknown) => logger.error('refusals.unrecorded', { error }))
  parts.defer(sumUp)
  parts.use(repeat(timer, MINUTE_MS, sumUp))
  const call = gateway({
    registry,
    store,
    bus,
    keyring,
    functions,
    clock,
    random,
    timer,
    logger,
    metrics,
    throttle,
    destinations,
    credentials: new Credentials(store, keyring, partition),
    decider: new Decider(),
    regions: config.regions,
    functionDirectories: config.functionDirectories,
    trailBuckets: new Set(config.trailBuckets.keys()),
    home,
  })
  const built = parts.move()
  return {
    call,
    store,
    keyring,
    sealer,
    scheduler,
    functions,
    channels,
    bus,
    publicEndpoint: endpoint,
    certificate: (id) => store.read.notices.certificate(id),
    account,
    recordRefusals: refusals,
    health: () => health.check(),
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  }
}

function trailDelivery(config: Config, { clock, random, timer, logger, metrics }: Doors): RunJob {
  return deliverTrail({
    ...{ timer, logger, metrics, regions: config.regions },
    buckets: openBuckets(config.trailBuckets, { clock, random, keys: config.trailKeys }),
    everyMs: config.trailDeliveryMs,
    digestEveryMs: config.trailDigestMs,
  })
}

/** What is listened on, where that is known before. */
function listeningUrl({ listen: { host, port }, tls }: Config): string {
  return `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

function mailCa({ outboundCa }: Config): { readonly ca?: readonly string[] } {
  return outboundCa === undefined ? {} : { ca: [...rootCertificates, outboundCa] }
}

interface TrailParts {
  readonly store: Store
  readonly keyring: Keyring
  readonly health: Health
  readonly parts: AsyncDisposableStack
}

/** Opens the trail, seals it once a second from then on, and a last time when the house is closed. */
async function openSealer(
  { store, keyring, health, parts }: TrailParts,
  { clock, random, timer, logger }: Doors,
): Promise<Sealer> {
  const sealer = new Sealer({
    store,
    clock,
    timer,
    key: await openTrail(store, { keyring, random }),
    // The log is where a checkpoint leaves the house: a database rolled back later contradicts it.
    onCheckpoint: (checkpoint) => logger.info('trail.checkpoint', { checkpoint }),
  })
  async function seal(): Promise<void> {
    try {
      await sealer.seal()
      health.sealed()
    } catch (error) {
      health.unsealed(error)
      logger.error('trail.unsealed', { error })
    }
  }
  parts.defer(seal)
  parts.use(repeat(timer, SEAL_INTERVAL_MS, seal))
  return sealer
}

/** Where nobody answers. Without any address, an SDK would take the calls to Amazon. */
const NOWHERE = 'http://127.0.0.1:1'

/** What runs functions, and keeps them from everything that the server was told to keep. */
function functionRunner(
  config: Config,
  { store, keyring }: { readonly store: Store; readonly keyring: Keyring },
  doors: Doors,
): FunctionRunner {
  const { data, rootKey, tls, passphraseFile, functions } = config
  const { endpoint: told, ...settings } = functions
  const isKept = data !== 'memory'
  const hidden = [
    ...(isKept ? [data] : []),
    ...(rootKey.startsWith('file:') ? [resolve(rootKey.slice('file:'.length))] : []),
    ...(tls ? [resolve(tls.keyFile)] : []),
    ...(passphraseFile === undefined ? [] : [resolve(passphraseFile)]),
  ]
  return new FunctionRunner({
    ...doors,
    ...{ store, keyring },
    wallClock: systemClock,
    confinement: () => probeConfinement(process.getuid?.() === 0),
    endpoint: told === undefined ? (doors.endpoint ?? Promise.resolve(NOWHERE)) : Promise.resolve(told),
    settings: {
      ...settings,
      // What lies in a hidden directory needs no cover of its own, and could have none.
      hidden: hidden.filter((path) => path === data || !path.startsWith(`${data}/`)),
      ...(isKept && { logDirectory: join(data, 'logs', 'functions') }),
    },
  })
}

/** Makes the accounts that do not exist yet, each with its administrator. */
async function makeAccounts(
  ids: readonly string[],
  made: { readonly config: Config; readonly store: Store; readonly keyring: Keyring; readonly doors: Doors },
): Promise<void> {
  const { config, store, keyring, doors } = made
  const { clock, random } = doors
  for (const id of new Set(ids)) {
    if (await store.read.principals.account(id)) continue
    const key = (id === ids[0] && config.adminKey) || newAdminKey(random)
    // Kept first: a crash after this makes another key, a crash before an account nobody can enter.
    doors.keepAdministrator({ account: id, accessKeyId: key.id, secretAccessKey: key.secret })
    const account = {
      account: id,
      partition: partitionOf(config.region),
      now: clock.now(),
      keyring,
      random,
      key,
    }
    const isOurs = await store.write(async (tx) => {
      if (await tx.principals.account(id)) return false
      await bootstrapAccount(tx, account)
      return true
    })
    if (!isOurs) doors.dropAdministrator(id)
  }
}

/** Held by a server that looks whether it is the first. */
const START = { account: '', region: '', name: 'start' }

/** What the store tells when a problem is over. */
const RECOVERIES: ReadonlySet<string> = new Set(['store.recovered', 'store.clock-agrees'])

const MINUTE_MS = 60_000

/** Acts again and again, `everyMs` after the time before has ended. */
function repeat(timer: Timer, everyMs: number, act: () => Promise<void>): Disposable {
  let next: Disposable | undefined = timer.after(everyMs, turn)
  function turn(): void {
    void act().finally(() => {
      if (next) next = timer.after(everyMs, turn)
    })
  }
  return {
    [Symbol.dispose]() {
      next?.[Symbol.dispose]()
      next = undefined
    },
  }
}

function newAdminKey(random: Random): { readonly id: string; readonly secret: string } {
  return { id: newAccessKeyId('AKIA', random), secret: newSecretAccessKey(random) }
}

async function openKeyring(config: Config, store: Store, { clock, random }: Doors): Promise<Keyring> {
  const records = await store.read.installation.keyringGenerations()
  const root = await openRootKey(config.rootKey, {
    create: records.length === 0,
    random,
    passphrase: config.passphrase,
    passphraseFile: config.passphraseFile,
  })
  if (records.length > 0) return Keyring.unseal(root, records, random)
  const { keyring, record } = await Keyring.create(root, random, clock.now())
  // Stored before anything is sealed with it, unless another server has started in the same moment.
  const isOurs = await store.write(async (tx) => {
    if ((await tx.installation.keyringGenerations()).length > 0) return false
    await tx.installation.addKeyringGeneration(record)
    return true
  })
  return isOurs ? keyring : Keyring.unseal(root, await store.read.installation.keyringGenerations(), random)
}

/**
 * The account that this installation began with: the configured one at the first start, else a random one.
 * @throws ConfigError where another is configured later: every ARN that was given out would be another's.
 */
async function homeAccount({ accountId }: Config, store: Store, random: Random): Promise<string> {
  const chosen = accountId ?? `${1 + random.below(9)}${randomText(random, '0123456789', 11)}`
  const account = await store.write(async ({ installation }) => {
    const known = await installation.fact('account')
    if (known === undefined) await installation.setFact('account', chosen)
    return known ?? chosen
  }, START)
  if (accountId === undefined || accountId === account) return account
  throw new ConfigError([
    `--account-id (LOCKSTEP_ACCOUNT_ID): ${accountId} is not the account ${account} that this installation was made for; --accounts adds further ones`,
  ])
}
