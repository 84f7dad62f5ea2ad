import assert from 'node:assert/strict'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { selfSignedCertificate } from './certificate.ts'

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
const NOT_BEFORE = new Date('2026-01-15T10:00:00Z')

function certificate(serial: Uint8Array, notAfter: Date): X509Certificate {
  const subject = { commonName: 'sns.us-east-1.lockstep', serial, notBefore: NOT_BEFORE, notAfter }
  return new X509Certificate(selfSignedCertificate(keys, subject))
}

test('a certificate says what it was made of and verifies by its own key', () => {
  const made = certificate(Buffer.from('00ff', 'hex'), new Date('2027-01-15T10:00:00Z'))
  assert.equal(made.subject, 'CN=sns.us-east-1.lockstep')
  assert.equal(made.issuer, made.subject)
  assert.equal(made.ca, false)
  assert.equal(made.serialNumber, 'FF')
  assert.equal(new Date(made.validFrom).toISOString(), '2026-01-15T10:00:00.000Z')
  assert.equal(new Date(made.validTo).toISOString(), '2027-01-15T10:00:00.000Z')
  assert.ok(made.verify(keys.publicKey))
  assert.ok(made.checkPrivateKey(keys.privateKey))
})

test('whatever the serial number and the end, OpenSSL reads them back', () => {
  const serial = fc
    .uint8Array({ minLength: 1, maxLength: 16 })
    .filter((bytes) => bytes.some((byte) => byte > 0))
  const end = fc.integer({ min: 2027, max: 2150 })
  fc.assert(
    fc.property(serial, end, (bytes, year) => {
      const made = certificate(bytes, new Date(`${year}-03-04T05:06:07Z`))
      assert.equal(BigInt(`0x${made.serialNumber}`), BigInt(`0x${Buffer.from(bytes).toString('hex')}`))
      assert.equal(new Date(made.validTo).toISOString(), `${year}-03-04T05:06:07.000Z`)
    }),
    { numRuns: 20 },
  )
})
