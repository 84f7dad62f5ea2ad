import { createHash, type KeyObject, sign } from 'node:crypto'

/** What a certificate says besides its key. */
export interface CertificateSubject {
  readonly commonName: string
  /** Up to 20 bytes; as a positive number. */
  readonly serial: Uint8Array
  readonly notBefore: Date
  readonly notAfter: Date
}

/** The tags of DER that a certificate needs. @see ITU-T X.690, section 8 */
const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  /** Version and extensions have these for their place. */
  version: 0xa0,
  extensions: 0xa3,
} as const

/** Object identifiers, as DER has their content. */
const OID = {
  commonName: '550403',
  sha256WithRsa: '2a864886f70d01010b',
  basicConstraints: '551d13',
  keyUsage: '551d0f',
  subjectKeyIdentifier: '551d0e',
} as const

const PEM_COLUMNS = 64

/**
 * A certificate, PEM, that an RSA key has signed for itself. Its readers take the public key from it and nothing
 * else, so it says little; a library for X.509 would be more to trust than this is to read.
 * @see https://www.rfc-editor.org/rfc/rfc5280#section-4
 */
export function selfSignedCertificate(
  keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject },
  subject: CertificateSubject,
): string {
  const body = toBeSigned(keys.publicKey, subject)
  const signature = sign('sha256', body, keys.privateKey)
  const certificate = sequence(body, ALGORITHM, der(TAG.bitString, Buffer.of(0), signature))
  const lines = certificate.toString('base64').match(new RegExp(`.{1,${PEM_COLUMNS}}`, 'g')) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

function toBeSigned(
  publicKey: KeyObject,
  { commonName, serial, notBefore, notAfter }: CertificateSubject,
): Buffer {
  const name = sequence(der(TAG.set, sequence(oid(OID.commonName), der(TAG.utf8, Buffer.from(commonName)))))
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  return sequence(
    der(TAG.version, der(TAG.integer, Buffer.of(2))), // version 3
    der(TAG.integer, positive(serial)),
    ALGORITHM,
    name,
    sequence(time(notBefore), time(notAfter)),
    name,
    spki,
    der(TAG.extensions, sequence(...extensions(spki))),
  )
}

function extensions(spki: Buffer): readonly Buffer[] {
  const critical = der(TAG.boolean, Buffer.of(0xff))
  const digitalSignature = der(TAG.bitString, Buffer.of(7, 0x80))
  const keyId = der(TAG.octetString, createHash('sha256').update(spki).digest().subarray(0, 20))
  return [
    sequence(oid(OID.basicConstraints), critical, der(TAG.octetString, sequence())),
    sequence(oid(OID.keyUsage), critical, der(TAG.octetString, digitalSignature)),
    sequence(oid(OID.subjectKeyIdentifier), der(TAG.octetString, keyId)),
  ]
}

/** One value: its tag, its length, and what it is. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.of(tag), lengthOf(content.length), content])
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length)
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return Buffer.of(0x80 | bytes.length, ...bytes)
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return der(TAG.sequence, ...parts)
}

function oid(hex: string): Buffer {
  return der(TAG.oid, Buffer.from(hex, 'hex'))
}

const ALGORITHM = sequence(oid(OID.sha256WithRsa), der(TAG.null))

/** The shortest form of a number that is not negative and not 0. */
function positive(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0)
  const trimmed = Buffer.from(first === -1 ? [1] : bytes.subarray(first))
  return (trimmed[0] ?? 0) < 0x80 ? trimmed : Buffer.concat([Buffer.of(0), trimmed])
}

/** Two digits of the year until 2049, four from 2050 on. */
function time(at: Date): Buffer {
  const digits = at.toISOString().replace(/[-:T]|\.\d{3}/g, '')
  return at.getUTCFullYear() < 2050
    ? der(TAG.utcTime, Buffer.from(digits.slice(2)))
    : der(TAG.generalizedTime, Buffer.from(digits))
}
