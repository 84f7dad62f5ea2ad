/** What is kept in the log of what one invocation prints; AWS's own log has no such end. */
const MAX_KEPT_BYTES = 1024 * 1024
/** A line is cut into pieces of this size, so that one without end needs no memory. */
const MAX_LINE_CHARACTERS = 16 * 1024
/** @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
const TAIL_BYTES = 4 * 1024

/** Takes the next lines of an invocation's log. */
type TakeLines = (lines: readonly string[]) => void

/**
 * What an invocation prints: cut into lines, without the values that are not to be kept, and with an end.
 */
export class Output {
  readonly #take: TakeLines
  readonly #secrets: readonly string[]
  #tail = ''
  #keptBytes = 0
  #droppedBytes = 0

  /** @param secrets Texts that are replaced wherever they are printed whole. */
  constructor(take: TakeLines, secrets: readonly string[]) {
    this.#take = take
    this.#secrets = secrets.filter((secret) => secret !== '')
  }

  /** A reader of one stream; the two streams of a process are cut into lines apart from each other. */
  stream(): { write(text: string): void; end(): void } {
    let rest = ''
    return {
      write: (text) => {
        // Whole lines only, so that what is replaced is never cut in two.
        const lines = (rest + text).split('\n')
        rest = lines.pop() ?? ''
        while (rest.length > MAX_LINE_CHARACTERS + this.#longest()) {
          const cut = this.#cut(rest)
          lines.push(rest.slice(0, cut))
          rest = rest.slice(cut)
        }
        this.#print(lines)
      },
      end: () => {
        if (rest !== '') this.#print([rest])
        rest = ''
      },
    }
  }

  /** A line of the platform's own. It is kept however much was printed before. */
  note(line: string): void {
    this.#tail = `${this.#tail}${line}\n`.slice(-TAIL_BYTES)
    this.#take([line])
  }

  /** The last 4 KiB, in whole characters. */
  get tail(): string {
    const bytes = Buffer.from(this.#tail)
    if (bytes.length <= TAIL_BYTES) return this.#tail
    let from = bytes.length - TAIL_BYTES
    while (((bytes[from] ?? 0) & 0xc0) === 0x80) from++
    return bytes.subarray(from).toString()
  }

  /** How much was printed beyond what is kept. */
  get droppedBytes(): number {
    return this.#droppedBytes
  }

  #print(lines: readonly string[]): void {
    const kept: string[] = []
    for (const line of lines) {
      const clean = this.#secrets.reduce((text, secret) => text.replaceAll(secret, '[redacted]'), line)
      const bytes = Buffer.byteLength(clean) + 1
      if (this.#keptBytes + bytes > MAX_KEPT_BYTES) this.#droppedBytes += bytes
      else {
        this.#keptBytes += bytes
        kept.push(clean)
      }
      // The tail is the last of it, kept or not.
      this.#tail = `${this.#tail}${clean}\n`.slice(-TAIL_BYTES)
    }
    if (kept.length > 0) this.#take(kept)
  }

  #longest(): number {
    return Math.max(0, ...this.#secrets.map((secret) => secret.length))
  }

  /** Where a line that is too long is cut: not within a secret. */
  #cut(text: string): number {
    let cut = MAX_LINE_CHARACTERS
    for (const secret of this.#secrets) {
      const at = text.indexOf(secret, Math.max(0, cut - secret.length + 1))
      if (at !== -1 && at < cut) cut = at + secret.length
    }
    return cut
  }
}

/** The rotation's token in an event of Secrets Manager: whoever has it may put a version of the secret. */
export function rotationToken(payload: Uint8Array): string | undefined {
  try {
    const event: unknown = JSON.parse(Buffer.from(payload).toString())
    if (typeof event !== 'object' || event === null || !('RotationToken' in event)) return undefined
    return typeof event.RotationToken === 'string' ? event.RotationToken : undefined
  } catch {
    return undefined // not JSON, and so not such an event
  }
}
