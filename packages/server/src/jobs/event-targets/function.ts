import { newEventJob } from '../../functions/event-job.ts'
import { findFunction } from '../../functions/find-function.ts'
import { isJson } from '../../platform/is-json.ts'
import type { Writers } from '../../store/store.ts'
import type { JobRooms } from '../job.ts'
import { DeliveryRefused } from './delivery-refused.ts'
import { demandAdmitted, type EventMessage } from './message.ts'

/**
 * Has a function run with the message soon, as an invocation for which nobody waits: queued in the transaction that
 * ends the delivery, once and not twice. What becomes of it then is the function's matter, as in AWS.
 *
 * @throws DeliveryRefused
 */
export async function deliverToFunction(
  tx: Writers,
  message: EventMessage,
  rooms: Pick<JobRooms, 'keyring' | 'random' | 'clock'>,
): Promise<void> {
  const { target, text } = message
  const found = await findFunction(tx.functions, target, target.partition, target.name)
  if (!found) throw new DeliveryRefused('RESOURCE_NOT_FOUND')
  demandAdmitted(found.policy?.bound, { action: 'lambda:InvokeFunction', arn: found.arn }, message)
  // A template of several lines makes texts that no function can read.
  if (!isJson(text)) throw new DeliveryRefused('INVALID_JSON')
  await tx.jobs.queue(newEventJob(rooms, found, new TextEncoder().encode(text)))
}
