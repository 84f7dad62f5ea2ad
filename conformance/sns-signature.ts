/** What a receiver of SNS's notices does to believe one, as AWS's documentation says it. */
import assert from 'node:assert/strict'
import { createVerify, X509Certificate } from 'node:crypto'
import { demandLoopback } from './loopback.ts'

const SIGNED_MEMBERS = {
  Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
  SubscriptionConfirmation: [
    'Message',
    'MessageId',
    'SubscribeURL',
    'Timestamp',
    'Token',
    'TopicArn',
    'Type',
  ],
}

type Message = Readonly<Record<string, string>>

/**
 * Whether a notice was signed by the server at `serverUrl`, whose certificate is fetched from where the notice says.
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
 */
export async function isSignedBy(message: Message, serverUrl: string): Promise<boolean> {
  const { SigningCertURL = '', SignatureVersion, Signature = '', Type } = message
  assert.equal(new URL(SigningCertURL).origin, new URL(serverUrl).origin)
  const answer = await fetch(demandLoopback(SigningCertURL))
  assert.equal(answer.status, 200)
  const { publicKey, validFromDate, validToDate } = new X509Certificate(await answer.text())
  assert.ok(validFromDate <= new Date() && new Date() <= validToDate)
  assert.ok(Type === 'Notification' || Type === 'SubscriptionConfirmation', Type)
  assert.ok(SignatureVersion === '1' || SignatureVersion === '2', SignatureVersion)
  const text = SIGNED_MEMBERS[Type]
    .filter((name) => message[name] !== undefined)
    .map((name) => `${name}\n${message[name]}\n`)
    .join('')
  const verifier = createVerify(SignatureVersion === '1' ? 'RSA-SHA1' : 'RSA-SHA256')
  return verifier.update(text).verify(publicKey, Signature, 'base64')
}
