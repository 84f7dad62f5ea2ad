/** What each body may have of memory without asking for it: nearly every call fits in. */
export const FREE_BYTES = 16_384

/**
 * The memory that bodies of calls under way may take together, so that many large ones at once cannot exhaust it.
 * Bodies of ordinary size need none of it: they go on where large ones are refused.
 */
export class BodyRoom {
  #bytes: number
  #places: number

  /**
   * @param bytes what bodies may have beyond their first {@link FREE_BYTES}, all together
   * @param places how many bodies at once have those first bytes for nothing; all of a further one is counted
   */
  constructor(bytes: number, places: number) {
    this.#bytes = bytes
    this.#places = places
  }

  /** The place of one body, until it is disposed. */
  enter(): BodyPlace {
    const isFree = this.#places > 0
    if (isFree) this.#places -= 1
    let held = 0
    const clear = () => {
      this.#bytes += held
      held = 0
    }
    return {
      grow: (size) => {
        const wanted = Math.max(0, size - (isFree ? FREE_BYTES : 0)) - held
        if (wanted > this.#bytes) return false
        this.#bytes -= wanted
        held += wanted
        return true
      },
      clear,
      [Symbol.dispose]: () => {
        clear()
        if (isFree) this.#places += 1
      },
    }
  }
}

export interface BodyPlace extends Disposable {
  /** Whether there is memory for the body now that it has `bytes` in all; false leaves what it has. */
  grow(bytes: number): boolean
  /** The body was dropped. */
  clear(): void
}
