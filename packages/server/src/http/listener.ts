import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { maxBodyBytesOf } from '../gateway/body-limit.ts'
import type { Received, Reply } from '../gateway/call.ts'
import type { OpenReply } from '../gateway/open-reply.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'
import type { Random } from '../platform/random.ts'
import type { Timer } from '../platform/timer.ts'
import { readBody } from './body.ts'
import { BodyRoom } from './body-room.ts'
import { type CertificateFiles, readCertificate, watchCertificate } from './certificate.ts'
import { clientAddress } from './client-address.ts'
import { Connections } from './connections.ts'
import { Outlets } from './outlets.ts'
import { certificatePage, type Page, type PageDoors, pagesOf } from './pages.ts'

/** Headers a client may send in all: a session token of 8 KiB, its signature, and room. */
const MAX_HEADER_BYTES = 32_768
/** A client that sends its headers or body slower than this is cut off. */
const SLOW_HEADERS_MS = 10_000
const SLOW_REQUEST_MS = 60_000
/** How often the slow are looked for. */
const SLOW_CHECK_MS = 5_000
/** Open at once; more are turned away. Half of them are for nodes, of which each holds one. */
const MAX_CONNECTIONS = 20_000
/** How many bodies at once have their first bytes of memory for nothing. */
const BODY_PLACES = 10_000
/** Above what SDKs and load balancers keep idle, so that it is they who close. */
const KEEP_ALIVE_MS = 75_000
/** The oldest TLS that is spoken. */
const MIN_TLS = 'TLSv1.2'

export interface ListenerOptions {
  readonly host: string
  readonly port: number
  readonly tls?: CertificateFiles
  readonly maxBodyBytes: number
  /** What bodies of calls under way may have beyond their first 16 KiB, all together. */
  readonly bodyRoomBytes: number
  /** The same for the bodies of calls that may be larger than {@link maxBodyBytes}, apart from all others. */
  readonly largeBodyRoomBytes: number
  readonly trustedProxies: readonly string[]
  readonly clock: Clock
  readonly random: Random
  readonly timer: Timer
  readonly logger: Logger
}

/** What the socket's side asks of the house. */
export interface Doors extends PageDoors {
  call(received: Received): Promise<Reply>
  /** What a node's agent says, and whoever wants to become one: everything below {@link AGENT_PATH}. */
  agent?(received: Received): Promise<Reply | OpenReply>
}

const AGENT_PATH = '/agent/v1/'

/** Sockets, TLS, limits and drain. Everything that is not a page or a node's agent is an AWS call. */
export class Listener implements AsyncDisposable {
  readonly #options: ListenerOptions
  readonly #doors: Doors
  readonly #pages: ReadonlyMap<string, Page>
  readonly #server: Server
  readonly #connections = new Connections()
  readonly #outlets = new Outlets()
  readonly #room: BodyRoom
  readonly #largeRoom: BodyRoom
  readonly #watch: Disposable | undefined
  #leaving = false

