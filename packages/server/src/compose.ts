import { rootCertificates } from 'node:tls'
import { partitionOf } from '@lockstep/wire'
import { Bus } from './bus/bus.ts'
import { homeAccount, makeAccounts } from './compose/accounts.ts'
import type { Doors } from './compose/doors.ts'
import { functionRunner } from './compose/function-runner.ts'
import { openKeyring } from './compose/keyring.ts'
import { repeat } from './compose/repeat.ts'
import { openSealer, trailDelivery } from './compose/trail.ts'
import type { Config } from './config.ts'
import type { Functions } from './functions/functions.ts'
import type { Received, Reply } from './gateway/call.ts'
import { Credentials } from './gateway/credentials.ts'
import { Decider } from './gateway/decide.ts'
import { gateway } from './gateway/gateway.ts'
import type { OpenReply } from './gateway/open-reply.ts'
import { recordRefusals } from './gateway/record-refusals.ts'
import { Throttle } from './gateway/throttle.ts'
import { Health, type HealthReport } from './health.ts'
import { groups } from './jobs/index.ts'
import { Scheduler } from './jobs/scheduler.ts'
import type { Keyring } from './keyring/keyring.ts'
import { demandFinished } from './moving/mark.ts'
import { NodeLink } from './nodes/node-link.ts'
import { runCommand } from './nodes/run-command.ts'
import { stateManager } from './nodes/state-manager.ts'
import { Channels } from './notify/channels.ts'
import type { Endpoint } from './notify/links.ts'
import { Mailer } from './notify/mailer.ts'
import { Signer } from './notify/signer.ts'
import { AddressRules } from './outbound/address-rules.ts'
import { Outbound } from './outbound/outbound.ts'
import { registry } from './services/registry.ts'
import { openStore } from './store/open.ts'
import type { Store } from './store/store.ts'
import { DELIVER_TRAIL } from './trail/delivery/job.ts'
import type { Sealer } from './trail/sealer.ts'

/** A server without sockets. */
export interface House extends AsyncDisposable {
  readonly call: (received: Received) => Promise<Reply>
  /** Answers what nodes' agents send. */
  readonly agent: (received: Received) => Promise<Reply | OpenReply>
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
  const bus = new Bus({ store, random })
  const runner = functionRunner(config, { store, bus, keyring }, doors)
  const functions = doors.functions ?? runner
  const signer = new Signer({ store, keyring, random, clock })
  const outbound = new Outbound({ rules, timer, ca: config.outboundCa })
  const mailer = config.mail && parts.use(new Mailer({ ...config.mail, ...mailCa(config) }, timer))
  const channels = new Channels({ outbound, mailer, functions, signer, store, endpoint })
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
  const link = parts.use(
    await NodeLink.open({
      ...{ store, bus, keyring, throttle, clock, random, timer, logger, metrics, home },
      dispatch: runCommand({ store, keyring, clock, random, logger }),
      associations: stateManager({ store, keyring, clock, logger }),
    }),
  )
  const built = parts.move()
  return {
    call,
    agent: (received) => link.answer(received),
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

/** What is listened on, where that is known before. */
function listeningUrl({ listen: { host, port }, tls }: Config): string {
  return `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

function mailCa({ outboundCa }: Config): { readonly ca?: readonly string[] } {
  return outboundCa === undefined ? {} : { ca: [...rootCertificates, outboundCa] }
}

/** What the store tells when a problem is over. */
const RECOVERIES: ReadonlySet<string> = new Set(['store.recovered', 'store.clock-agrees'])

const MINUTE_MS = 60_000
