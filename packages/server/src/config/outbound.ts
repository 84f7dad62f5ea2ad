import type { MailSettings } from '../notify/mailer.ts'
import { isCidr } from '../outbound/address-rules.ts'
import { Plaintext } from '../platform/plaintext.ts'
import { isLoopback } from './loopback.ts'
import type { Reader } from './reader.ts'
import type { Environment } from './sources.ts'

/** What leaves the server for where others say, and by which ways. */
export interface OutboundConfig {
  /** Ranges that may be sent to although they are not public, in CIDR notation. */
  readonly allowOutbound: readonly string[]
  /** Certificates, PEM, that receivers may have besides the well-known ones. */
  readonly outboundCa?: string
  readonly mail?: Omit<MailSettings, 'ca'>
  /** What links begin with: the operator's word, or else what is listened on. */
  readonly publicUrl?: string
}

export function outboundOf(reader: Reader, env: Environment): OutboundConfig {
  return {
    allowOutbound: reader.list('allow-outbound').map((range) => rangeOf(reader, range)),
    ...outboundCaOf(reader),
    ...mailOf(reader, env),
    ...publicUrlOf(reader),
  }
}

function rangeOf(reader: Reader, range: string): string {
  if (!isCidr(range)) reader.complain('allow-outbound', `${range} is not a range such as 10.20.0.0/16`)
  return range
}

function outboundCaOf(reader: Reader): Pick<OutboundConfig, 'outboundCa'> {
  const path = reader.text('outbound-ca')
  const pem = path === undefined ? undefined : reader.file('outbound-ca', path)
  if (pem === undefined) return {}
  if (!pem.includes('-----BEGIN CERTIFICATE-----'))
    reader.complain('outbound-ca', `${path} holds no PEM certificate`)
  return { outboundCa: pem }
}

/** The address is never repeated in a complaint: it may hold a password. */
function mailOf(reader: Reader, env: Environment): Pick<OutboundConfig, 'mail'> {
  const text = reader.text('smtp-url')
  const from = reader.text('mail-from')
  if (text === undefined) {
    if (from !== undefined) reader.complain('mail-from', 'is of no use without --smtp-url')
    return {}
  }
  if (from === undefined) reader.complain('smtp-url', 'needs a sender: give --mail-from')
  else if (!/^[^\s@<>",;:]+@[^\s@<>",;:]+$/.test(from))
    reader.complain('mail-from', 'is not an address such as lockstep@example.com')
  const url = /^smtps?:\/\//.test(text) && URL.canParse(text) ? new URL(text) : undefined
  if (!url || url.hostname === '' || (url.pathname !== '' && url.pathname !== '/')) {
    reader.complain('smtp-url', 'is not smtp://HOST:PORT or smtps://HOST:PORT')
    return {}
  }
  if (url.password !== '') {
    reader.complain(
      'smtp-url',
      'holds a password, which every user of the machine can read: give it in LOCKSTEP_SMTP_PASSWORD',
    )
  }
  const path = env.LOCKSTEP_SMTP_PASSWORD_FILE
  const password =
    env.LOCKSTEP_SMTP_PASSWORD ?? (path ? reader.file('smtp-url', path)?.replace(/\r?\n$/, '') : undefined)
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const secure = url.protocol === 'smtps:'
  return {
    mail: {
      host,
      port: Number(url.port) || (secure ? 465 : 587),
      secure,
      // A password never leaves the machine unencrypted; without one, a relay without TLS is the operator's choice.
      demandTls: !secure && url.username !== '' && !isLoopback(host),
      from: from ?? '',
      ...(url.username !== '' && { user: decodeURIComponent(url.username) }),
      ...(password !== undefined && { password: Plaintext.fromText(password) }),
    },
  }
}

function publicUrlOf(reader: Reader): Pick<OutboundConfig, 'publicUrl'> {
  const text = reader.text('public-url')
  if (text === undefined) return {}
  const url = /^https?:\/\//.test(text) && URL.canParse(text) ? new URL(text) : undefined
  // An origin and nothing else, but for the slash that people put behind it.
  if (url?.origin !== text.toLowerCase().replace(/\/$/, '')) {
    reader.complain('public-url', `${text} is not a URL such as https://lockstep.example.com`)
  }
  return { publicUrl: text.replace(/\/+$/, '') }
}
