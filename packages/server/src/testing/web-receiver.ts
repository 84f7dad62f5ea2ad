import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

/** What a webhook was sent. */
export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A certificate and its key, PEM. */
export interface Identity {
  readonly cert: string
  readonly key: string
}

/** A webhook on loopback that keeps what it is sent and answers as the test says. */
export class WebReceiver implements AsyncDisposable {
  readonly received: Received[] = []
  /** Answers a call that has been read; 200 where nobody says otherwise. */
  answer: (response: ServerResponse) => void = (response) => void response.writeHead(200).end('ok')
  readonly #server: Server
  readonly #scheme: 'http' | 'https'

  private constructor(identity: Identity | undefined) {
    const listener = (request: IncomingMessage, response: ServerResponse) => this.#take(request, response)
    this.#server = identity ? createTlsServer({ ...identity }, listener) : createServer(listener)
    this.#scheme = identity ? 'https' : 'http'
  }

  /** @param identity Absent: it speaks plain HTTP. */
  static async open(identity?: Identity): Promise<WebReceiver> {
    const receiver = new WebReceiver(identity)
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve))
    return receiver
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request
      this.received.push({ method, path, headers, body: Buffer.concat(chunks).toString() })
      this.answer(response)
    })
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo // a TCP listener's address is always this
    return `${this.#scheme}://127.0.0.1:${port}/hook`
  }

  /** The JSON of what was sent, of one Type where that is said. */
  messages(type?: string): readonly Readonly<Record<string, string>>[] {
    const all = this.received.map(({ body }) => JSON.parse(body) as Readonly<Record<string, string>>)
    return type === undefined ? all : all.filter(({ Type }) => Type === type)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}
