import { CURRENT, type Labels, PENDING } from '../../store/secrets.ts'

export { CURRENT, PENDING }

/** The last known good version: the one that was current before. */
export const PREVIOUS = 'AWSPREVIOUS'

/**
 * Staging labels on all versions of one secret together.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
 */
export const MAX_LABELS = 20

/**
 * Attaches `label` to version `to`, taking it from whichever version holds it. When AWSCURRENT moves, the
 * version it leaves becomes AWSPREVIOUS and is no longer AWSPENDING; no other label moves AWSPREVIOUS.
 */
export function moveLabel(labels: Labels, label: string, to: string): Labels {
  const from = labels.get(label)
  if (from === to) return labels
  const moved = new Map(labels).set(label, to)
  if (label === CURRENT && from !== undefined) {
    moved.set(PREVIOUS, from)
    if (moved.get(PENDING) === from) moved.delete(PENDING)
  }
  return moved
}

/** Takes `label` off whichever version holds it. */
export function removeLabel(labels: Labels, label: string): Labels {
  const left = new Map(labels)
  left.delete(label)
  return left
}

/**
 * Attaches the labels of a new version. AWSCURRENT goes last: where AWSPREVIOUS is asked for as well, it
 * follows AWSCURRENT, as always.
 */
export function attachLabels(labels: Labels, wanted: readonly string[], to: string): Labels {
  const others = wanted.filter((label) => label !== CURRENT)
  const attached = others.reduce((held, label) => moveLabel(held, label, to), labels)
  return wanted.includes(CURRENT) ? moveLabel(attached, CURRENT, to) : attached
}

/** The labels on one version. */
export function labelsOf(labels: Labels, versionId: string): string[] {
  return [...labels].filter(([, holder]) => holder === versionId).map(([label]) => label)
}

/** Version id -> its labels, for the versions that have one; nothing for a secret without labels. */
export function versionsToStages(labels: Labels): Record<string, string[]> | undefined {
  if (labels.size === 0) return undefined
  return Object.fromEntries([...new Set(labels.values())].map((id) => [id, labelsOf(labels, id)]))
}
