import { inspect } from 'node:util'

const SHOWN = '[hidden]'

/** A password or token that cannot be printed by accident. Read it with {@link reveal}, where it is used. */
export class Hidden {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  reveal(): string {
    return this.#text
  }

  toJSON(): string {
    return SHOWN
  }

  toString(): string {
    return SHOWN
  }

  [inspect.custom](): string {
    return SHOWN
  }
}
