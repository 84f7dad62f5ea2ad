import type { Bus } from '../bus/bus.ts'
import type { Logger } from '../platform/logger.ts'
import type { Random } from '../platform/random.ts'
import type { Place } from '../store/store.ts'
import { StoreUnavailable } from '../store/unavailable.ts'
import { asAwsError } from './answer.ts'
import type { Call } from './call.ts'
import { entriesOf } from './entries.ts'
import { serviceUnavailable } from './errors.ts'
import type { Step } from './step.ts'

export interface Recorder {
  readonly bus: Bus
  readonly random: Random
  readonly logger: Logger
  readonly home: Place
}

/**
 * The trail: exactly one event per call, whatever its end, durable before the answer leaves; and its copy for the
 * owner where another account's resource was used.
 * A change's event was committed with the change (transact.ts); all others are written here.
 * If the trail cannot be written, the answer is an error, not the secret.
 */
export function record({ bus, random, logger, home }: Recorder): Step<Call, Call> {
  async function write(call: Call): Promise<void> {
    if (call.facts.recorded || call.facts.summed) return
    try {
      await Promise.all(entriesOf(call, home, random).map((entry) => bus.record(entry)))
    } catch (error) {
      const { requestId } = call.received
      if (error instanceof StoreUnavailable) throw asAwsError(error, requestId, logger)
      logger.error('trail.unwritable', { requestId, error })
      throw serviceUnavailable()
    }
  }

  return async (call, next) => {
    let output: object
    try {
      output = await next(call)
    } catch (error) {
      call.facts.error = asAwsError(error, call.received.requestId, logger)
      await write(call)
      throw call.facts.error
    }
    await write(call)
    return output
  }
}
