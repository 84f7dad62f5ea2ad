import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** What a connection that asks for something has been used for. */
interface Use {
  /** Answers that have not left altogether; more than one where a client pipelines. */
  calls: number
  /** What had been read when the last call ended: whatever is read beyond belongs to the next. */
  bytesUsed: number
}

/**
 * The connections of one server. Node's own closing of idle ones counts an answer as given when it was handed over,
 * and cuts it off where a slow reader has not taken it all.
 */
export class Connections {
  /** As they were accepted; under TLS the sockets beneath, those that still shake hands among them. */
  readonly #accepted = new Set<Socket>()
  readonly #uses = new Map<Socket, Use>()
  #isEnding = false

  /** One was accepted. */
  accept(socket: Socket): void {
    this.#accepted.add(socket)
    socket.once('close', () => this.#accepted.delete(socket))
  }

  /** One may be asked on: under TLS, once hands are shaken. */
  add(socket: Socket): void {
    this.#uses.set(socket, { calls: 0, bytesUsed: socket.bytesRead })
    socket.once('close', () => this.#uses.delete(socket))
  }

  /** A call came in on `socket`; it is under way until the last byte of its answer has left. */
  begin(socket: Socket, response: ServerResponse): void {
    const use = this.#uses.get(socket)
    if (!use) return
    use.calls += 1
    response.once('close', () => {
      use.calls -= 1
      use.bytesUsed = socket.bytesRead
      if (this.#isEnding) closeIdle(socket, use)
    })
  }

  /** Closes those that nothing is under way on, and each of the others when its call has ended. */
  end(): void {
    this.#isEnding = true
    for (const [socket, use] of this.#uses) closeIdle(socket, use)
  }

  /** Cuts all of them, whatever is under way. */
  cut(): void {
    for (const socket of this.#accepted) socket.destroy()
  }
}

/** A connection that a part of a request has come in on is not idle. */
function closeIdle(socket: Socket, { calls, bytesUsed }: Use): void {
  if (calls === 0 && socket.bytesRead === bytesUsed) socket.destroySoon()
}
