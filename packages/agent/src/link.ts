import type { KeyObject } from 'node:crypto'
import type { Listen, Report, ReportAnswer } from '@lockstep/wire'
import { answerOf, linesOf, Refused, type Server, send } from './http.ts'
import { signedHeaders } from './identity.ts'
import type { Doors } from './platform.ts'

const MAX_LINE_BYTES = 4 * 1024 * 1024
/** The server says something as soon as it is listened to; what keeps that back keeps everything back. */
export const FIRST_LINE_MS = 10_000
/** And again at least every 20 s; twice that and the connection is taken for dead. */
export const SILENCE_MS = 45_000
const FIRST_DELAY_MS = 500
const LONGEST_DELAY_MS = 30_000
/** After a stream that brought nothing, how many polls until a stream is tried again. */
export const POLLS = 30

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
  #listening: AbortController | undefined
  #failures = 0
  /** Polls still to be made before a stream is tried again. */
  #polls = 0

  constructor(parts: LinkParts) {
    this.#parts = parts
  }

  close(): void {
    this.#stop.abort()
  }

  /**
   * What was heard is not of the server whose key was pinned: hangs up, and tries again as where nobody answers. What
   * came through damaged comes again then.
   */
  distrust(): void {
    this.#listening?.abort(new Distrusted(this.#parts.server.endpoint))
  }

  /** Listens until {@link close}. Never throws. */
  async run(): Promise<void> {
    while (!this.#stop.signal.aborted) await this.#turn()
  }

  /** Sends what happened, and answers what the server has taken. */
  async report(report: Report): Promise<ReportAnswer> {
    const limit = new AbortController()
    using _ = this.#parts.doors.after(SILENCE_MS, () => limit.abort())
    const signal = AbortSignal.any([limit.signal, this.#stop.signal])
    const text = await answerOf(await this.#send('/agent/v1/report', report, signal), MAX_LINE_BYTES)
    return JSON.parse(text) as ReportAnswer // whoever asked looks at it
  }

  /** Listens once, and waits where it brought nothing. */
  async #turn(): Promise<void> {
    const isStream = this.#polls === 0
    const heard = await this.#listen(isStream ? '/agent/v1/stream' : '/agent/v1/poll')
    if (this.#stop.signal.aborted) return
    if (heard.lines > 0) this.#failures = 0
    if (!isStream) this.#polls--
    // One that ended without a word: something between cuts streams, or keeps them back.
    else if (heard.lines === 0 && !heard.isUnreachable) this.#polls = POLLS
    if (heard.error !== undefined) this.#parts.doors.log('link.lost', { error: heard.error })
    if (heard.lines === 0) await this.#wait(this.#nextDelayMs())
    else if (isStream) await this.#wait(this.#parts.doors.below(FIRST_DELAY_MS))
  }

  async #listen(path: '/agent/v1/stream' | '/agent/v1/poll'): Promise<Heard> {
    const { doors, onLine, listen } = this.#parts
    const alive = new AbortController()
    this.#listening = alive
    const signal = AbortSignal.any([alive.signal, this.#stop.signal])
    const silent = () => alive.abort(new Error('nothing was heard for too long'))
    let silence = doors.after(path === '/agent/v1/poll' ? SILENCE_MS : FIRST_LINE_MS, silent)
    let lines = 0
    let isAnswered = false
    try {
      const response = await this.#send(path, listen(), signal)
      isAnswered = true
      if (response.statusCode !== 200) await answerOf(response, MAX_LINE_BYTES)
      for await (const line of linesOf(response, MAX_LINE_BYTES)) {
        silence[Symbol.dispose]()
        silence = doors.after(SILENCE_MS, silent)
        lines++
        if (line !== '') onLine(line)
      }
      return { lines, isUnreachable: false }
    } catch (error) {
      const { reason } = alive.signal
      if (reason instanceof Distrusted) return { lines: 0, error: reason, isUnreachable: true }
      return { lines, error, isUnreachable: isUnreachable(error, isAnswered || alive.signal.aborted) }
    } finally {
      silence[Symbol.dispose]()
    }
  }

  #send(path: string, content: object, signal: AbortSignal) {
    const { server, node, key, doors } = this.#parts
    const body = JSON.stringify(content)
    const headers = { ...signedHeaders({ key, node }, { path, body }, doors) }
    return send(server, { path, body, headers, signal })
  }

  #nextDelayMs(): number {
    const most = Math.min(FIRST_DELAY_MS * 2 ** this.#failures, LONGEST_DELAY_MS)
    this.#failures++
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

class Distrusted extends Error {
  override readonly name = 'Distrusted'
  constructor(endpoint: string) {
    super(`what came from ${endpoint} is not signed by the key that was pinned when this node was enrolled`)
  }
}

/** How one time of listening ended. */
interface Heard {
  readonly lines: number
  readonly error?: unknown
  /** The server is not there, or has refused the node: polls would fare no better than streams. */
  readonly isUnreachable: boolean
}

/** Statuses by which proxies refuse what they cannot carry; the server's own are others. */
const PROXY_STATUSES: readonly number[] = [411, 502, 504]

function isUnreachable(error: unknown, wasThere: boolean): boolean {
  if (error instanceof Refused) return !PROXY_STATUSES.includes(error.status)
  return !wasThere
}
