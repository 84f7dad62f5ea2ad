import type { KeyObject } from 'node:crypto'
import type { Frame, FrameBody } from '@lockstep/wire'
import { isSignedBy } from './identity.ts'

/** Why a frame is not obeyed. */
export type Refusal = 'malformed' | 'forged' | 'foreign' | 'late' | 'outdated' | 'unknown'

/** What the node knows when a frame comes in. */
export interface Known {
  readonly serverKey: KeyObject
  readonly node: string
  readonly now: Date
  /** Of the desired state that is held. */
  readonly generation: number
}

/**
 * What the server says in one line of its answer, or why it is not obeyed: nobody but the pinned key's holder
 * commands a node, each command is for one node, is begun in time or never; and no desired state comes back after a
 * later one. That each runs once is the ledger's to know.
 */
export function openFrame(line: string, known: Known): FrameBody | Refusal {
  const frame = parse(line)
  if (!isFrame(frame)) return 'malformed'
  // Before anything in it is looked at.
  if (!isSignedBy(known.serverKey, frame.body, frame.signature)) return 'forged'
  const body = parse(frame.body) as FrameBody // the server's own, as its signature says
  if (body.node !== known.node) return 'foreign'
  switch (body.kind) {
    case 'command':
      return new Date(body.command.notAfter) > known.now ? body : 'late'
    case 'desired':
      return body.desired.generation < known.generation ? 'outdated' : body
    case 'ping':
    case 'cancel':
      return body
    default:
      return unknownKind(body)
  }
}

/** A server that is newer than the agent may say what this one does not understand. */
function unknownKind(_body: never): Refusal {
  return 'unknown'
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isFrame(value: unknown): value is Frame {
  if (typeof value !== 'object' || value === null) return false
  return (
    'body' in value &&
    typeof value.body === 'string' &&
    'signature' in value &&
    typeof value.signature === 'string'
  )
}
