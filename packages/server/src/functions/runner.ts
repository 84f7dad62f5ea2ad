import type { Bus } from '../bus/bus.ts'
import type { Keyring } from '../keyring/keyring.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'
import type { Random } from '../platform/random.ts'
import type { Timer } from '../platform/timer.ts'
import type { Store } from '../store/store.ts'
import { type Loaded, loadFunction, type PlacedCode, placeCode, programOf } from './code.ts'
import {
  type Confinement,
  commandOf,
  type FunctionUsers,
  isKeptApart,
  placesFor,
  uidIn,
} from './confinement.ts'
import { environmentOf, openVariables } from './environment.ts'
import { notConfined, tooManyRequests } from './errors.ts'
import { Census } from './family.ts'
import { FunctionLog } from './function-log.ts'
import type { Functions, Invocation, InvocationResult } from './functions.ts'
import { answerOf, reasonOf } from './outcome.ts'
import { Output, rotationToken } from './output.ts'
import { findPython } from './python.ts'
import { roleCredentials } from './role-session.ts'
import { type Ran, type Run, run } from './run.ts'
import { giveTo, openWorkspace, removeLeftWorkspaces, removeWorkspace } from './workspace.ts'

interface FunctionSettings {
  /** How many run at once; more are turned away. */
  readonly concurrency: number
  /** What runs Python functions. */
  readonly python: string
  readonly users?: FunctionUsers | undefined
  /** Whether users' functions run where nothing keeps them from the server's files. */
  readonly mayBeUnconfined: boolean
  /** PEM certificates that functions check the server's against. */
  readonly caFile?: string | undefined
  /** Where logs are kept; absent: nowhere. */
  readonly logDirectory?: string | undefined
  /** Files and directories of the server's that no function may see. */
  readonly hidden: readonly string[]
}

export interface RunnerRooms {
  readonly store: Store
  readonly bus: Bus
  readonly keyring: Keyring
  /** The server's: sessions begin and end by it. */
  readonly clock: Clock
  /** The machine's: functions live by it. */
  readonly wallClock: Clock
  readonly random: Random
  readonly timer: Timer
  readonly logger: Logger
  /** The URL at which a function reaches this server, once it is known. */
  readonly endpoint: Promise<string>
  /** What this machine offers to shut functions in; asked once. */
  confinement(): Promise<Confinement>
  readonly settings: FunctionSettings
}

/** Where one invocation happens, and as whom. */
interface Place {
  /** A directory of its own. */
  readonly work: string
  readonly uid: number | undefined
}

const MIB = 1024 * 1024

/** Runs each invocation in a process of its own, which nothing outlives. README.md tells the life of one. */
export class FunctionRunner implements Functions, AsyncDisposable {
  readonly #rooms: RunnerRooms
  readonly #log: FunctionLog
  readonly #census = new Census()
  /** Numbers that nobody has now; each picks a user where there are several. */
  readonly #free: number[]
  readonly #running = new Set<Promise<unknown>>()
  readonly #stop = Promise.withResolvers<never>()
  #isStopped = false
  #confinement: Promise<Confinement> | undefined
  #python: string | undefined

  constructor(rooms: RunnerRooms) {
    this.#rooms = rooms
    const { settings, wallClock, logger } = rooms
    this.#log = new FunctionLog({ directory: settings.logDirectory, clock: wallClock, logger })
    const places = placesFor(settings.concurrency, settings.users)
    this.#free = Array.from({ length: places }, (_, number) => number)
    // Whoever runs hears of these; where nobody does, nothing has gone wrong.
    this.#stop.promise.catch(() => {})
    rooms.endpoint.catch(() => {})
  }

  async invoke(invocation: Invocation): Promise<InvocationResult> {
    const loaded = await loadFunction(invocation.functionArn, this.#rooms.store)
    if (this.#isStopped) return this.#stop.promise
    const number = this.#free.pop()
    if (number === undefined) throw tooManyRequests()
    const running = this.#inWorkspace(loaded, invocation, number).finally(() => {
      this.#free.push(number)
      this.#running.delete(running)
    })
    this.#running.add(running)
    return running
  }

