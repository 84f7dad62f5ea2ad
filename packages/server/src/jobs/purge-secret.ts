import { serviceTrailEntry } from '../trail/event.ts'
import { newEventId } from '../trail/event-id.ts'
import { inTransaction } from './job.ts'

/**
 * Removes a secret whose recovery window is over.
 *
 * DIVERGENCE: AWS records the end of the window for each version; we record it once, for the secret.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html
 */
export const purgeSecret = inTransaction(
  async (tx, job, { random, now }) => {
    const { account, region, key: arn } = job
    if (!(await tx.secrets.purge(job, arn, now))) return undefined
    return serviceTrailEntry({
      account,
      region,
      eventId: newEventId(now, random),
      at: now,
      source: 'secretsmanager.amazonaws.com',
      name: 'EndSecretVersionDelete',
      resources: [{ account, arn, type: 'AWS::SecretsManager::Secret' }],
      additional: { SecretId: arn },
    })
  },
  { row: (tx, job) => tx.secrets.byArn(job, job.key) },
)
