import { inspect } from 'node:util'

/** What shows a word in its own place wherever it is printed by accident: in a log, an error, a text or JSON. */
export abstract class Unprintable {
  readonly #shown: string

  constructor(shown: string) {
    this.#shown = shown
  }

  toJSON(): string {
    return this.#shown
  }

  toString(): string {
    return this.#shown
  }

  [inspect.custom](): string {
    return this.#shown
  }
}
