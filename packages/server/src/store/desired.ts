import type { Place } from './store.ts'

/** What a node was last told to be kept at. */
export interface DesiredRow {
  /** Grows with each change, and never comes back: nodes refuse lower ones. */
  readonly generation: number
  /** Of the associations, SHA-256 in hexadecimal. */
  readonly digest: string
}

export interface DesiredReader {
  /** By the node's `mi-` id; those that were never told anything are not among them. */
  ofNodes(place: Place, ids: readonly string[]): Promise<ReadonlyMap<string, DesiredRow>>
}

export interface DesiredWriter extends DesiredReader {
  /** Notes what a node is told now, and answers its generation: the next one where the digest is another. */
  note(place: Place, id: string, digest: string): Promise<number>
}