  private constructor(options: ListenerOptions, doors: Doors) {
    this.#options = options
    this.#doors = doors
    this.#pages = pagesOf(doors, () => this.#leaving)
    this.#room = new BodyRoom(options.bodyRoomBytes, BODY_PLACES)
    this.#largeRoom = new BodyRoom(options.largeBodyRoomBytes, 0)
    const handle: RequestListener = (request, response) => {
      this.#connections.begin(request.socket, response)
      this.#respond(request, response).catch(() => response.destroy())
    }
    const limits = {
      maxHeaderSize: MAX_HEADER_BYTES,
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: SLOW_HEADERS_MS,
      requestTimeout: SLOW_REQUEST_MS,
      connectionsCheckingInterval: SLOW_CHECK_MS,
      noDelay: true,
    }
    if (options.tls) {
      const files = options.tls
      const current = readCertificate(files)
      const secure = { ...current, minVersion: MIN_TLS, handshakeTimeout: SLOW_HEADERS_MS } as const
      const server = createTlsServer({ ...limits, ...secure }, handle)
      const { timer, logger } = options
      this.#watch = watchCertificate({
        files,
        current,
        timer,
        logger,
        renew: (found) => renew(server, found),
      })
      this.#server = server
    } else {
      this.#server = createServer(limits, handle)
    }
    this.#server.maxConnections = MAX_CONNECTIONS
    this.#server.on('connection', (socket: Socket) => this.#connections.accept(socket))
    const ready = options.tls ? 'secureConnection' : 'connection'
    this.#server.on(ready, (socket: Socket) => this.#connections.add(socket))
  }

  /** Resolves once calls are accepted; rejects with the system's reason when the address cannot be had. */
  static async open(options: ListenerOptions, doors: Doors): Promise<Listener> {
    const listener = new Listener(options, doors)
    const server = listener.#server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ port: options.port, host: options.host, backlog: BACKLOG }, () => {
        server.off('error', reject)
        resolve()
      })
    })
    // A connection that could not be accepted, for want of descriptors say, must not end the process.
    server.on('error', (error) => options.logger.error('http.accept-failed', { error }))
    return listener
  }

  get url(): string {
    const { host, tls } = this.#options
    const { port } = this.#server.address() as AddressInfo // a TCP listener's address is always this
    return `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`
  }

  /** Goes on answering, but /healthz is red, and each answer asks its client to ask on another connection. */
  turnAway(): void {
    this.#leaving = true
  }

  /** Takes no new connection, lets the calls under way end, and answers them with `Connection: close`. */
  async drain(): Promise<void> {
    this.#leaving = true
    // Not the HTTP server's own: it closes connections whose last answer has not left yet.
    const closed = new Promise<void>((resolve) =>
      NetServer.prototype.close.call(this.#server, () => resolve()),
    )
    this.#outlets.end()
    this.#connections.end()
    await closed
  }

  /** Cuts what {@link drain} is still waiting for. */
  cut(): void {
    this.#connections.cut()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch?.[Symbol.dispose]()
    const drained = this.drain()
    this.cut()
    await drained
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { trustedProxies, maxBodyBytes, random, clock } = this.#options
    const url = originForm(request.url ?? '/')
    const isLook = request.method === 'GET' || request.method === 'HEAD'
    const page = isLook ? (this.#pages.get(url) ?? (await certificatePage(this.#doors, url))) : undefined
    if (page) return page(response)
    // Asked before the body is waited for. A call of nobody's must not run: policies ask for the address.
    const remoteAddress = clientAddress(request, trustedProxies)
    if (remoteAddress === undefined) return void response.destroy()
    const tls = tlsOf(request)
    const mark = url.indexOf('?')
    const path = mark === -1 ? url : url.slice(0, mark)
    const method = request.method ?? 'GET'
    const larger = maxBodyBytesOf(method, path) ?? 0
    const isLarge = larger > maxBodyBytes && claimedBytes(request) > maxBodyBytes
    using place = (isLarge ? this.#largeRoom : this.#room).enter()
    const body = await readBody(request, isLarge ? larger : maxBodyBytes, place)
    if (body === 'gone') return
    const { agent, call } = this.#doors
    const reply = await (agent && path.startsWith(AGENT_PATH) ? agent : call)({
      requestId: random.uuid(),
      receivedAt: clock.now(),
      method,
      path,
      query: mark === -1 ? '' : url.slice(mark + 1),
      headers: request.rawHeaders,
      ...(typeof body === 'string' ? { body: NO_BODY, ...REFUSED[body] } : { body }),
      remoteAddress,
      ...tls,
    })
    if ('open' in reply) return this.#outlets.answer(response, reply as OpenReply)
    // Asked after the call: one that was under way when the drain began ends its connection too.
    if (this.#leaving || body === 'too large') response.shouldKeepAlive = false
    // An answer without content has no length either (RFC 9110, section 8.6).
    const length = reply.status === 204 ? {} : { 'content-length': reply.body.length }
    response.writeHead(reply.status, { ...reply.headers, ...length })
    // As text, node sends head and body in one write instead of two: a tenth of what HTTP costs.
    response.end(latin1(reply.body), 'latin1')
  }
}

/** How large a body says it will be; one that does not say is not let grow beyond the ordinary. */
function claimedBytes({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? 0)
}

const NO_BODY = new Uint8Array()
/**
 * Connections that wait to be accepted, as many as Linux lets by itself. A thousand nodes report at once what one command
 * did, and whoever finds no place comes again a second later, and then three and seven.
 */
const BACKLOG = 4_096
/** How the gateway is told why a body is not there. */
const REFUSED = { 'too large': { oversized: true }, 'no room': { crowded: true } } as const

/** For connections from now on; those that are open keep theirs. */
function renew(server: TlsServer, certificate: { readonly cert: Buffer; readonly key: Buffer }): void {
  server.setSecureContext({ ...certificate, minVersion: MIN_TLS })
}

/**
 * What a client asks an origin for, also where it writes the whole URL, as to a proxy.
 * @see RFC 9112, section 3.2.2
 */
function originForm(target: string): string {
  const rest = /^https?:\/\/[^/?]*(.*)$/i.exec(target)?.[1]
  if (rest === undefined) return target
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** The same bytes, one per character. */
function latin1({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
}

function tlsOf({ socket }: IncomingMessage): Pick<Received, 'tls'> {
  if (!(socket instanceof TLSSocket)) return {}
  return { tls: { version: socket.getProtocol() ?? 'unknown', cipher: socket.getCipher().standardName } }
}
