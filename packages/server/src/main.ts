import { mkdirSync } from 'node:fs'
import { AdministratorsFile } from './administrators-file.ts'
import { compose } from './compose.ts'
import { hasPassword } from './config/store.ts'
import { type Config, ConfigError, readConfig } from './config.ts'
import { leave } from './http/leave.ts'
import { Listener } from './http/listener.ts'
import { systemClock } from './platform/clock.ts'
import { jsonLogger, type Logger } from './platform/logger.ts'
import { Metrics } from './platform/metrics.ts'
import { systemRandom } from './platform/random.ts'
import { systemTimer } from './platform/timer.ts'
import type { Values } from './settings.ts'

/**
 * How long calls under way may take to end once the server is asked to stop. Supervisors kill after ten
 * seconds; what is left of them is for jobs and the last seal.
 */
const DRAIN_MS = 8_000

/**
 * What bodies of calls under way may have beyond their first 16 KiB, all together. With those first parts of
 * 10,000 connections it makes a quarter of a gibibyte.
 */
const BODY_ROOM_BYTES = 96 * 1024 * 1024

/**
 * The same for the few calls whose body may be larger than others': the zip of a function, and what one is invoked
 * with. Apart from the room of all others, so that who fills this one stops no other call.
 */
const LARGE_BODY_ROOM_BYTES = 96 * 1024 * 1024

/** A second signal within this is the first one again: npm passes on the SIGINT that the terminal has sent already. */
const SAME_SIGNAL_MS = 250

/** Files made by the server are its owner's alone. */
const OWNER_ONLY = 0o077

/**
 * Runs the server until SIGTERM or SIGINT. Prints `lockstep ready URL` on standard output once calls are
 * accepted; everything else it says is a JSON line on standard error.
 *
 * @throws ConfigError, RootKeyError, DirectoryInUse, SchemaMismatch: each message says what to do.
 */
export async function serve(flags: Values, env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const config = readConfig(flags, env)
  process.umask(OWNER_ONLY)
  // Node would open its inspector on this signal: a debugger on everything the process holds.
  process.on('SIGUSR1', () => {})
  // Whoever reads the log may go away; what must not be lost is on the trail.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const logger = jsonLogger(config.logLevel, (line) => process.stderr.write(line))
  if (hasPassword(flags)) logger.warn('config.password-in-arguments', { use: 'LOCKSTEP_STORE or PGPASSFILE' })
  const { stopped, hurried } = signals()
  await using running = await start(config, logger)
  process.stdout.write(`lockstep ready ${running.url}\n`)
  logger.info('server.stopping', { signal: await stopped, lameDuckMs: config.lameDuckMs })
  await running.leave(hurried)
  logger.info('server.stopped')
}

/** The signal to stop, and the one of whoever does not want to wait for it. */
function signals(): { readonly stopped: Promise<string>; readonly hurried: Promise<string> } {
  const first = Promise.withResolvers<string>()
  const second = Promise.withResolvers<string>()
  let heard = first
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      heard.resolve(signal)
      systemTimer.after(SAME_SIGNAL_MS, () => {
        heard = second
      })
    })
  }
  return { stopped: first.promise, hurried: second.promise }
}

interface Running extends AsyncDisposable {
  readonly url: string
  /** Takes leave of the clients; `hurried` settles when they shall be given no more time to find another server. */
  leave(hurried: Promise<unknown>): Promise<void>
}

async function start(config: Config, logger: Logger): Promise<Running> {
  const metrics = new Metrics()
  const administrators = keeperOf(config)
  await using parts = new AsyncDisposableStack()
  const endpoint = Promise.withResolvers<string>()
  const house = parts.use(
    await compose(config, {
      endpoint: endpoint.promise,
      clock: systemClock,
      random: systemRandom,
      timer: systemTimer,
      logger,
      metrics,
      keepAdministrator: (administrator) => administrators?.keep(administrator),
      dropAdministrator: (account) => administrators?.drop(account),
    }),
  )
  const { listen, tls, maxBodyBytes, trustedProxies, lameDuckMs } = config
  const listener = parts.use(
    await Listener.open(
      {
        ...listen,
        ...(tls && { tls }),
        maxBodyBytes,
        bodyRoomBytes: BODY_ROOM_BYTES,
        largeBodyRoomBytes: LARGE_BODY_ROOM_BYTES,
        trustedProxies,
        clock: systemClock,
        random: systemRandom,
        timer: systemTimer,
        logger,
      },
      {
        call: house.call,
        agent: house.agent,
        health: () => house.health(),
        metrics: () => metrics.text(),
        certificate: (id) => house.certificate(id),
      },
    ),
  )
  administrators?.setUrl(listener.url)
  if (config.publicUrl === undefined) house.publicEndpoint.url = listener.url
  endpoint.resolve(nearUrl(listener.url))
  logger.info('server.ready', {
    url: listener.url,
    account: house.account,
    region: config.region,
    data: config.data,
    store: config.store.kind,
    ...(administrators && { administrators: administrators.path }),
  })
  const built = parts.move()
  return {
    url: listener.url,
    leave: (hurried) => leave(listener, { lameDuckMs, drainMs: DRAIN_MS, timer: systemTimer, hurried }),
    async [Symbol.asyncDispose]() {
      await built.disposeAsync()
    },
  }
}

/** The server's URL for this machine's own processes, where it listens on every address. */
function nearUrl(text: string): string {
  return text.replace(/\/\/0\.0\.0\.0:/, '//127.0.0.1:').replace(/\/\/\[::\]:/, '//[::1]:')
}

/**
 * Nothing is kept of a server in memory: its administrator's key has to be chosen by the environment.
 * @throws ConfigError where it is not, for nobody could ever enter.
 */
function keeperOf(config: Config): AdministratorsFile | undefined {
  if (config.data === 'memory') {
    if (config.adminKey) return undefined
    throw new ConfigError([
      '--data memory keeps no key: set LOCKSTEP_ADMIN_ACCESS_KEY_ID and LOCKSTEP_ADMIN_SECRET_ACCESS_KEY',
    ])
  }
  mkdirSync(config.data, { recursive: true, mode: 0o700 })
  return new AdministratorsFile(config.data, config.region)
}
