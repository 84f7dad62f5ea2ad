import type { Labels, Secret, VersionListing } from '../store/secrets.ts'
import type { Writers } from '../store/store.ts'

/** @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
const MAX_VERSIONS = 100

/** How long a version is kept after its creation even without a label, in milliseconds: AWS's 24 hours. */
export const MIN_VERSION_AGE_MS = 24 * 60 * 60 * 1000

/**
 * The ids of the versions that must go before another one is added: the oldest without a label, as many as
 * are over the quota. Those younger than a day stay; undefined where that leaves no room.
 */
export function versionsToPurge(
  versions: readonly VersionListing[],
  labels: Labels,
  now: Date,
): readonly string[] | undefined {
  const surplus = versions.length + 1 - MAX_VERSIONS
  if (surplus <= 0) return []
  const labelled = new Set(labels.values())
  const removable = versions
    .filter(
      ({ id, createdAt }) => !labelled.has(id) && now.getTime() - createdAt.getTime() > MIN_VERSION_AGE_MS,
    )
    .toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime())
  return removable.length < surplus ? undefined : removable.slice(0, surplus).map(({ id }) => id)
}

/** Makes room for one more version of a secret. Answers whether there is. */
export async function makeRoom(
  tx: Writers,
  secret: Secret,
  { labels, now }: { readonly labels: Labels; readonly now: Date },
): Promise<boolean> {
  const spare = versionsToPurge(await tx.secrets.versions(secret, secret.arn), labels, now)
  for (const id of spare ?? []) await tx.secrets.removeVersion(secret, secret.arn, id)
  return spare !== undefined
}