  /** Ends what runs: its callers hear an error, and may ask another server. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true
    this.#stop.reject(new Error('the server is stopping'))
    await Promise.allSettled(this.#running)
  }

  async #inWorkspace(loaded: Loaded, invocation: Invocation, number: number): Promise<InvocationResult> {
    const uid = uidIn(number, this.#rooms.settings.users)
    const work = await openWorkspace()
    try {
      return await this.#invoke(loaded, invocation, { work, uid })
    } finally {
      await removeWorkspace(work)
    }
  }

  async #invoke(loaded: Loaded, invocation: Invocation, place: Place): Promise<InvocationResult> {
    const { timer, wallClock, random } = this.#rooms
    const { record } = loaded
    const requestId = random.uuid()
    // DIVERGENCE: a function that prints its event would print the token that lets it put a version of the secret.
    // It is taken out of the log; nothing else is.
    const output = new Output(
      (lines) => this.#log.add(record, requestId, lines),
      [rotationToken(invocation.payload) ?? ''],
    )
    const prepared = await this.#prepare(loaded, invocation, { ...place, requestId, output })
    output.note(`START RequestId: ${requestId} Version: $LATEST`)
    const ran = await run(prepared, {
      wallClock,
      random,
      timer,
      census: this.#census,
      stopped: this.#stop.promise,
    })
    noteEnd(output, ran, { requestId, memoryMb: record.memoryMb, now: wallClock.now() })
    const { outcome, durationMs } = ran
    return { requestId, ...answerOf(outcome, requestId), logTail: output.tail, durationMs }
  }

  async #prepare(
    loaded: Loaded,
    { payload, sessionPolicy }: Invocation,
    { work, uid, requestId, output }: Place & Pick<Run, 'requestId' | 'output'>,
  ): Promise<Run> {
    const { keyring, settings, endpoint, wallClock } = this.#rooms
    const { record } = loaded
    const code = await placeCode(loaded, work)
    const program = await programOf(record, code.taskRoot, () => this.#interpreter())
    const confinement = await this.#confined()
    if (!(isKeptApart(confinement, uid) || settings.mayBeUnconfined || record.code.kind === 'built-in'))
      throw notConfined()
    const endpointUrl = await Promise.race([endpoint, this.#stop.promise])
    const credentials = await roleCredentials(record, sessionPolicy, this.#rooms)
    if (uid !== undefined) await giveTo(uid, work)
    const day = wallClock.now().toISOString().slice(0, 10).replaceAll('-', '/')
    const { caFile, hidden } = settings
    return {
      requestId,
      output,
      functionArn: record.arn,
      payload,
      timeoutSeconds: record.timeoutSeconds,
      memoryBytes: record.memoryMb * MIB,
      endsAsOne: confinement.namespaces !== 'none',
      command: commandOf(
        { work, directory: code.taskRoot, program, uid, hidden, needed: neededBy(code, work) },
        confinement,
      ),
      environment: (runtimeApi) =>
        environmentOf({
          ...{ record, ...code, work, runtimeApi, endpointUrl, caFile, credentials },
          logStream: `${day}/[$LATEST]${requestId.replaceAll('-', '')}`,
          variables: openVariables(record, keyring),
        }),
    }
  }

  /** Found out once, when the first function runs. */
  #confined(): Promise<Confinement> {
    this.#confinement ??= this.#rooms.confinement().then(async (found) => {
      const { logger } = this.#rooms
      const left = await removeLeftWorkspaces()
      if (left > 0) logger.info('functions.left-removed', { directories: left })
      if (found.namespaces === 'none') logger.warn('functions.not-confined', { ...found })
      else logger.info('functions.confined', { ...found })
      return found
    })
    return this.#confinement
  }

  /** Looked for again where it was not there. */
  async #interpreter(): Promise<string | undefined> {
    this.#python ??= await findPython(this.#rooms.settings.python)
    return this.#python
  }
}

/** What a process must see besides its own directory. */
function neededBy({ taskRoot }: PlacedCode, work: string): readonly string[] {
  return [taskRoot, process.execPath, import.meta.dirname].filter((path) => !path.startsWith(work))
}

interface Report {
  readonly requestId: string
  readonly memoryMb: number
  readonly now: Date
}

/**
 * How a log tells of an invocation's end.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-view.html
 */
function noteEnd(output: Output, ran: Ran, { requestId, memoryMb, now }: Report): void {
  const { outcome, durationMs, initMs, maxBytes } = ran
  if (output.droppedBytes > 0)
    output.note(`LOG ${output.droppedBytes} bytes were printed beyond what is kept`)
  output.note(`END RequestId: ${requestId}`)
  output.note(
    [
      `REPORT RequestId: ${requestId}`,
      `Duration: ${durationMs.toFixed(2)} ms`,
      `Billed Duration: ${Math.ceil(durationMs)} ms`,
      `Memory Size: ${memoryMb} MB`,
      `Max Memory Used: ${Math.ceil(maxBytes / MIB)} MB`,
      `Init Duration: ${initMs.toFixed(2)} ms`,
    ].join('\t'),
  )
  switch (outcome.kind) {
    case 'response':
    case 'error':
    case 'response-too-large':
      return
    case 'timed-out':
      output.note(`${now.toISOString()} ${requestId} ${reasonOf(outcome)}`)
      return
    default:
      output.note(`RequestId: ${requestId} Error: ${reasonOf(outcome)}`)
      output.note('Runtime.ExitError')
  }
}
