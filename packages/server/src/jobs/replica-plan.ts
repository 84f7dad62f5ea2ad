import type { Labels, Replica, Rotation, Secret, VersionListing } from '../store/secrets.ts'

/** What a replica lacks, and what it has too much of. */
export interface ReplicaPlan {
  /** Versions to be sealed for the replica, the labelled ones first. */
  readonly seal: readonly SealedNext[]
  /** Versions that the primary has no more. */
  readonly remove: readonly string[]
}

interface SealedNext {
  readonly id: string
  readonly createdAt: Date
  /** The replica has a version of this id that is to go first. */
  readonly isThere: boolean
  readonly accessedAt?: Date | undefined
  /** Without it the replica would have a label on nothing. One without a label that cannot be opened may be left out. */
  readonly isLabelled: boolean
}

/**
 * What must happen to a replica's versions for it to be what its primary is. A version never changes its value; its id
 * may come back with another once it was removed, and is then of another instant.
 */
export function planReplica(
  primary: { readonly labels: Labels; readonly versions: readonly VersionListing[] },
  held: readonly VersionListing[],
  { kmsKeyArn, reseals }: Pick<Replica, 'kmsKeyArn' | 'reseals'>,
): ReplicaPlan {
  const there = new Map(held.map((version) => [version.id, version]))
  const labelled = new Set(primary.labels.values())
  const valued = primary.versions.filter(({ value }) => value)
  const kept = new Set(valued.map(({ id }) => id))
  const seal = valued.flatMap(({ id, createdAt }) => {
    const same = there.get(id)
    const isSame = same?.value !== undefined && same.createdAt.getTime() === createdAt.getTime()
    if (isSame && (!reseals || same.value?.kmsKeyArn === kmsKeyArn)) return []
    const accessedAt = isSame ? same.accessedAt : undefined
    return [{ id, createdAt, accessedAt, isThere: same !== undefined, isLabelled: labelled.has(id) }]
  })
  return {
    seal: [...seal.filter(({ isLabelled }) => isLabelled), ...seal.filter(({ isLabelled }) => !isLabelled)],
    remove: held.filter(({ id }) => !kept.has(id)).map(({ id }) => id),
  }
}

/** The labels that a replica may show: those of versions that have their value. A reserved one is not there yet. */
export function replicaLabels(labels: Labels, versions: readonly VersionListing[]): Labels {
  const valued = new Set(versions.filter(({ value }) => value).map(({ id }) => id))
  return new Map([...labels].filter(([, id]) => valued.has(id)))
}

/** The replica as it is to be, but for its versions. */
export function mirrorOf(
  primary: Secret,
  replica: Replica,
  as: Pick<Secret, 'arn' | 'labels' | 'createdAt'>,
): Secret {
  const { account, name, description, tags, policy, changedAt } = primary
  const rotation = primary.rotation && shownRotation(primary.rotation)
  const { region, kmsKeyId, kmsKeyArn } = replica
  return {
    ...{ account, region, name, description, tags, policy, rotation, changedAt },
    ...{ kmsKeyId, kmsKeyArn, primaryRegion: primary.region },
    ...{ arn: as.arn, labels: as.labels, createdAt: as.createdAt },
  }
}

/** What a secret that has the replica's name already means for it. */
export type Standing = 'free' | 'replica' | 'replaced' | 'taken'

export function standingOf(
  found: Secret | undefined,
  expected: { readonly isReplica: boolean; readonly overwrites: boolean; readonly now: Date },
): Standing {
  if (!found) return 'free'
  if (expected.isReplica) return 'replica'
  if (found.purgeAt !== undefined && found.purgeAt <= expected.now) return 'replaced'
  // Another primary's replica is that primary's to end, and a primary's replicas would lose theirs.
  const isBound = found.primaryRegion !== undefined || found.replicas !== undefined
  return expected.overwrites && !isBound ? 'replaced' : 'taken'
}

/** What DescribeSecret shows of a rotation. Whatever else is kept of it is for those who rotate, at the primary. */
function shownRotation({ enabled, lambdaArn, rules, rotatedAt, nextAt }: Rotation): Rotation {
  return { enabled, lambdaArn, rules, rotatedAt, nextAt }
}
