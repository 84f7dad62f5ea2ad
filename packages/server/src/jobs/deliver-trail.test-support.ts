import { gunzipSync } from 'node:zlib'
import type { Keyring } from '../keyring/keyring.ts'
import { silentLogger } from '../platform/logger.ts'
import { Metrics } from '../platform/metrics.ts'
import type { Random } from '../platform/random.ts'
import { systemRandom } from '../platform/random.ts'
import { systemTimer } from '../platform/timer.ts'
import type { DeliveryTrail, TrailSettings } from '../store/deliveries.ts'
import type { ClaimedJob } from '../store/jobs.ts'
import type { Store, Writers } from '../store/store.ts'
import { openTestStore } from '../store/test-store.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { type Bucket, DeliveryFailed, type NewObject } from '../trail/delivery/bucket.ts'
import { DELIVER_TRAIL, deliveryJob } from '../trail/delivery/job.ts'
import type { Budget } from '../trail/delivery/position.ts'
import { testKeyring } from '../trail/test-trail.ts'
import { deliverTrail } from './deliver-trail.ts'

/** What a process that is killed throws from then on. */
class Killed extends Error {}

/** Kills whoever asks it the n-th time. */
export class Fate {
  #left: number
  constructor(steps = Number.POSITIVE_INFINITY) {
    this.#left = steps
  }
  step(): void {
    this.#left -= 1
    if (this.#left < 0) throw new Killed()
  }
}

/** A bucket in memory that keeps every version of an object, as one would that somebody watches. */
class WatchedBucket {
  readonly versions = new Map<string, Buffer[]>()
  readonly metadata = new Map<string, NewObject['metadata']>()
  failure: string | undefined
  /** What the next object waits for before it is there. */
  hold: Promise<void> | undefined

  /** The bucket as one process sees it, which may die before or after an object is there. */
  as(fate: Fate): Bucket {
    return {
      put: async ({ key, body, metadata }) => {
        fate.step()
        const { hold } = this
        this.hold = undefined
        await hold
        if (this.failure !== undefined) throw new DeliveryFailed(this.failure)
        const before = this.versions.get(key) ?? []
        this.versions.set(key, [...before, Buffer.from(body)])
        this.metadata.set(key, metadata)
        fate.step()
      },
    }
  }

  /** Objects that were written in two ways. */
  get contradictions(): readonly string[] {
    return [...this.versions].flatMap(([key, [first, ...others]]) =>
      others.some((other) => !first?.equals(other)) ? [key] : [],
    )
  }

  get logs(): readonly string[] {
    return [...this.versions.keys()].filter((key) => key.includes('_CloudTrail_')).toSorted()
  }

  get digests(): readonly string[] {
    return [...this.versions.keys()].filter((key) => key.includes('-Digest_')).toSorted()
  }

  text(key: string): string {
    const [body] = this.versions.get(key) ?? []
    if (!body) throw new Error(`there is no ${key}`)
    return gunzipSync(body).toString()
  }

  /** The ids of all events in all files, as often as they are there. */
  get eventIds(): readonly string[] {
    return this.logs.flatMap((key) => {
      const { Records } = JSON.parse(this.text(key)) as { Records: { eventID: string }[] }
      return Records.map(({ eventID }) => eventID)
    })
  }
}

const SETTINGS: TrailSettings = {
  bucket: 'audit',
  isMultiRegion: true,
  includesGlobal: true,
  validation: false,
  choices: [{ readWrite: 'All', excludedSources: [] }],
}

export const TRAIL: DeliveryTrail = {
  ...{ account: '111122223333', region: 'us-east-1', name: 'main', id: 'id-of-main' },
  settings: SETTINGS,
  tags: {},
}

const LEASE_MS = 60_000

/** One store, and whoever delivers from it. */
export class Deliveries implements AsyncDisposable {
  readonly bucket = new WatchedBucket()
  readonly clock = new ManualClock()
  readonly metrics = new Metrics()
  readonly store: Store
  readonly keyring: Keyring
  budget: Budget = { rows: 10_000, characters: 16 * 1024 * 1024 }
  #claims = 0

  private constructor(store: Store, keyring: Keyring) {
    this.store = store
    this.keyring = keyring
  }

  static async open(changes: Partial<TrailSettings> = {}): Promise<Deliveries> {
    const made = new Deliveries(await openTestStore(), await testKeyring())
    await made.save(changes)
    await made.store.write(async ({ deliveries, jobs }) => {
      await deliveries.moveState(TRAIL, undefined, { position: { highest: 0, lanes: {} }, pauses: [] })
      await jobs.queue(deliveryJob(TRAIL, { id: systemRandom.uuid(), runAt: made.clock.now() }))
    })
    return made
  }

  async save(changes: Partial<TrailSettings>, more: Partial<DeliveryTrail> = {}): Promise<void> {
    const trail = { ...TRAIL, startedAt: new Date(0), ...more, settings: { ...SETTINGS, ...changes } }
    await this.store.write(({ deliveries }) => deliveries.save(trail))
  }

  /** One run of whoever claims the job, if it is due; answers whether it was and lived. */
  async run(fate = new Fate(), random: Random = systemRandom): Promise<'idle' | 'done' | 'killed'> {
    const job = await this.claim()
    return job ? this.runAs(job, fate, random) : 'idle'
  }

  async claim(): Promise<ClaimedJob | undefined> {
    const claimant = `test/${++this.#claims}`
    const claim = { claimant, now: this.clock.now(), leaseMs: LEASE_MS, kinds: [DELIVER_TRAIL], limit: 1 }
    return (await this.store.write((tx) => tx.jobs.claimDue(claim)))[0]
  }

  async runAs(job: ClaimedJob, fate: Fate, random: Random = systemRandom): Promise<'done' | 'killed'> {
    const { clock, keyring, metrics, bucket, budget } = this
    const rooms = { store: mortal(this.store, fate), clock, keyring, random }
    const doors = {
      ...{ timer: systemTimer, logger: silentLogger, metrics, budget },
      buckets: new Map([['audit', bucket.as(fate)]]),
      regions: ['us-east-1', 'eu-west-1'],
      everyMs: 300_000,
      digestEveryMs: 3_600_000,
    }
    try {
      await deliverTrail(doors)(job, rooms)
      return 'done'
    } catch (error) {
      // The dead do not matter, and neither does who comes second.
      if (error instanceof Killed || (error instanceof Error && error.name === 'ClaimLost')) return 'killed'
      throw error
    }
  }

  /** Runs until nothing is due. */
  async settle(): Promise<void> {
    while ((await this.run()) !== 'idle');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store[Symbol.asyncDispose]()
  }
}

/** The store as a process sees it that may die before or after each of its transactions. */
function mortal(store: Store, fate: Fate): Store {
  return {
    read: store.read,
    openLanes: () => store.openLanes(),
    openTrail: (...key) => store.openTrail(...key),
    record: (entry) => store.record(entry),
    defer: (work) => store.defer(work),
    revision: (topic) => store.revision(topic),
    probe: () => store.probe(),
    async write<T>(work: (tx: Writers) => Promise<T>, lock?: Parameters<Store['write']>[1]): Promise<T> {
      fate.step()
      const value = await store.write(work, lock)
      fate.step()
      return value
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}
