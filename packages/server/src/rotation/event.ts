import type { Random } from '../platform/random.ts'
import type { RotationRun, Secret } from '../store/secrets.ts'
import type { TrailEntry } from '../store/trail.ts'
import { serviceTrailEntry } from '../trail/event.ts'
import { newEventId } from '../trail/event-id.ts'

/**
 * CloudTrail's names for what happens to a rotation. Those of a test begin with `Test`.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html
 */
type Happening = 'RotationStarted' | 'RotationSucceeded' | 'RotationFailed' | 'RotationAbandoned'

/** Why an attempt failed, in our own words: what a handler says could hold a value. */
export type FailureReason =
  | 'NotInvocable'
  | 'Throttled'
  | 'TimedOut'
  | 'Exited'
  | 'Threw'
  | 'CurrentNotMoved'
  | 'Interrupted'
  | 'InternalFailure'
  | 'PendingElsewhere'
  | 'TooManyVersions'

interface Told {
  readonly Reason?: FailureReason | undefined
  readonly ErrorType?: string | undefined
  readonly ErrorMessage?: string | undefined
  readonly NextAttemptAt?: string | undefined
}

/** The event of what happened to a secret's rotation. */
export function rotationEvent(
  happening: Happening,
  secret: Secret,
  run: RotationRun | undefined,
  { now, random, told = {} }: { readonly now: Date; readonly random: Random; readonly told?: Told },
): TrailEntry {
  const { account, region, arn } = secret
  return serviceTrailEntry({
    account,
    region,
    eventId: newEventId(now, random),
    at: now,
    source: 'secretsmanager.amazonaws.com',
    name: run?.kind === 'test' && happening !== 'RotationAbandoned' ? `Test${happening}` : happening,
    resources: [{ account, arn, type: 'AWS::SecretsManager::Secret' }],
    additional: {
      SecretId: arn,
      ...(run && { VersionId: run.versionId, Step: run.step, Attempt: run.attempts }),
      ...told,
    },
  })
}
