import type { ServerResponse } from 'node:http'
import type { OpenReply, Outlet } from '../gateway/open-reply.ts'

/**
 * What may wait for one client that does not read, beyond what the system holds for it. Who reads that slowly is cut
 * off: it asks again, and is sent what it has missed.
 */
const MAX_WAITING_BYTES = 1024 * 1024

/** The answers that are still open. */
export class Outlets {
  readonly #open = new Set<Outlet>()
  #isEnding = false

  get size(): number {
    return this.#open.size
  }

  answer(response: ServerResponse, { status, headers, open }: OpenReply): void {
    // The connection is of no other use: what comes after on it would wait for an end that nobody knows.
    response.shouldKeepAlive = false
    response.writeHead(status, headers)
    response.flushHeaders()
    const outlet: Outlet = {
      send(text) {
        if (response.destroyed || response.writableEnded) return false
        response.write(text)
        if (response.writableLength <= MAX_WAITING_BYTES) return true
        response.destroy()
        return false
      },
      get waitingBytes() {
        return response.writableLength
      },
      end: () => void response.end(),
      onClosed: (callback) => void response.once('close', callback),
    }
    this.#open.add(outlet)
    response.once('close', () => this.#open.delete(outlet))
    open(outlet)
    if (this.#isEnding) outlet.end()
  }

  /** Ends all of them, and those that are opened from now on: nobody waits for them. */
  end(): void {
    this.#isEnding = true
    for (const outlet of this.#open) outlet.end()
  }
}
