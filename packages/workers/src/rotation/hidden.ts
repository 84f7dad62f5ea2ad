import { Unprintable } from '../unprintable.ts'

/** A password or token that cannot be printed by accident. Read it with {@link reveal}, where it is used. */
export class Hidden extends Unprintable {
  readonly #text: string

  constructor(text: string) {
    super('[hidden]')
    this.#text = text
  }

  reveal(): string {
    return this.#text
  }
}
