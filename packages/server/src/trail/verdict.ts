/** What can be wrong with a trail. */
export type Fault =
  /** The thing is there, but not as it was written. */
  | 'changed'
  /** It is gone, and what came after it is there. */
  | 'missing'
  /** It is there in another place, or twice. */
  | 'moved'
  /** It is gone, and so is everything after it. */
  | 'cut-off'
  /** It was written by somebody without the key. */
  | 'forged'
  /** It is not of a form that Lockstep writes. */
  | 'unreadable'

/** The first thing that is wrong. `why` is a sentence for people. */
export type Finding =
  | {
      readonly kind: 'event'
      readonly what: Fault
      readonly lane: number
      readonly number: number
      /** Of the event that is found in that place; absent where there is none. */
      readonly eventId?: string
      readonly why: string
    }
  /** Without the trail key only the checkpoint tells that one of its events is wrong, not which. */
  | {
      readonly kind: 'events'
      readonly what: Fault
      readonly checkpoint: number
      readonly lanes: readonly { readonly lane: number; readonly from: number; readonly upTo: number }[]
      readonly why: string
    }
  | { readonly kind: 'checkpoint'; readonly what: Fault; readonly sequence: number; readonly why: string }
  /** Where a pruned trail says that it starts. */
  | { readonly kind: 'start'; readonly what: Fault; readonly why: string }
  /** The key that the trail says it is signed with. */
  | { readonly kind: 'key'; readonly what: Fault; readonly why: string }
  /** The export itself; `line` counts from 1. */
  | { readonly kind: 'file'; readonly what: Fault; readonly line?: number; readonly why: string }

/** What was looked at. */
export interface Extent {
  readonly events: number
  /** Events after the last checkpoint: no signature covers them yet. */
  readonly unsealed: number
  readonly checkpoints: number
  /** Present: what lies before this checkpoint was exported and removed, by somebody with the signing key. */
  readonly start?: { readonly sequence: number; readonly at: string; readonly prunedAt: string }
  readonly lastCheckpoint?: { readonly sequence: number; readonly at: string }
  /** Whether the trail key was at hand, so that every MAC was recomputed. */
  readonly macs: boolean
  /**
   * `given`: the caller vouches for the public key. `carried`: it came with the trail, so the signatures show
   * only that the trail agrees with itself.
   */
  readonly publicKey: 'given' | 'carried' | 'none'
  /** How many checkpoints from outside were compared: not those from before the start. */
  readonly witnesses: number
}

export type Verdict =
  | ({ readonly kind: 'intact' } & Extent)
  | ({ readonly kind: 'broken'; readonly finding: Finding } & Extent)

/** One line that says what was found. */
export function describeFinding(finding: Finding): string {
  const { what, why } = finding
  switch (finding.kind) {
    case 'event': {
      const { lane, number, eventId } = finding
      return `lane ${lane}, event ${number}${eventId ? ` (${eventId})` : ''}: ${what}. ${why}`
    }
    case 'events': {
      const ranges = finding.lanes.map(({ lane, from, upTo }) => `lane ${lane}, events ${from} to ${upTo}`)
      return `one of ${ranges.join('; ')}: ${what}. ${why}`
    }
    case 'checkpoint':
      return `checkpoint ${finding.sequence}: ${what}. ${why}`
    case 'start':
      return `start of the trail: ${what}. ${why}`
    case 'key':
      return `public key: ${what}. ${why}`
    case 'file':
      return `${finding.line === undefined ? 'file' : `line ${finding.line}`}: ${what}. ${why}`
  }
}
