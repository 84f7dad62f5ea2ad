import type { Clock } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'
import type { Timer } from '../../platform/timer.ts'
import type { StoreDoors } from '../open.ts'
import { StoreUnavailable } from '../unavailable.ts'
import type { Lanes } from './lanes.ts'
import type { Servers } from './servers.ts'

/** A look may be late, and the next one too, before the second is over that caches may be behind. */
const EVERY_MS = 200
/** Every so many looks this server says that it lives: each time is a commit, and the others wait for a minute. */
const LOOKS_PER_BEAT = 10

interface PulseDoors extends Pick<StoreDoors, 'onProblem'> {
  readonly clock: Clock
  readonly timer: Timer
  readonly random: Random
  readonly servers: Servers
  readonly lanes: Lanes
  readonly maxSkewMs: number | undefined
  /** Looks at what other servers have changed; `nowMs` is when the look began. */
  look(nowMs: number): Promise<void>
  /** Clears away what servers have left behind that are long gone. */
  tidy(): Promise<void>
}

/** Says a few times a second that this server lives, and learns what the others have done meanwhile. */
export class Pulse {
  readonly #doors: PulseDoors
  #next: Disposable | undefined
  #running: Promise<void> | undefined
  #registering: Promise<void> | undefined
  #looks = 0
  #stopped = false
  #failing = false
  #skewed = false

  constructor(doors: PulseDoors) {
    this.#doors = doors
  }

  /** @throws StoreUnavailable */
  async start(): Promise<void> {
    await this.#register()
    await this.#doors.look(this.#doors.clock.now().getTime())
    await this.beat()
    await this.#doors.tidy().catch((error) => this.#doors.onProblem('store.untidy', { error }))
    this.#schedule()
  }

  /** @throws StoreUnavailable where the database takes no writes, or the clocks disagree. */
  async beat(): Promise<void> {
    const { clock, servers, lanes } = this.#doors
    const askedAt = clock.now().getTime()
    const { serverId } = lanes
    const seenAt = (await servers.seen(serverId)) ?? (await this.#comeBack(serverId))
    this.#compare(seenAt, askedAt, clock.now().getTime())
    this.demandGood()
  }

  /** @throws StoreUnavailable while this server's clock is wrong: ages, leases and ends all hang on it. */
  demandGood(): void {
    if (this.#skewed) throw new StoreUnavailable('clock')
  }

  /** The last word of this server: its lanes may be closed. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#next?.[Symbol.dispose]()
    await this.#running
    // Where it cannot be said, the others find out by themselves.
    await this.#doors.servers.end(this.#doors.lanes.serverId).catch(() => {})
  }

  /** Under another id, once for all who have found that `goneId` was taken for gone. Answers the database's time. */
  async #comeBack(goneId: string): Promise<number> {
    const { servers, lanes, onProblem } = this.#doors
    if (lanes.serverId === goneId) {
      if (!this.#registering) onProblem('store.was-taken-for-gone', {})
      this.#registering ??= this.#register().finally(() => {
        this.#registering = undefined
      })
      await this.#registering
    }
    const seenAt = await servers.seen(lanes.serverId)
    if (seenAt === undefined) throw new StoreUnavailable('fenced')
    return seenAt
  }

  async #register(): Promise<void> {
    const { servers, lanes, random } = this.#doors
    const id = random.uuid()
    await servers.add(id)
    lanes.serverId = id
  }

  #compare(database: number, askedAt: number, answeredAt: number): void {
    const { maxSkewMs, onProblem } = this.#doors
    if (maxSkewMs === undefined) return
    // The answer was written somewhere between.
    const skewMs = database < askedAt ? database - askedAt : Math.max(0, database - answeredAt)
    const skewed = Math.abs(skewMs) > maxSkewMs
    if (skewed !== this.#skewed) onProblem(skewed ? 'store.clock-skewed' : 'store.clock-agrees', { skewMs })
    this.#skewed = skewed
  }

  #schedule(): void {
    if (this.#stopped) return
    this.#next = this.#doors.timer.after(EVERY_MS, () => {
      this.#running = this.#round().finally(() => this.#schedule())
    })
  }

  /** Never throws. Tells the log of the first failure in a row and of the end of them. */
  async #round(): Promise<void> {
    const { clock, look, onProblem } = this.#doors
    try {
      await look(clock.now().getTime())
      this.#looks = (this.#looks + 1) % LOOKS_PER_BEAT
      if (this.#looks === 0 || this.#failing) await this.beat()
      if (this.#failing) onProblem('store.recovered', {})
      this.#failing = false
    } catch (error) {
      if (!this.#failing) onProblem('store.unavailable', { error })
      this.#failing = true
    }
  }
}
