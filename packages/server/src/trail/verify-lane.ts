import type { KeyObject } from 'node:crypto'
import type { TrailRow } from '../store/trail.ts'
import type { LanePosition } from './checkpoint.ts'
import { digestOf, macOf, NO_MAC } from './lane.ts'
import type { Suspicion } from './suspicion.ts'
import type { Fault } from './verdict.ts'

/** Follows one lane from its first event on, or from where a pruned trail starts. */
export class LaneVerifier {
  readonly #lane: number
  readonly #key: KeyObject | undefined
  #number: number
  #mac: Uint8Array
  /** The last number before the checkpoint that is being read. */
  #sealed: number

  /** @param key Absent: MACs are not checked. @param before What was pruned of the lane. */
  constructor(lane: number, key?: KeyObject, before?: LanePosition) {
    this.#lane = lane
    this.#key = key
    this.#number = before?.number ?? 0
    this.#mac = before ? Buffer.from(before.mac, 'hex') : NO_MAC
    this.#sealed = this.#number
  }

  /** Of the last event that was found to be right. */
  get number(): number {
    return this.#number
  }

  /** The events since the last checkpoint. */
  get unsealed(): { readonly lane: number; readonly from: number; readonly upTo: number } {
    return { lane: this.#lane, from: this.#sealed + 1, upTo: this.#number }
  }

  take(row: TrailRow): Suspicion | undefined {
    const expected = this.#number + 1
    if (row.number < expected) {
      return this.#suspect('moved', row, 'It is repeated, or stands in a place that was passed already.')
    }
    if (row.number > expected) return this.#absent('missing', 'There are later events in its lane.')
    if (!same(digestOf(row), row.digest)) {
      return this.#suspect('changed', row, 'What is stored of it is not what its digest was made of.')
    }
    if (this.#key && !same(macOf(this.#key, this.#mac, row, row.digest), row.mac)) {
      const why = 'Its MAC was not made with the trail key for this event in this place.'
      return {
        ...this.#suspect('forged', row, why),
        consider: this.#seek('It stands where another event belongs.'),
      }
    }
    this.#number = row.number
    this.#mac = row.mac
    return undefined
  }

  /** Compares with how far a checkpoint says the lane reaches. */
  compare({ number, mac }: LanePosition): Suspicion | undefined {
    if (number > this.#number)
      return this.#absent('cut-off', 'A checkpoint says that the lane reaches further.')
    if (number < this.#number) {
      const why = 'A checkpoint says that the lane does not reach that far yet.'
      return { finding: { kind: 'event', what: 'moved', lane: this.#lane, number: number + 1, why } }
    }
    if (mac !== hex(this.#mac)) {
      const why = 'Its MAC is not the one that the checkpoint knows.'
      return { finding: { kind: 'event', what: 'forged', lane: this.#lane, number, why } }
    }
    return undefined
  }

  seal(): void {
    this.#sealed = this.#number
  }

  #suspect(what: Fault, { number, eventId }: TrailRow, why: string): Suspicion {
    return { finding: { kind: 'event', what, lane: this.#lane, number, eventId, why } }
  }

  /** The next event is not where it belongs. */
  #absent(what: Fault, why: string): Suspicion {
    const number = this.#number + 1
    return {
      finding: { kind: 'event', what, lane: this.#lane, number, why },
      consider: this.#seek('It is there, in another place.'),
    }
  }

  /** Looks for the event that belongs next, and for a sign that the lane went on without it. */
  #seek(movedWhy: string): (this: Suspicion, row: TrailRow) => void {
    const place = { lane: this.#lane, number: this.#number + 1 }
    const [key, previous] = [this.#key, this.#mac]
    return function (row) {
      const { finding } = this
      const isInPlace = row.lane === place.lane && row.number === place.number
      if (isInPlace || (key && same(macOf(key, previous, place, row.digest), row.mac))) {
        this.finding = { ...finding, what: 'moved', why: movedWhy }
      } else if (finding.what === 'cut-off' && row.lane === place.lane && row.number > place.number) {
        this.finding = { ...finding, what: 'missing', why: 'There are later events in its lane.' }
      }
    }
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
