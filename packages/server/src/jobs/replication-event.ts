import type { Random } from '../platform/random.ts'
import type { Secret } from '../store/secrets.ts'
import type { TrailEntry } from '../store/trail.ts'
import { serviceTrailEntry } from '../trail/event.ts'
import { newEventId } from '../trail/event-id.ts'

/** @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html */
export type ReplicationEvent = 'ReplicationStarted' | 'ReplicationSucceeded' | 'ReplicationFailed'

const SECRET_TYPE = 'AWS::SecretsManager::Secret'

/** What Secrets Manager did about one replica, for the trail of the primary's region. */
export function replicationEvent(
  name: ReplicationEvent,
  { account, region, arn }: Secret,
  replica: { readonly arn: string; readonly region: string; readonly message?: string | undefined },
  { now, random }: { readonly now: Date; readonly random: Random },
): TrailEntry {
  return serviceTrailEntry({
    account,
    region,
    eventId: newEventId(now, random),
    at: now,
    source: 'secretsmanager.amazonaws.com',
    name,
    resources: [arn, replica.arn].map((touched) => ({ account, arn: touched, type: SECRET_TYPE })),
    additional: {
      SecretId: arn,
      ReplicaRegion: replica.region,
      ...(replica.message !== undefined && { StatusMessage: replica.message }),
    },
  })
}
