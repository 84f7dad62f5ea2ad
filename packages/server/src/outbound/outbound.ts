import { lookup } from 'node:dns/promises'
import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingMessage,
  request as requestHttp,
} from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { isIP } from 'node:net'
import { rootCertificates } from 'node:tls'
import type { Timer } from '../platform/timer.ts'
import type { AddressRules } from './address-rules.ts'
import { type FailureReason, OutboundFailure } from './failure.ts'

/** The longest that a receiver may take, from the name's lookup to its headers. */
const LIMIT_MS = 15_000
const MAX_HEADER_BYTES = 16 * 1024
/** What a receiver may say beyond its headers before it is cut off. Nobody reads it. */
const MAX_BODY_BYTES = 64 * 1024

/** Finds a name's addresses. */
export type Resolve = (host: string) => Promise<readonly string[]>

export interface OutboundParts {
  readonly rules: AddressRules
  readonly timer: Timer
  /** Certificates, PEM, that are believed besides those that come with Node.js. */
  readonly ca?: string | undefined
  /** The system's where absent. */
  readonly resolve?: Resolve
}

export interface Post {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * Sends on somebody's behalf to where they say. The name is resolved once, each of its addresses is looked at, and
 * the connection goes to the one that was looked at, so that a name cannot point elsewhere a moment later. Redirects
 * are answers like any other, nothing of an answer but its status comes back, and no proxy is asked.
 */
export class Outbound {
  readonly #parts: OutboundParts
  // Of our own: the global ones may be told by the environment to use a proxy, and keep connections.
  readonly #http = new HttpAgent({ keepAlive: false })
  readonly #https: HttpsAgent

  constructor(parts: OutboundParts) {
    this.#parts = parts
    const { ca } = parts
    this.#https = new HttpsAgent({
      keepAlive: false,
      minVersion: 'TLSv1.2',
      ...(ca !== undefined && { ca: [...rootCertificates, ca] }),
    })
  }

  /** Posts and answers the status. @throws OutboundFailure */
  async post(post: Post): Promise<number> {
    const { timer } = this.#parts
    const end = new AbortController()
    using _ = timer.after(LIMIT_MS, () => end.abort())
    const over = new Promise<never>((_, reject) => {
      end.signal.addEventListener('abort', () => reject(new OutboundFailure('timeout')))
    })
    // Whoever comes second is not waited for.
    over.catch(() => {})
    const address = await Promise.race([this.#resolve(post.url.hostname), over])
    // Awaited here: what is returned unawaited would have lost its time limit.
    return await Promise.race([this.#send(post, address, end.signal), over])
  }

  async #resolve(hostname: string): Promise<string> {
    const { rules, resolve = systemResolve } = this.#parts
    const host = hostname.replace(/^\[(.*)\]$/, '$1')
    const addresses = isIP(host) ? [host] : await resolve(host).catch(() => [])
    const [first] = addresses
    if (first === undefined) throw new OutboundFailure('name-not-found')
    // One that is not public among others is no accident.
    if (!addresses.every((address) => rules.admits(address))) throw new OutboundFailure('address-not-allowed')
    return first
  }

  #send({ url, headers, body }: Post, address: string, signal: AbortSignal): Promise<number> {
    const isSecure = url.protocol === 'https:'
    const hostname = url.hostname.replace(/^\[(.*)\]$/, '$1')
    const options = {
      method: 'POST',
      host: address,
      port: url.port === '' ? (isSecure ? 443 : 80) : Number(url.port),
      path: `${url.pathname}${url.search}`,
      headers: { ...headers, host: url.host, 'content-length': String(Buffer.byteLength(body)) },
      maxHeaderSize: MAX_HEADER_BYTES,
      // An address that was looked at needs no further lookup; should one be asked for, there is none.
      lookup: refuseLookup,
      signal,
    }
    return new Promise<number>((resolve, reject) => {
      const request: ClientRequest = isSecure
        ? requestHttps({
            ...options,
            agent: this.#https,
            ...(isIP(hostname) ? {} : { servername: hostname }),
          })
        : requestHttp({ ...options, agent: this.#http })
      request.on('response', (response) => {
        resolve(response.statusCode ?? 0)
        discard(response)
      })
      request.on('error', (error) => reject(new OutboundFailure(reasonOf(error))))
      request.end(body)
    })
  }
}

async function systemResolve(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address)
}

function refuseLookup(
  _: string,
  __: unknown,
  done: (error: Error, address: string, family: number) => void,
): void {
  done(new OutboundFailure('name-not-found'), '', 4)
}

/** Lets a receiver finish, within reason: one that is cut off at its first byte takes that for a failure of ours. */
function discard(response: IncomingMessage): void {
  let bytes = 0
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) response.destroy()
  })
  response.on('error', () => {})
}

function reasonOf(error: Error & { readonly code?: string }): FailureReason {
  const { code = '' } = error
  if (/^(?:HPE_|ERR_HTTP)/.test(code)) return 'bad-response'
  if (/^(?:ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO|ERR_OSSL)/.test(code))
    return 'tls-failed'
  return code === 'ABORT_ERR' ? 'timeout' : 'connection-failed'
}
