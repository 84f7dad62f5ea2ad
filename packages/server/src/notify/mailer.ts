import { createTransport, type Transporter } from 'nodemailer'
import type { Plaintext } from '../platform/plaintext.ts'
import type { Timer } from '../platform/timer.ts'
import { DeliveryFailure } from './delivery-failure.ts'

/** Where mails are handed over, and by whom. */
export interface MailSettings {
  readonly host: string
  readonly port: number
  /** TLS from the first byte on. */
  readonly secure: boolean
  /** Refuses to go on without STARTTLS. */
  readonly demandTls: boolean
  readonly user?: string
  readonly password?: Plaintext
  readonly from: string
  /** Certificates, PEM, that are believed. */
  readonly ca?: readonly string[]
}

export interface Mail {
  readonly to: string
  /** The sender's name as people see it. */
  readonly name: string
  readonly subject: string
  readonly text: string
  readonly id: string
  readonly at: Date
}

const LIMIT_MS = 15_000
/** From the first step to the last; shorter than the time for which a job is claimed. */
const WHOLE_LIMIT_MS = 40_000

/**
 * Hands mails to an SMTP server. The server is the operator's choice, so its address may be any; what is sent to it
 * is plain text to one checked address, and nothing in a message can become a header.
 */
export class Mailer implements Disposable {
  readonly #transport: Transporter
  readonly #from: string
  readonly #timer: Timer

  constructor(settings: MailSettings, timer: Timer) {
    const { host, port, secure, demandTls, user, password, from, ca } = settings
    this.#from = from
    this.#timer = timer
    this.#transport = createTransport({
      host,
      port,
      secure,
      requireTLS: demandTls,
      ...(user !== undefined && { auth: { user, pass: password?.text() ?? '' } }),
      tls: { minVersion: 'TLSv1.2', ...(ca && { ca: [...ca] }) },
      connectionTimeout: LIMIT_MS,
      greetingTimeout: LIMIT_MS,
      socketTimeout: LIMIT_MS,
      dnsTimeout: LIMIT_MS,
      // A message is text and never names a file or a URL to be fetched.
      disableFileAccess: true,
      disableUrlAccess: true,
    })
  }

  /** @throws DeliveryFailure, permanent where the server says that it never will */
  async send({ to, name, subject, text, id, at }: Mail): Promise<void> {
    const over = Promise.withResolvers<never>()
    over.promise.catch(() => {})
    using _ = this.#timer.after(WHOLE_LIMIT_MS, () => over.reject(new DeliveryFailure('timeout')))
    const sent = this.#transport.sendMail({
      from: { name: oneLine(name), address: this.#from },
      to: { name: '', address: to },
      subject: oneLine(subject),
      text,
      date: at,
      messageId: `<${id}@${this.#from.split('@')[1] ?? 'lockstep'}>`,
      // RFC 3834: nobody's absence is to be answered to this.
      headers: { 'Auto-Submitted': 'auto-generated' },
    })
    await Promise.race([sent.then(() => {}, refuse), over.promise])
  }

  [Symbol.dispose](): void {
    this.#transport.close()
  }
}

/** A header's text: whatever ends a line, or hides, becomes a space. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim()
}

/** 5xx is for good; everything else may pass. @see RFC 5321, section 4.2.1 */
function refuse(error: Error & { readonly responseCode?: number; readonly code?: string }): never {
  if (error.responseCode === undefined) {
    throw new DeliveryFailure(error.code === 'ETIMEDOUT' ? 'timeout' : 'connection-failed')
  }
  const isForGood = error.responseCode >= 500 && error.code !== 'EAUTH'
  throw new DeliveryFailure('mail-refused', { permanent: isForGood })
}
