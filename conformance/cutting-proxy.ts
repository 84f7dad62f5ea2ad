/** Stands between a rotation and its database, and cuts the connection at a place that the test chooses. */
import { connect, createServer, type Socket } from 'node:net'

/** What is cut off: a message of the client, unheard, or an answer to one that has been done. */
export interface Cut {
  readonly side: 'asked' | 'answered'
  /** How many pieces of that side pass, over all connections together. */
  readonly after: number
}

export class CuttingProxy implements AsyncDisposable {
  readonly #server = createServer((client) => this.#join(client))
  readonly #sockets = new Set<Socket>()
  readonly #target: number
  #cut: Cut | undefined
  #passed = 0

  private constructor(target: number) {
    this.#target = target
  }

  static async start(target: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(target)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get port(): number {
    const address = this.#server.address()
    if (typeof address !== 'object' || address === null) throw new Error('the proxy does not listen')
    return address.port
  }

  /** Counts from here on; the cut happens once. */
  arm(cut: Cut): void {
    this.#cut = cut
    this.#passed = 0
  }

  /** Answers whether the cut is still to come, and forgets it. */
  disarm(): boolean {
    const isDue = this.#cut !== undefined
    this.#cut = undefined
    return isDue
  }

  #join(client: Socket): void {
    const database = connect(this.#target, '127.0.0.1')
    for (const socket of [client, database]) {
      this.#sockets.add(socket)
      socket.on('error', () => {})
    }
    client.on('data', (piece) => this.#pass('asked', piece, [client, database]))
    database.on('data', (piece) => this.#pass('answered', piece, [database, client]))
    client.on('close', () => database.destroy())
    database.on('close', () => client.destroy())
  }

  #pass(side: Cut['side'], piece: Buffer, [from, to]: readonly [Socket, Socket]): void {
    if (this.#cut?.side === side && this.#passed++ >= this.#cut.after) {
      this.#cut = undefined
      from.destroy()
      to.destroy()
      return
    }
    to.write(piece)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
