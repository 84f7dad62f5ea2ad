import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import type { Timer } from '../platform/timer.ts'
import type { Census } from './family.ts'
import { FunctionProcess } from './function-process.ts'
import type { Outcome } from './outcome.ts'
import type { Output } from './output.ts'
import { RuntimeApi } from './runtime-api.ts'

/**
 * How long a runtime may take until it asks for its event.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
 */
const INIT_SECONDS = 10

/** One invocation with everything that it needs in hand. */
export interface Run {
  readonly requestId: string
  readonly functionArn: string
  readonly payload: Uint8Array
  readonly timeoutSeconds: number
  readonly memoryBytes: number
  readonly command: readonly string[]
  /** The environment of the process that speaks to this address. */
  environment(runtimeApi: string): Readonly<Record<string, string>>
  readonly endsAsOne: boolean
  readonly output: Output
}

export interface RunRooms {
  /** The machine's: functions live by it. */
  readonly wallClock: Clock
  readonly random: Random
  readonly timer: Timer
  readonly census: Census
  /** Rejects when the server stops. */
  readonly stopped: Promise<never>
}

export interface Ran {
  readonly outcome: Outcome
  /** From the start of the function's own time. */
  readonly durationMs: number
  readonly initMs: number
  /** The most memory that was seen at once. */
  readonly maxBytes: number
}

/** Starts the process, hands it its event, and answers when it and all that it started have ended. */
export async function run(run: Run, rooms: RunRooms): Promise<Ran> {
  const { timer, wallClock, random, census, stopped } = rooms
  const { requestId, payload, functionArn, timeoutSeconds } = run
  using limit = new TimeLimit(timeoutSeconds, timer)
  let child: FunctionProcess | undefined
  await using api = await RuntimeApi.open({
    event: { requestId, payload, functionArn, traceId: newTraceId(wallClock, random) },
    begin: () => new Date(wallClock.now().getTime() + limit.begin()),
    isOurs: (ends) => child?.holds(ends) ?? false,
  })
  const { command, memoryBytes, endsAsOne, output } = run
  const environment = run.environment(api.address)
  await using processes = new FunctionProcess({
    command,
    environment,
    memoryBytes,
    endsAsOne,
    output,
    census,
    timer,
  })
  child = processes
  const { exited, exceeded } = processes
  const outcome = await Promise.race([api.answered, exited, exceeded, limit.over, stopped])
  return { outcome, ...limit.spent(), maxBytes: processes.maxBytes }
}

/** A function's time: some for its start, then what it was given, from when it has its event. */
class TimeLimit implements Disposable {
  readonly over: Promise<Outcome>
  readonly #seconds: number
  readonly #timer: Timer
  readonly #end: (outcome: Outcome) => void
  readonly #startedAtMs = performance.now()
  #begunAtMs: number | undefined
  #alarm: Disposable

  constructor(seconds: number, timer: Timer) {
    const { promise, resolve } = Promise.withResolvers<Outcome>()
    this.over = promise
    this.#end = resolve
    this.#seconds = seconds
    this.#timer = timer
    this.#alarm = this.#after(INIT_SECONDS)
  }

  /** The function's own time begins; how much it is. */
  begin(): number {
    this.#begunAtMs = performance.now()
    this.#alarm[Symbol.dispose]()
    this.#alarm = this.#after(this.#seconds)
    return this.#seconds * 1000
  }

  spent(): Pick<Ran, 'durationMs' | 'initMs'> {
    const begunAtMs = this.#begunAtMs ?? this.#startedAtMs
    return { durationMs: performance.now() - begunAtMs, initMs: begunAtMs - this.#startedAtMs }
  }

  [Symbol.dispose](): void {
    this.#alarm[Symbol.dispose]()
  }

  #after(seconds: number): Disposable {
    return this.#timer.after(seconds * 1000, () => this.#end({ kind: 'timed-out', seconds }))
  }
}

/** @see https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader */
function newTraceId(clock: Clock, random: Random): string {
  const hex = (count: number) => Buffer.from(random.bytes(count)).toString('hex')
  const seconds = Math.floor(clock.now().getTime() / 1000).toString(16)
  return `Root=1-${seconds}-${hex(12)};Parent=${hex(8)};Sampled=0`
}
