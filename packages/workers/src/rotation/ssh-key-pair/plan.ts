/** What a rotation of SSH keys decides, of nothing but what it has seen. */
import type { OfflinePolicy } from './settings.ts'

/** How one node stands after it was to do something, or after a login. */
export interface Standing {
  readonly nodeId: string
  /**
   * `ok`: it has the key, or let the key in. `failed`: it was there and did not. `away`: nobody was there to ask.
   */
  readonly is: 'ok' | 'failed' | 'away'
  /** In words that may be logged; empty for `ok`. */
  readonly why: string
  /** Whether its agent was connected, by Systems Manager's word. */
  readonly isOnline: boolean
}

export type Verdict =
  /** `owed`: nodes that are to follow when they return. */
  { readonly go: true; readonly owed: readonly Standing[] } | { readonly go: false; readonly reason: string }

/** Whether a rotation goes on to its next step. */
export function judge(policy: OfflinePolicy, standings: readonly Standing[]): Verdict {
  if (standings.length === 0) return { go: false, reason: 'There is no node with the tag.' }
  const failed = standings.filter(({ is }) => is === 'failed')
  const away = standings.filter(({ is }) => is === 'away')
  const ok = standings.length - failed.length - away.length
  if (failed.length > 0) return { go: false, reason: naming(failed) }
  if (away.length > 0 && (policy.name === 'wait' || policy.name === 'abort')) {
    return { go: false, reason: naming(away) }
  }
  const needed = policy.name === 'quorum' ? Math.ceil((standings.length * policy.percent) / 100) : 1
  if (ok < Math.max(needed, 1)) {
    return { go: false, reason: `${ok} of the ${needed} nodes that are needed have the key. ${naming(away)}` }
  }
  return { go: true, owed: away }
}

/** A log line is no list of a thousand nodes. */
const NAMED_NODES = 20

export function naming(standings: readonly Standing[]): string {
  const named = standings.slice(0, NAMED_NODES).map(({ nodeId, why }) => `${nodeId} (${why})`)
  const more = standings.length - named.length
  return `${standings.length} node(s): ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`
}

/** Version ids by their label. */
export interface Labelled {
  readonly current: string | undefined
  readonly previous: string | undefined
  readonly pending: string | undefined
}

export function labelled(stages: ReadonlyMap<string, readonly string[]>): Labelled {
  const holder = (stage: string) => [...stages].find(([, held]) => held.includes(stage))?.[0]
  return {
    current: holder('AWSCURRENT'),
    previous: holder('AWSPREVIOUS'),
    pending: holder('AWSPENDING'),
  }
}

/** Which tokens' keys a node is to have, and which it is to have no longer. Any other line is none of ours. */
export interface Wanted {
  readonly present: readonly string[]
  readonly absent: readonly string[]
}

/**
 * While the pending key is brought out and until it is retired from: the current and the pending one. The previous one
 * is left where it is, because readers may have had it until a moment ago. What else the secret ever had goes.
 */
export function whileStaging(labels: Labelled, pending: string, known: ReadonlySet<string>): Wanted {
  const present = [...new Set([labels.current, pending].filter((id) => id !== undefined))]
  const kept = new Set([...present, labels.previous])
  return { present, absent: [...known].filter((id) => !kept.has(id)) }
}

/** Once the readers of any other key are gone. */
export function afterDraining(current: string, known: ReadonlySet<string>): Wanted {
  return { present: [current], absent: [...known].filter((id) => id !== current) }
}

/** Where the old keys may go. */
export interface Retirement {
  /** Nodes that have let the new key in. */
  readonly nodeIds: readonly string[]
  /**
   * Whether the association, which reaches every node, may take the old keys away too. Not while a node that is
   * there does not let the new key in: the old one may be all that it has. A node that is away gets both at once.
   */
  readonly everywhere: boolean
  readonly owed: readonly Standing[]
}

export function retirement(standings: readonly Standing[]): Retirement {
  const owed = standings.filter(({ is }) => is !== 'ok')
  return {
    nodeIds: standings.filter(({ is }) => is === 'ok').map(({ nodeId }) => nodeId),
    everywhere: !owed.some(({ is, isOnline }) => is === 'failed' || isOnline),
    owed,
  }
}

/** Whether a drain ends in the time that is left, with enough after it for what follows. */
export function fits(drainSeconds: number, remainingMs: number): boolean {
  return drainSeconds * 1000 + AFTER_DRAIN_MS <= remainingMs
}

/** For the command that removes keys, and for its report. */
export const AFTER_DRAIN_MS = 60_000
