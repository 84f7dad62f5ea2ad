import { once } from 'node:events'
import { createServer as createHttpServer, request as httpRequest, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Stands between agents and the server, hears everything that is plain, and says what it likes. */
export class Middle implements AsyncDisposable {
  /** Lines of frames that have gone through, in order. */
  readonly lines: string[] = []
  /** Said to every agent at once that listens, as if by the server. */
  readonly #streams = new Set<{ write(text: string): void; end(): void }>()
  readonly #server: Server
  refusesStreams = false

  private constructor(target: { readonly url: string }) {
    this.#server = createHttpServer((request, response) => {
      if (this.refusesStreams && request.url === '/agent/v1/stream') {
        response.writeHead(502)
        response.end()
        return
      }
      const { method, url, headers } = request
      const onward = httpRequest(
        new URL(url ?? '/', target.url),
        { ...(method && { method }), headers },
        (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers)
          this.#streams.add(response)
          answer.on('data', (chunk: Buffer) => {
            this.lines.push(
              ...String(chunk)
                .split('\n')
                .filter((line) => line.startsWith('{"body"')),
            )
            response.write(chunk)
          })
          answer.on('end', () => response.end())
          answer.on('error', () => response.destroy())
          response.on('close', () => {
            this.#streams.delete(response)
            answer.destroy()
          })
        },
      )
      onward.on('error', () => response.destroy())
      request.pipe(onward)
    })
  }

  static async open(target: { readonly url: string }): Promise<Middle> {
    const middle = new Middle(target)
    middle.#server.listen(0, '127.0.0.1')
    await once(middle.#server, 'listening')
    return middle
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  inject(line: string): void {
    for (const stream of this.#streams) stream.write(`${line}\n`)
  }

  /** Ends every answer that is open. */
  cut(): void {
    this.#server.closeAllConnections()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
