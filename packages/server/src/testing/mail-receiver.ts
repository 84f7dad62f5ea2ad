import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

/** A mail as it arrived. */
export interface ReceivedMail {
  readonly from: string
  readonly to: readonly string[]
  /** Unfolded, by their names in lower case; of several with one name, all. */
  readonly headers: ReadonlyMap<string, readonly string[]>
  /** Decoded. */
  readonly text: string
}

/** An SMTP server on loopback that keeps what it is handed. */
export class MailReceiver implements AsyncDisposable {
  readonly mails: ReceivedMail[] = []
  /** What it answers to a recipient; nothing where it takes the mail. */
  refusal: (Error & { responseCode: number }) | undefined
  readonly #server: SMTPServer

  private constructor() {
    this.#server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['AUTH', 'STARTTLS'],
      onRcptTo: (_, __, done) => done(this.refusal),
      onData: (stream, { envelope }, done) => {
        const chunks: Buffer[] = []
        stream.on('data', (chunk: Buffer) => chunks.push(chunk))
        stream.on('end', () => {
          const from = envelope.mailFrom ? envelope.mailFrom.address : ''
          const to = envelope.rcptTo.map(({ address }) => address)
          this.mails.push({ from, to, ...parse(Buffer.concat(chunks).toString('latin1')) })
          done()
        })
      },
    })
  }

  static async open(): Promise<MailReceiver> {
    const receiver = new MailReceiver()
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', () => resolve()))
    return receiver
  }

  get url(): string {
    const { port } = this.#server.server.address() as AddressInfo // a TCP listener's address is always this
    return `smtp://127.0.0.1:${port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}

function parse(raw: string): Pick<ReceivedMail, 'headers' | 'text'> {
  const end = raw.indexOf('\r\n\r\n')
  const headers = new Map<string, string[]>()
  for (const line of raw
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n')) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()])
  }
  const body = raw.slice(end + 4)
  const encoding = headers.get('content-transfer-encoding')?.[0] ?? '7bit'
  return { headers, text: decoded(body, encoding) }
}

function decoded(body: string, encoding: string): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString()
  if (encoding !== 'quoted-printable') return body
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString()
}
