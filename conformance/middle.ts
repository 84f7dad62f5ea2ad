/** Stands between agents and their server: hears, repeats, changes and invents. */
import {
  createServer,
  type Server as HttpServer,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import type { SignedRequest } from './raw-node.ts'

/** What of a request's head its signature needs. */
const KEPT = ['x-lockstep-node', 'x-lockstep-at', 'x-lockstep-nonce', 'authorization']

/** Ends HTTP between agents and a server, as a balancer does, and need not be honest. */
export class Middle implements AsyncDisposable {
  /** Requests of agents that went through. */
  readonly asked: SignedRequest[] = []
  /** Lines of the server that came, passed on or not. */
  readonly lines: string[] = []
  /** What the agent hears in a line's place; nothing: it is held back. */
  alter: (line: string) => string | undefined = (line) => line
  /** Answers those that listen, in the server's place. */
  instead: ((answer: ServerResponse) => void) | undefined
  readonly #server: HttpServer
  readonly #target: string
  readonly #streams = new Set<ServerResponse>()

  private constructor(target: string) {
    this.#target = target
    this.#server = createServer((asked, answer) => {
      this.#pass(asked, answer).catch(() => answer.destroy())
    })
  }

  static async open(target: string): Promise<Middle> {
    const middle = new Middle(target)
    await new Promise<void>((done) => middle.#server.listen(0, '127.0.0.1', done))
    return middle
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo // a TCP listener's address is always this
    return `http://127.0.0.1:${port}`
  }

  /** Lines with a command, and of one node where that is said. */
  commands(id?: string): readonly string[] {
    const of = this.lines.filter((line) => line.includes('\\"kind\\":\\"command\\"'))
    return id === undefined ? of : of.filter((line) => line.includes(`\\"node\\":\\"${id}\\"`))
  }

  /** How many agents listen to a stream. */
  get listening(): number {
    return this.#streams.size
  }

  /** Says a line to every agent that listens; how many do. */
  inject(line: string): number {
    for (const stream of this.#streams) stream.write(`${line}\n`)
    return this.#streams.size
  }

  async #pass(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of asked) chunks.push(Buffer.from(chunk))
    const body = Buffer.concat(chunks).toString()
    const { url: path = '/', method = 'GET', headers } = asked
    const told = KEPT.map((name) => [name, String(headers[name])])
    this.asked.push({ path, headers: Object.fromEntries(told), body })
    if (this.instead && path !== '/agent/v1/report') return this.instead(answer)
    const onward = request(new URL(path, this.#target), { method, headers })
    onward.on('error', () => answer.destroy())
    onward.on('response', (response) => {
      const { 'content-length': _, ...kept } = response.headers
      answer.writeHead(response.statusCode ?? 502, kept)
      if (path === '/agent/v1/stream') this.#streams.add(answer)
      answer.on('close', () => {
        this.#streams.delete(answer)
        response.destroy()
      })
      this.#relay(response, answer).catch(() => answer.destroy())
    })
    onward.end(body)
  }

  async #relay(response: IncomingMessage, answer: ServerResponse): Promise<void> {
    let rest = ''
    for await (const chunk of response.setEncoding('utf8')) {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        this.lines.push(line)
        const heard = this.alter(line)
        if (heard !== undefined) answer.write(`${heard}\n`)
      }
    }
    answer.end(rest)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((done) => this.#server.close(done))
  }
}
