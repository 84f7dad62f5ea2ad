import { type IncomingMessage, request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'

export interface Server {
  /** `https://lockstep.example:4600` */
  readonly endpoint: string
  /** PEM of who may have signed the server's certificate; absent: whom the system trusts. */
  readonly ca?: string | undefined
}

/** The server answered, and not with what was asked for. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly status: number
  constructor(status: number, sentence: string) {
    super(`${status} ${sentence}`)
    this.status = status
  }
}

export interface Sent {
  readonly path: string
  /** JSON, which is posted; without one it is a GET. */
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

/** Asks; the answer's head has come when this settles, its body has not. Redirects are not followed. */
export function send(
  { endpoint, ca }: Server,
  { path, body, headers, signal }: Sent,
): Promise<IncomingMessage> {
  const url = new URL(path, endpoint)
  const content = body === undefined ? {} : contentHeaders(body)
  const options = {
    method: body === undefined ? 'GET' : 'POST',
    headers: { ...headers, ...content },
    signal,
    ...(ca !== undefined && { ca }),
  }
  return new Promise((resolve, reject) => {
    const sent = url.protocol === 'https:' ? tlsRequest(url, options) : plainRequest(url, options)
    sent.once('response', resolve)
    sent.once('error', reject)
    sent.end(body)
  })
}

function contentHeaders(body: string): Readonly<Record<string, string>> {
  return { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }
}

/** The body of an answer, which is bounded. @throws Refused where the status is not 200 */
export async function answerOf(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size > maxBytes) throw new Error('the answer is too long')
    chunks.push(bytes)
  }
  const text = Buffer.concat(chunks).toString()
  if (response.statusCode !== 200) throw new Refused(response.statusCode ?? 0, text.slice(0, 300))
  return text
}

/** The lines of an answer as they come. Ends with the answer, and throws where the connection does. */
export async function* linesOf(response: IncomingMessage, maxBytes: number): AsyncGenerator<string> {
  response.setEncoding('utf8')
  let rest = ''
  for await (const chunk of response) {
    rest += chunk
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      yield rest.slice(0, end)
      rest = rest.slice(end + 1)
    }
    if (rest.length > maxBytes) throw new Error('a line is too long')
  }
}
