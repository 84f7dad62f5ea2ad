import { createHash, createHmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import type { Received, Reply } from '../gateway/call.ts'
import { type Keys, sdkCredentials, TEST_REGION, type TestServer } from './server.ts'

/** A call as no SDK would make it. Signed unless `unsigned`. */
export interface RawCall {
  readonly service: string
  /** X-Amz-Target, for the JSON services. */
  readonly target?: string
  readonly body?: string | Uint8Array
  readonly method?: string
  readonly path?: string
  /** Not signed. */
  readonly query?: string
  readonly region?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Added after signing. */
  readonly addedHeaders?: Readonly<Record<string, string>>
  readonly unsigned?: boolean
  /** When the caller's clock says it is. */
  readonly signedAt?: Date
  /** Sent instead of the body that was signed. */
  readonly sentBody?: string
  readonly remoteAddress?: string
  readonly oversized?: true
  readonly crowded?: true
}

export interface RawAnswer {
  readonly status: number
  /** The error code without its namespace, from the body; where a REST answer has none there, from its header. */
  readonly code: string
  readonly message: string
  readonly text: string
  readonly headers: Readonly<Record<string, string>>
}

const HOST = '127.0.0.1:4600'

/** Signs with Amazon's own signer and enters the pipeline with exactly these bytes. */
export async function rawCall(server: TestServer, keys: Keys, call: RawCall): Promise<RawAnswer> {
  const body = call.body ?? ''
  const request = {
    method: call.method ?? 'POST',
    protocol: 'http:',
    hostname: '127.0.0.1',
    port: 4600,
    path: call.path ?? '/',
    headers: {
      host: HOST,
      'content-type':
        call.target === undefined ? 'application/x-www-form-urlencoded' : 'application/x-amz-json-1.1',
      ...(call.target !== undefined && { 'x-amz-target': call.target }),
      ...call.headers,
    },
    body,
  }
  const signer = new SignatureV4({
    credentials: sdkCredentials(keys),
    region: call.region ?? TEST_REGION,
    service: call.service,
    sha256: Sha256,
    uriEscapePath: true,
  })
  const signed = call.unsigned
    ? request
    : await signer.sign(request, { signingDate: call.signedAt ?? server.clock.now() })
  const bytes = call.sentBody ?? body
  const received: Received = {
    requestId: '00000000-0000-4000-8000-000000000000',
    receivedAt: server.clock.now(),
    method: signed.method,
    path: signed.path,
    query: call.query ?? '',
    headers: Object.entries({ ...signed.headers, ...call.addedHeaders }).flat(),
    body: typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes,
    remoteAddress: call.remoteAddress ?? '127.0.0.1',
    ...(call.oversized && { oversized: true }),
    ...(call.crowded && { crowded: true }),
  }
  return answerOf(await server.call(received))
}

function answerOf({ status, headers, body }: Reply): RawAnswer {
  const text = new TextDecoder().decode(body)
  if (text.startsWith('<')) {
    const found = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? ''
    return { status, headers, text, code: found('Code'), message: found('Message') }
  }
  const json: Record<string, unknown> = text === '' ? {} : JSON.parse(text)
  const code = String(json.__type ?? headers['x-amzn-errortype'] ?? '')
  return { status, headers, text, code, message: String(json.Message ?? json.message ?? '') }
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
