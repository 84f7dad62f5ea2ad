import type { BoundPolicy } from '../bound-policy.ts'
import { waiting } from '../replication.ts'
import type {
  Replica,
  Rotation,
  RotationRun,
  SealedValue,
  Secret,
  SecretTags,
  SecretVersion,
  VersionListing,
} from '../secrets.ts'
import type { SqlValue } from './sql.ts'

export interface SecretRow {
  account: string
  region: string
  name: string
  arn: string
  description: string | null
  kms_key_id: string | null
  kms_key_arn: string | null
  labels: string
  tags: string | null
  policy: string | null
  policy_bound: string | null
  policy_principals: string | null
  rotation: string | null
  replicas: string | null
  primary_region: string | null
  created_at: number
  changed_at: number
  accessed_at: number
  deleted_at: number | null
  purge_at: number | null
}

export interface ListedVersion {
  version_id: string
  kind: 'string' | 'binary' | null
  kms_key_arn: string | null
  created_at: number
  accessed_at: number
}

export interface VersionRow extends ListedVersion {
  sealed: Uint8Array | null
  wrapped_key: Uint8Array | null
}

export interface StoredVersion extends VersionRow {
  account: string
  region: string
  arn: string
}

/** What a listing leaves out. */
export const NO_POLICY = { policy: null, policy_bound: null, policy_principals: null }

export function changeable(secret: Secret): readonly SqlValue[] {
  return [
    secret.description ?? null,
    secret.kmsKeyId ?? null,
    secret.kmsKeyArn ?? null,
    JSON.stringify([...secret.labels]),
    secret.tags ? JSON.stringify(secret.tags) : null,
    secret.policy?.document ?? null,
    secret.policy?.bound ?? null,
    secret.policy ? JSON.stringify(secret.policy.principals) : null,
    secret.rotation ? encodeRotation(secret.rotation) : null,
    encodeReplicas(secret.replicas?.map(waiting)),
    secret.primaryRegion ?? null,
    secret.changedAt.getTime(),
    secret.deletedAt?.getTime() ?? null,
    secret.purgeAt?.getTime() ?? null,
  ]
}

export function secretOf(row: SecretRow): Secret {
  return {
    account: row.account,
    region: row.region,
    name: row.name,
    arn: row.arn,
    description: row.description ?? undefined,
    kmsKeyId: row.kms_key_id ?? undefined,
    kmsKeyArn: row.kms_key_arn ?? undefined,
    labels: new Map(JSON.parse(row.labels) as [string, string][]),
    tags: row.tags === null ? undefined : (JSON.parse(row.tags) as SecretTags),
    policy: policyOf(row),
    rotation: row.rotation === null ? undefined : decodeRotation(row.rotation),
    replicas: row.replicas === null ? undefined : (JSON.parse(row.replicas) as readonly Replica[]),
    primaryRegion: row.primary_region ?? undefined,
    createdAt: new Date(row.created_at),
    changedAt: new Date(row.changed_at),
    accessedAt: instant(row.accessed_at),
    deletedAt: instant(row.deleted_at),
    purgeAt: instant(row.purge_at),
  }
}

export function encodeReplicas(replicas: readonly Replica[] | undefined): string | null {
  return replicas?.length ? JSON.stringify(replicas) : null
}

function policyOf({ policy, policy_bound, policy_principals }: typeof NO_POLICY | SecretRow) {
  if (policy === null || policy_bound === null || policy_principals === null) return undefined
  const principals = JSON.parse(policy_principals) as BoundPolicy['principals']
  return { document: policy, bound: policy_bound, principals }
}

export function listingOf(row: ListedVersion): VersionListing {
  const { kind, kms_key_arn, version_id, created_at, accessed_at } = row
  return {
    id: version_id,
    value: kind === null ? undefined : { kind, kmsKeyArn: kms_key_arn ?? undefined },
    createdAt: new Date(created_at),
    accessedAt: instant(accessed_at),
  }
}

export function versionOf(row: VersionRow): SecretVersion {
  const { value, ...listing } = listingOf(row)
  const { sealed, wrapped_key: wrappedKey } = row
  if (!value || sealed === null || wrappedKey === null) return listing
  return { ...listing, value: { ...value, sealed, wrappedKey } }
}

export function storedValue(value: SealedValue | undefined): readonly SqlValue[] {
  return [value?.kind ?? null, value?.sealed ?? null, value?.wrappedKey ?? null, value?.kmsKeyArn ?? null]
}

function instant(milliseconds: number | null): Date | undefined {
  return milliseconds ? new Date(milliseconds) : undefined
}

/** As JSON keeps it: instants are milliseconds since 1970. */
interface StoredRotation extends Omit<Rotation, 'rotatedAt' | 'nextAt' | 'anchorAt' | 'run'> {
  readonly rotatedAt?: number | undefined
  readonly nextAt?: number | undefined
  readonly anchorAt?: number | undefined
  readonly run?: StoredRun | undefined
}

interface StoredRun extends Omit<RotationRun, 'startedAt' | 'retryUntil'> {
  readonly startedAt: number
  readonly retryUntil: number
}

function encodeRotation({ run, ...rotation }: Rotation): string {
  const stored: StoredRotation = {
    ...rotation,
    rotatedAt: rotation.rotatedAt?.getTime(),
    nextAt: rotation.nextAt?.getTime(),
    anchorAt: rotation.anchorAt?.getTime(),
    run: run && { ...run, startedAt: run.startedAt.getTime(), retryUntil: run.retryUntil.getTime() },
  }
  return JSON.stringify(stored)
}

function decodeRotation(text: string): Rotation {
  const { rotatedAt, nextAt, anchorAt, run, ...rest } = JSON.parse(text) as StoredRotation
  return {
    ...rest,
    rotatedAt: instant(rotatedAt ?? null),
    nextAt: instant(nextAt ?? null),
    anchorAt: instant(anchorAt ?? null),
    run: run && { ...run, startedAt: new Date(run.startedAt), retryUntil: new Date(run.retryUntil) },
  }
}
