import type { Config } from '../config.ts'
import type { Health } from '../health.ts'
import { deliverTrail } from '../jobs/deliver-trail.ts'
import type { RunJob } from '../jobs/job.ts'
import type { Keyring } from '../keyring/keyring.ts'
import type { Store } from '../store/store.ts'
import { openBuckets } from '../trail/delivery/bucket-setting.ts'
import { openTrail } from '../trail/open.ts'
import { SEAL_INTERVAL_MS, Sealer } from '../trail/sealer.ts'
import type { Doors } from './doors.ts'
import { repeat } from './repeat.ts'

interface TrailParts {
  readonly store: Store
  readonly keyring: Keyring
  readonly health: Health
  readonly parts: AsyncDisposableStack
}

/** Opens the trail, seals it once a second from then on, and a last time when the house is closed. */
export async function openSealer(
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

/** The job that brings the trail's files to the buckets of the configuration. */
export function trailDelivery(config: Config, { clock, random, timer, logger, metrics }: Doors): RunJob {
  return deliverTrail({
    ...{ timer, logger, metrics, regions: config.regions },
    buckets: openBuckets(config.trailBuckets, { clock, random, keys: config.trailKeys }),
    everyMs: config.trailDeliveryMs,
    digestEveryMs: config.trailDigestMs,
  })
}
