/** A version as ListSecretVersionIds tells it. */
export interface VersionTold {
  readonly id: string
  readonly labels: readonly string[]
  readonly createdAt?: string | undefined
}

/** An event of a rotation as CloudTrail tells it. */
export interface RotationEvent {
  readonly at: string
  readonly name: string
  /** Amazon's own events have fewer of these members. */
  readonly data: {
    /** The ARN. */
    readonly SecretId?: string
    readonly VersionId?: string
    readonly Step?: string
    readonly Attempt?: number
    readonly Reason?: string
    readonly ErrorType?: string
    readonly ErrorMessage?: string
    readonly NextAttemptAt?: string
  }
}

/** What is asked of the endpoint. */
export interface Told {
  readonly name: string
  readonly arn: string
  readonly enabled: boolean
  readonly isDeleted: boolean
  readonly function?: string | undefined
  readonly schedule?: string | undefined
  readonly lastRotatedAt?: string | undefined
  readonly nextRotationBy?: string | undefined
  readonly versions: readonly VersionTold[]
  /** The newest first. */
  readonly events: readonly RotationEvent[]
}

/**
 * `off`: it rotates only when somebody asks. `idle`: nothing to do until the next window. `rotating`: a step is under
 * way. `retrying`: the last attempt failed, another comes. `failed`: the last attempt failed and none comes before the
 * next window. `stuck`: AWSPENDING is on a version that nothing works on. `deleting`: the secret is to be deleted.
 */
type RotationState = 'off' | 'idle' | 'rotating' | 'retrying' | 'failed' | 'stuck' | 'deleting'

export interface RotationStatus extends Omit<Told, 'events' | 'isDeleted'> {
  readonly state: RotationState
  readonly pendingVersion?: string | undefined
  readonly step?: string | undefined
  readonly attempts?: number | undefined
  readonly lastError?: string | undefined
  readonly lastErrorAt?: string | undefined
  readonly nextAttemptAt?: string | undefined
  /** The promised date is over. */
  readonly isOverdue: boolean
}

/** Before events are to be found: the first is written when the step begins, and Amazon takes minutes to show one. */
const UNHEARD_MS = 300_000

/** The version that a rotation is making. */
export function pendingIn(versions: readonly VersionTold[]): VersionTold | undefined {
  return versions.find(({ labels }) => labels.includes('AWSPENDING') && !labels.includes('AWSCURRENT'))
}

/** Where a secret's rotation stands, by what any Secrets Manager and CloudTrail tell. */
export function rotationStatus({ events, isDeleted, ...told }: Told, now: Date): RotationStatus {
  const version = pendingIn(told.versions)
  const pending = version?.id
  const last = events.find(({ name, data }) => !name.startsWith('Test') && isAbout(data.VersionId, pending))
  const failure = pending === undefined ? undefined : lastFailure(events, pending)
  const isNew = now.getTime() - new Date(version?.createdAt ?? 0).getTime() < UNHEARD_MS
  const state = stateOf({ ...told, isDeleted, pending, isNew, last })
  return {
    ...told,
    state,
    pendingVersion: pending,
    ...(pending === undefined ? {} : { step: last?.data.Step, attempts: last?.data.Attempt }),
    lastError: failure && saidOf(failure.data),
    lastErrorAt: failure?.at,
    nextAttemptAt: state === 'retrying' ? last?.data.NextAttemptAt : undefined,
    isOverdue: told.nextRotationBy !== undefined && new Date(told.nextRotationBy) < now,
  }
}

function saidOf({ Reason, ErrorType, ErrorMessage }: RotationEvent['data']): string {
  return [Reason, ErrorType, ErrorMessage].filter(Boolean).join(': ')
}

/** Whether an event may be about the pending version: Amazon's do not say which one they are about. */
function isAbout(version: string | undefined, pending: string | undefined): boolean {
  return version === undefined || pending === undefined || version === pending
}

function lastFailure(events: readonly RotationEvent[], pending: string): RotationEvent | undefined {
  const since = events.findIndex(({ name }) => name === 'RotationSucceeded' || name === 'RotationAbandoned')
  return events
    .slice(0, since < 0 ? undefined : since)
    .find(({ name, data }) => name === 'RotationFailed' && isAbout(data.VersionId, pending))
}

interface Standing extends Pick<Told, 'enabled' | 'isDeleted'> {
  readonly pending: string | undefined
  readonly isNew: boolean
  readonly last: RotationEvent | undefined
}

function stateOf({ enabled, isDeleted, pending, isNew, last }: Standing): RotationState {
  if (isDeleted) return 'deleting'
  if (pending === undefined) return enabled ? 'idle' : 'off'
  if (!enabled) return 'stuck'
  switch (last?.name) {
    case 'RotationStarted':
      return 'rotating'
    case 'RotationFailed':
      return last.data.NextAttemptAt === undefined ? 'failed' : 'retrying'
    case 'RotationAbandoned':
      return 'stuck'
    default:
      return isNew ? 'rotating' : 'stuck'
  }
}

/** The status as a person reads it: a line each, the names in a column of their own. */
export function statusLines(status: RotationStatus): readonly string[] {
  const { attempts, isOverdue, nextRotationBy } = status
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['Secret', status.name],
    ['State', status.state],
    ['Step', status.step],
    ['Attempts', attempts?.toString()],
    ['Last error', status.lastError && `${status.lastError}, at ${status.lastErrorAt}`],
    ['Next attempt', status.nextAttemptAt],
    ['Schedule', status.schedule ?? 'none'],
    ['Next rotation by', nextRotationBy && `${nextRotationBy}${isOverdue ? ' (overdue)' : ''}`],
    ['Last rotated', status.lastRotatedAt ?? 'never'],
    ['Function', status.function ?? 'none'],
    ...status.versions.map(({ id, labels }) => [labels.join(', '), id] as const),
  ]
  const shown = rows.filter(([, value]) => value)
  const width = Math.max(...shown.map(([name]) => name.length))
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
}
