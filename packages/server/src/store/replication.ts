import type { NewJob } from './jobs.ts'
import type { Replica, Secret } from './secrets.ts'

/**
 * The kind of job that brings one replica of a secret to what its primary is now. It lies in the primary's place; its
 * key is the replica's ARN. {@link SecretWriter.update} queues it.
 */
export const REPLICATE_SECRET = 'replicate-secret'

type Replicated = Pick<Secret, 'account' | 'region' | 'arn'>

/** The ARN that a secret has in another region: the same name, the same six characters. */
export function arnIn(arn: string, region: string): string {
  const parts = arn.split(':')
  parts[3] = region
  return parts.join(':')
}

/** The region in an ARN. */
export function regionOf(arn: string): string {
  return arn.split(':')[3] ?? ''
}

/** The job that a replica waits for. */
export function replicationJob(primary: Replicated, region: string, runAt: Date): NewJob {
  const { account, region: from, arn } = primary
  const key = arnIn(arn, region)
  // One id for all runs: claimants differ, and a job that is queued again loses its claim.
  return { account, region: from, kind: REPLICATE_SECRET, key, id: key, runAt, payload: {} }
}

/** A replica that waits to be brought up to date. */
export function waiting({ statusMessage: _, ...replica }: Replica): Replica {
  return { ...replica, status: 'InProgress' }
}

/** What tells a primary and a replica from other secrets. */
export type MaybeReplicated = Partial<Pick<Secret, 'region' | 'primaryRegion' | 'replicas'>>

/** Where the primary is of a secret that has replicas or is one; nothing for any other. */
export function primaryRegionOf({ region, primaryRegion, replicas }: MaybeReplicated): string | undefined {
  return primaryRegion ?? (replicas && region)
}

/** Whether `found` is the replica of `primary`, and no other secret of its name. */
export function isReplicaOf(primary: Replicated, found: Secret): boolean {
  return found.primaryRegion === primary.region && found.arn === arnIn(primary.arn, found.region)
}
