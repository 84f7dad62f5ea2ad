import { randomBytes } from 'node:crypto'

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** Letters and digits that mean nothing and occur nowhere else. */
function nonsense(length: number): string {
  return Array.from(randomBytes(length), (byte) => ALPHABET[byte % ALPHABET.length]).join('')
}

/** Where a value turned up that should be nowhere. */
export interface Leak {
  readonly place: string
  readonly what: string
}

/**
 * Values that may turn up nowhere, and the search for them. Every canary of a run begins and ends with the same
 * marker, so one search finds them all, and a value that was cut short at either end, too.
 */
export class Canaries {
  readonly #marker = nonsense(16)
  readonly #planted: string[] = []
  readonly #forms: readonly Buffer[]
  /** Values that the server made, each with the forms it could take. */
  readonly #made: { readonly what: string; readonly forms: readonly Buffer[] }[] = []

  constructor() {
    this.#forms = formsOf(Buffer.from(this.#marker))
  }

  /** A new value; `what` tells of it, should it be found. Its number stands between the markers. */
  plant(what: string): string {
    this.#planted.push(what)
    return this.#text(this.#planted.length)
  }

  get count(): number {
    return this.#planted.length
  }

  /** A value that the server answered. Too short a one would be found by chance. */
  watch(what: string, value: string | Uint8Array): void {
    if (value.length < 12) throw new Error(`${what} has only ${value.length} bytes to look for`)
    this.#made.push({ what, forms: formsOf(Buffer.from(value)) })
  }

  /** The same of what nobody would write down in another form, such as a signature. */
  watchAsItIs(what: string, value: string): void {
    this.#made.push({ what, forms: [Buffer.from(value)] })
  }

  /** Everything of it that is in `content`. */
  findIn(place: string, content: Uint8Array | string): readonly Leak[] {
    const bytes = Buffer.from(content)
    const planted = [...new Set(this.#forms.flatMap((form) => [...this.#plantedIn(bytes, form)]))].map(
      (what) => ({ place, what }),
    )
    const made = this.#made.flatMap(({ what, forms }) =>
      forms.some((form) => bytes.includes(form)) ? [{ place, what }] : [],
    )
    return [...planted, ...made]
  }

  *#plantedIn(bytes: Buffer, form: Buffer): Generator<string> {
    // Past the marker at its end, too.
    const length = 2 * form.length + 5
    for (let at = bytes.indexOf(form); at >= 0; at = bytes.indexOf(form, at + length))
      yield this.#around(bytes, at)
  }

  /** What is in none of `contents`, as it is. */
  missingIn(contents: readonly (Uint8Array | string)[]): readonly string[] {
    const all = contents.map((content) => Buffer.from(content))
    const isThere = (value: Buffer | string) => all.some((bytes) => bytes.includes(value))
    const planted = this.#planted.filter((_, i) => !isThere(this.#text(i + 1)))
    const made = this.#made.filter(({ forms }) => !forms.some(isThere))
    return [...planted, ...made.map(({ what }) => what)]
  }

  #text(number: number): string {
    return `${this.#marker}${String(number).padStart(5, '0')}${this.#marker}`
  }

  #around(bytes: Buffer, at: number): string {
    const text = bytes.subarray(at, at + 120).toString('latin1')
    const number = Number(text.slice(this.#marker.length, this.#marker.length + 5))
    const known = text.startsWith(this.#marker) ? this.#planted[number - 1] : undefined
    return known ?? `a canary, encoded: ${JSON.stringify(text.slice(0, 60))}`
  }
}

/** What a value looks like where somebody wrote it down: as it is, escaped, or encoded. */
function formsOf(value: Buffer): readonly Buffer[] {
  const text = value.toString('utf8')
  const isText = Buffer.from(text).equals(value)
  const forms = [
    value,
    ...alignments(value),
    Buffer.from(value.toString('hex')),
    Buffer.from(value.toString('hex').toUpperCase()),
    ...(isText ? [Buffer.from(text, 'utf16le'), Buffer.from(encodeURIComponent(text)), jsonText(text)] : []),
  ]
  return [...new Map(forms.map((form) => [form.toString('latin1'), form])).values()]
}

function jsonText(text: string): Buffer {
  return Buffer.from(JSON.stringify(text).slice(1, -1))
}

/** Base64 and base64url of a value inside something longer: three ways to lie, less the digits the neighbours share. */
function alignments(value: Buffer): readonly Buffer[] {
  return [0, 1, 2].flatMap((before) => {
    const padded = Buffer.concat([Buffer.alloc(before), value])
    const whole = padded.subarray(0, padded.length - (padded.length % 3)).toString('base64')
    const digits = whole.slice(before === 0 ? 0 : before + 1)
    return [Buffer.from(digits), Buffer.from(digits.replaceAll('+', '-').replaceAll('/', '_'))]
  })
}
