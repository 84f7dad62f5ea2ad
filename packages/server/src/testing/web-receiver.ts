import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a webhook was sent. */
export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A webhook on loopback that keeps what it is sent and answers as the test says. */
export class WebReceiver implements AsyncDisposable {
  readonly received: Received[] = []
  /** Answers a call that has been read; 200 where nobody says otherwise. */
  answer: (response: ServerResponse) => void = (response) => void response.writeHead(200).end('ok')
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request
      this.received.push({ method, path, headers, body: Buffer.concat(chunks).toString() })
      this.answer(response)
    })
  })

  static async open(): Promise<WebReceiver> {
    const receiver = new WebReceiver()
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve))
    return receiver
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo // a TCP listener's address is always this
    return `http://127.0.0.1:${port}/hook`
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
