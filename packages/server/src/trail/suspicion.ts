import type { TrailRow } from '../store/trail.ts'
import type { Fault, Finding } from './verdict.ts'

/** Something is wrong. */
export interface Suspicion {
  finding: Finding
  /** Present: a later event may tell more exactly what, and changes {@link finding}. */
  consider?(row: TrailRow): void
}

export function eventFault(what: Fault, { lane, number, eventId }: TrailRow, why: string): Suspicion {
  return { finding: { kind: 'event', what, lane, number, eventId, why } }
}

export function checkpointFault(what: Fault, sequence: number, why: string): Suspicion {
  return { finding: { kind: 'checkpoint', what, sequence, why } }
}

export function keyFault(what: Fault, why: string): Suspicion {
  return { finding: { kind: 'key', what, why } }
}

export function fileFault(what: Fault, why: string, line?: number): Suspicion {
  const finding: Finding = { kind: 'file', what, why, ...(line !== undefined && { line }) }
  return { finding }
}

export function startFault(what: Fault, why: string): Suspicion {
  return { finding: { kind: 'start', what, why } }
}
