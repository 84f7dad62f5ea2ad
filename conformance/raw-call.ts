import { createHash, createHmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import { demandLoopback } from './loopback.ts'
import type { Caller, Keys } from './sdk.ts'

/** A call as no SDK would make it, signed by Amazon's own signer. */
export interface RawCall {
  /** The signing name. */
  readonly service: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly keys?: Keys
  /** Sent instead of the body that was signed. */
  readonly sentBody?: string
  readonly unsigned?: true
  /** Of a URL; `/?a=b` where the call is to have a query string that the signature does not cover. */
  readonly sentPath?: string
  readonly method?: string
  /** That is signed; absent: `/`. */
  readonly path?: string
}

export interface RawAnswer {
  readonly status: number
  readonly text: string
  /** The answer's. */
  readonly headers: Headers
  /** What was signed with, where it was. */
  readonly signature: string | undefined
}

export async function rawCall({ endpoint, region, keys }: Caller, call: RawCall): Promise<RawAnswer> {
  const url = new URL(demandLoopback(endpoint))
  const signer = new SignatureV4({
    credentials: call.keys ?? keys,
    region,
    service: call.service,
    sha256: Sha256,
    uriEscapePath: true,
  })
  const request = {
    method: call.method ?? 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    port: Number(url.port),
    path: call.path ?? '/',
    headers: { host: url.host, ...call.headers },
    body: call.body,
  }
  const headers: Readonly<Record<string, string>> = call.unsigned
    ? request.headers
    : (await signer.sign(request)).headers
  const body = call.sentBody ?? call.body
  const answer = await fetch(new URL(call.sentPath ?? request.path, url), {
    method: request.method,
    headers,
    ...(request.method !== 'GET' && { body }),
  })
  const [, signature] = /Signature=([0-9a-f]{64})/.exec(headers.authorization ?? '') ?? []
  return { status: answer.status, text: await answer.text(), headers: answer.headers, signature }
}

/** What the signer wants of a hash: SHA-256, or HMAC with it where there is a key. */
class Sha256 {
  readonly #hash: ReturnType<typeof createHash> | ReturnType<typeof createHmac>
  constructor(key?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(key))
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data))
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
  reset(): void {}
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return new TextEncoder().encode(data)
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data)
}
