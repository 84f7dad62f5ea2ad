import type { Labelled } from '@lockstep/workers/rotation/ssh-key-pair/plan'
import type { NodeTold } from './nodes.ts'
import { tableLines } from './table.ts'

/** How a command of the rotation went on one node, as Systems Manager tells it. */
export interface InvocationTold {
  readonly nodeId: string
  readonly status: string
  readonly details: string
  /** What the script said of a failure. */
  readonly said: string | undefined
}

/** What is known of a rotation's commands, the newest first. */
export interface CommandsTold {
  readonly added: readonly InvocationTold[]
  readonly removed: readonly InvocationTold[]
}

/**
 * `waiting`: nothing has come to it. `staging`: the new key is on its way. `staged`: it has the new key beside the old.
 * `retiring`: the old key is on its way out. `done`: it has the current key, and lost the old one. `failed`: it was there and
 * could not. `away`: its agent is not connected.
 */
type NodePhase = 'waiting' | 'staging' | 'staged' | 'retiring' | 'done' | 'failed' | 'away'

export interface NodeStanding {
  readonly id: string
  readonly name: string
  readonly phase: NodePhase
  /** In words; empty where there is nothing to say. */
  readonly why: string
  /** Whether the rotation waits for it. */
  readonly holdsUp: boolean
}

export interface SshRotation {
  readonly nodes: readonly NodeStanding[]
  readonly association: string | undefined
}

/** Where each node stands in the rotation to the pending version, or stood in the last one. */
export function nodeStandings(
  labels: Pick<Labelled, 'current' | 'pending'>,
  nodes: readonly NodeTold[],
  { added, removed }: CommandsTold,
): readonly NodeStanding[] {
  const isOver = labels.pending === undefined || labels.pending === labels.current
  return nodes.map(({ id, name, ping }) => {
    const add = added.find(({ nodeId }) => nodeId === id)
    const remove = isOver ? removed.find(({ nodeId }) => nodeId === id) : undefined
    const [phase, why] = phaseOf({ add, remove, isOver, isOnline: ping === 'Online' })
    const isHeld = phase === 'failed' || phase === 'away' || phase === 'waiting' || phase === 'staging'
    return { id, name, phase, why, holdsUp: !isOver && isHeld }
  })
}

interface Seen {
  readonly add: InvocationTold | undefined
  readonly remove: InvocationTold | undefined
  readonly isOver: boolean
  readonly isOnline: boolean
}

function phaseOf({ add, remove, isOver, isOnline }: Seen): readonly [NodePhase, string] {
  const away = 'its agent is not connected'
  if (remove?.status === 'Success') return ['done', '']
  if (remove && isOpen(remove))
    return isOnline ? ['retiring', ''] : ['away', `${away}; it still has the old key`]
  if (remove) return ['failed', `the old key was not removed: ${reasonOf(remove)}`]
  if (add?.status === 'Success') return isOver ? ['done', ''] : ['staged', '']
  if (!isOnline) return ['away', isOver ? `${away}; it gets the current key when it returns` : away]
  if (add && isOpen(add)) return ['staging', add.details]
  if (add && !(isOver && UNTAKEN.includes(add.details))) return ['failed', reasonOf(add)]
  return isOver ? ['done', 'by the association'] : ['waiting', 'nothing has been sent to it yet']
}

/** What becomes of a command that a node did not take while it was away; the association has come to it since. */
const UNTAKEN: readonly string[] = ['Cancelled', 'DeliveryTimedOut', 'Undeliverable', 'Terminated']

function isOpen({ status }: InvocationTold): boolean {
  return !['Success', 'Cancelled', 'Failed', 'TimedOut'].includes(status)
}

function reasonOf({ details, said }: InvocationTold): string {
  return said === undefined ? details : `${details}, ${said}`
}

export function sshRotationLines({ nodes, association }: SshRotation): readonly string[] {
  if (nodes.length === 0) return ['', 'No node has the tag: a rotation fails until one has.']
  const rows = nodes.map(({ id, name, phase, why }) => [id, name, phase, why])
  const held = nodes.filter(({ holdsUp }) => holdsUp)
  const named = held.map(({ id, name, why, phase }) => `${name || id} (${why || phase})`).join(', ')
  return [
    '',
    ...tableLines(['NODE', 'NAME', 'PHASE', ''], rows),
    ...(held.length === 0 ? [] : ['', `Held up by ${named}.`]),
    ...(association === undefined ? [] : ['', `Association: ${association}`]),
  ]
}
