import type { KeyObject } from 'node:crypto'
import type { Listen, Report, ReportAnswer } from '@lockstep/wire'
import { answerOf, linesOf, post, Refused, type Server } from './http.ts'
import { signedHeaders } from './identity.ts'
import type { Doors } from './platform.ts'

const MAX_LINE_BYTES = 4 * 1024 * 1024
/** The server says something at least every 20 s; twice that and the connection is taken for dead. */
const SILENCE_MS = 45_000
const FIRST_DELAY_MS = 500
const LONGEST_DELAY_MS = 30_000
/** After streams that brought nothing, how many polls until a stream is tried again. */
const POLLS = 30
/** A stream that ends sooner without a line is taken for cut by something between. */
const SHORT_STREAM_MS = 5_000

export interface LinkParts {
  readonly server: Server
  readonly node: string
  readonly key: KeyObject
  readonly doors: Doors
  /** What the node says when it begins to listen. */
  listen(): Listen
  /** One line that the server sent; not believed yet. */
  onLine(line: string): void
}

/**
 * The node's outbound connection: a stream of lines, or polls where something between node and server keeps streams
 * back. It is tried for ever, with longer and longer waits of random length, so that a fleet does not come back all
 * at once.
 */
export class Link {
  readonly #parts: LinkParts
  readonly #stop = new AbortController()
  #failures = 0
  #polls = 0

  constructor(parts: LinkParts) {
    this.#parts = parts
  }

  close(): void {
    this.#stop.abort()
  }

  /** Listens until {@link close}. Never throws. */
  async run(): Promise<void> {
    const { doors } = this.#parts
    while (!this.#stop.signal.aborted) {
      const before = doors.now().getTime()
      try {
        const isStream = this.#polls === 0
        const lines = isStream ? await this.#listen('/agent/v1/stream') : await this.#listen('/agent/v1/poll')
        if (isStream && lines === 0 && doors.now().getTime() - before < SHORT_STREAM_MS) this.#polls = POLLS
        else if (!isStream) this.#polls--
        this.#failures = 0
        if (isStream) await this.#wait(doors.below(FIRST_DELAY_MS))
      } catch (error) {
        if (this.#stop.signal.aborted) return
        if (this.#polls === 0 && isCut(error)) this.#polls = POLLS
        doors.log('link.lost', { error })
        await this.#wait(this.#nextDelayMs())
      }
    }
  }

  /** Sends what happened, and answers what the server has taken. */
  async report(report: Report): Promise<ReportAnswer> {
    const text = await this.#within(SILENCE_MS, async (signal) =>
      answerOf(await this.#send('/agent/v1/report', report, signal), MAX_LINE_BYTES),
    )
    return JSON.parse(text) as ReportAnswer
  }

  async #listen(path: '/agent/v1/stream' | '/agent/v1/poll'): Promise<number> {
    const alive = new AbortController()
    const signal = AbortSignal.any([alive.signal, this.#stop.signal])
    let silence = this.#parts.doors.after(SILENCE_MS, () => alive.abort())
    try {
      const response = await this.#send(path, this.#parts.listen(), signal)
      if (response.statusCode !== 200) await answerOf(response, MAX_LINE_BYTES)
      let lines = 0
      for await (const line of linesOf(response, MAX_LINE_BYTES)) {
        silence[Symbol.dispose]()
        silence = this.#parts.doors.after(SILENCE_MS, () => alive.abort())
        lines++
        this.#failures = 0
        if (line !== '') this.#parts.onLine(line)
      }
      return lines
    } finally {
      silence[Symbol.dispose]()
    }
  }

  #send(path: string, content: object, signal: AbortSignal) {
    const { server, node, key, doors } = this.#parts
    const body = JSON.stringify(content)
    return post(server, {
      path,
      body,
      headers: { ...signedHeaders({ key, node }, { path, body }, doors) },
      signal,
    })
  }

  async #within<T>(limitMs: number, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const limit = new AbortController()
    const alarm = this.#parts.doors.after(limitMs, () => limit.abort())
    try {
      return await act(AbortSignal.any([limit.signal, this.#stop.signal]))
    } finally {
      alarm[Symbol.dispose]()
    }
  }

  #nextDelayMs(): number {
    const most = Math.min(FIRST_DELAY_MS * 2 ** this.#failures++, LONGEST_DELAY_MS)
    return FIRST_DELAY_MS / 2 + this.#parts.doors.below(most)
  }

  #wait(delayMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const alarm = this.#parts.doors.after(delayMs, resolve)
    const onStop = () => resolve()
    this.#stop.signal.addEventListener('abort', onStop)
    return promise.finally(() => {
      alarm[Symbol.dispose]()
      this.#stop.signal.removeEventListener('abort', onStop)
    })
  }
}

/** Whether a proxy may have refused the stream as such. */
function isCut(error: unknown): boolean {
  return error instanceof Refused && [411, 502, 504].includes(error.status)
}
