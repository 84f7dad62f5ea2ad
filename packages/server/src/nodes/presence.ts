import type { Clock } from '../platform/clock.ts'
import { Recent } from '../platform/recent.ts'
import type { Timer } from '../platform/timer.ts'
import type { Store } from '../store/store.ts'
import type { NodeName } from './dispatch.ts'

/** A node's row is written this often at most. A node counts as lost after five minutes. */
const WRITE_MS = 60_000
/** What was heard in between is written together. */
const BATCH_MS = 5_000
/** Nodes of which it is known when they were written. */
const REMEMBERED = 50_000

/** Notes in the store when nodes were last heard of: seldom, and many at once. */
export class Presence implements Disposable {
  readonly #store: Store
  readonly #clock: Clock
  readonly #timer: Timer
  readonly #writtenAtMs = new Recent<number>(REMEMBERED)
  readonly #heard = new Map<string, { readonly node: NodeName; readonly at: Date }>()
  #wake: Disposable | undefined

  constructor({
    store,
    clock,
    timer,
  }: { readonly store: Store; readonly clock: Clock; readonly timer: Timer }) {
    this.#store = store
    this.#clock = clock
    this.#timer = timer
  }

  heard(node: NodeName): void {
    const at = this.#clock.now()
    if (at.getTime() - (this.#writtenAtMs.get(node.id) ?? Number.NEGATIVE_INFINITY) < WRITE_MS) return
    this.#writtenAtMs.set(node.id, at.getTime())
    this.#heard.set(node.id, { node, at })
    this.#wake ??= this.#timer.after(BATCH_MS, () => this.#write())
  }

  [Symbol.dispose](): void {
    this.#wake?.[Symbol.dispose]()
    this.#write()
  }

  #write(): void {
    this.#wake = undefined
    const heard = [...this.#heard.values()]
    this.#heard.clear()
    if (heard.length === 0) return
    this.#store.defer(async (tx) => {
      for (const { node, at } of heard) await tx.nodes.seen(node, node.id, at)
    })
  }
}
