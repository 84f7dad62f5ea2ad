import { expireSubscription as expire } from '../notify/confirmation.ts'
import { inTransaction } from './job.ts'

/** Takes away a subscription that nobody confirmed while it could be, as AWS does after three days. */
export const expireSubscription = inTransaction(async (tx, job, { now }) => {
  await expire(tx, job, now)
  return undefined
})
