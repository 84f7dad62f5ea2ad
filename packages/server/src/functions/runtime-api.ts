import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { MAX_RESPONSE_BYTES, type Outcome } from './outcome.ts'

/** What the Runtime API hands out, once. */
interface Event {
  readonly requestId: string
  readonly payload: Uint8Array
  readonly functionArn: string
  /** `Root=1-…` */
  readonly traceId: string
}

/** The two ends of a connection, as the system lists them. */
export interface Ends {
  readonly remotePort: number
  readonly localPort: number
}

export interface RuntimeApiOptions {
  readonly event: Event
  /** The function's time begins, now that the event is handed out. Answers when it ends. */
  begin(): Date
  /** Whether the process at the far end is one of the function's. Others are hung up on. */
  isOurs(ends: Ends): boolean
}

const VERSION = '/2018-06-01/runtime'
const ERROR_TYPE_HEADER = 'lambda-runtime-function-error-type'
/** An error's description is cut off beyond it; AWS takes no more of it either. */
const MAX_ERROR_BYTES = 256 * 1024

/**
 * What one process of a function speaks to: it asks for its event and answers it. Each process has a listener of its
 * own, for Amazon's runtime clients drop a path in AWS_LAMBDA_RUNTIME_API; whoever connects from outside the
 * function's processes is not heard, and whoever does not know the request id cannot answer.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export class RuntimeApi implements AsyncDisposable {
  /** Resolves with the first answer, once it has been acknowledged; never where none comes. */
  readonly answered: Promise<Outcome>
  readonly #settle: (outcome: Outcome) => void
  readonly #options: RuntimeApiOptions
  readonly #server: Server
  #state: 'new' | 'handed out' | 'answered' = 'new'

  private constructor(options: RuntimeApiOptions) {
    const { promise, resolve } = Promise.withResolvers<Outcome>()
    this.answered = promise
    this.#settle = resolve
    this.#options = options
    this.#server = createServer((request, response) => {
      this.#respond(request, response).catch(() => response.destroy())
    })
    this.#server.on('connection', (socket: Socket) => {
      const { remotePort = 0, localPort = 0 } = socket
      if (!options.isOurs({ remotePort, localPort })) socket.destroy()
    })
  }

  static async open(options: RuntimeApiOptions): Promise<RuntimeApi> {
    const api = new RuntimeApi(options)
    await new Promise<void>((resolve, reject) => {
      api.#server.once('error', reject)
      api.#server.listen(0, '127.0.0.1', resolve)
    })
    return api
  }

  /** The value of AWS_LAMBDA_RUNTIME_API. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}` // a TCP listener's address is always this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { requestId } = this.#options.event
    switch (`${request.method} ${request.url}`) {
      case `GET ${VERSION}/invocation/next`:
        return this.#next(response)
      case `POST ${VERSION}/invocation/${requestId}/response`:
        return this.#response(request, response)
      case `POST ${VERSION}/invocation/${requestId}/error`:
      case `POST ${VERSION}/init/error`:
        return this.#error(request, response)
      default:
        if (/^POST .*\/invocation\/[^/]*\/(response|error)$/.test(`${request.method} ${request.url}`))
          return refuse(response, 400, 'InvalidRequestID', 'Invalid request ID')
        return refuse(response, 404, 'NotFound', 'No such path')
    }
  }

  /** The second time there is nothing to hand out, and the process ends before there is. */
  #next(response: ServerResponse): void {
    if (this.#state !== 'new') return
    this.#state = 'handed out'
    const { requestId, payload, functionArn, traceId } = this.#options.event
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': payload.length,
      'lambda-runtime-aws-request-id': requestId,
      'lambda-runtime-deadline-ms': this.#options.begin().getTime(),
      'lambda-runtime-invoked-function-arn': functionArn,
      'lambda-runtime-trace-id': traceId,
    })
    response.end(payload)
  }

  async #response(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#state !== 'handed out') return wrongState(response)
    const payload = await bodyOf(request, MAX_RESPONSE_BYTES)
    if (payload) return this.#end(response, { kind: 'response', payload })
    refuse(
      response,
      413,
      'RequestEntityTooLarge',
      `Exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`,
    )
    this.#settle({ kind: 'response-too-large' })
  }

  async #error(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#state === 'answered') return wrongState(response)
    const type = String(request.headers[ERROR_TYPE_HEADER] ?? 'Runtime.Unknown')
    const payload = (await bodyOf(request, MAX_ERROR_BYTES)) ?? new Uint8Array()
    this.#end(response, { kind: 'error', payload, type })
  }

  #end(response: ServerResponse, outcome: Outcome): void {
    if (this.#state === 'answered') {
      wrongState(response)
      return
    }
    this.#state = 'answered'
    response.writeHead(202, { 'content-type': 'application/json' })
    response.end('{"status":"OK"}\n', () => this.#settle(outcome))
  }
}

/** The whole body; nothing where it is larger, which is read to its end all the same so that the answer is heard. */
async function bodyOf(request: IncomingMessage, maxBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    const part = chunk as Buffer // no encoding was set
    bytes += part.length
    if (bytes <= maxBytes) chunks.push(part)
    else chunks.length = 0
  }
  return bytes <= maxBytes ? Buffer.concat(chunks) : undefined
}

function wrongState(response: ServerResponse): void {
  refuse(response, 403, 'InvalidStateTransition', 'Transition is not allowed')
}

function refuse(response: ServerResponse, status: number, errorType: string, errorMessage: string): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ errorType, errorMessage }))
}
