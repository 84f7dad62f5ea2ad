import type { Post } from '../outbound/outbound.ts'
import type { MessageAttributes } from './notice.ts'
import type { SignatureVersion } from './signer.ts'

/** What an HTTP subscription, and one of e-mail in JSON, is told. */
export type Envelope = NotificationEnvelope | QuestionEnvelope

export interface NotificationEnvelope {
  readonly Type: 'Notification'
  readonly MessageId: string
  readonly TopicArn: string
  readonly Subject?: string
  readonly Message: string
  readonly Timestamp: string
  readonly UnsubscribeURL: string
  readonly MessageAttributes?: Readonly<Record<string, { readonly Type: string; readonly Value: string }>>
}

export interface QuestionEnvelope {
  readonly Type: 'SubscriptionConfirmation'
  readonly MessageId: string
  readonly Token: string
  readonly TopicArn: string
  readonly Message: string
  readonly SubscribeURL: string
  readonly Timestamp: string
}

/** Who signed an envelope, and how. */
export interface Signature {
  readonly version: SignatureVersion
  readonly signature: string
  readonly certificateUrl: string
}

const SIGNED = {
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
} as const

/**
 * The text that is signed.
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
 */
export function stringToSign(envelope: Envelope): string {
  const members = new Map<string, unknown>(Object.entries(envelope))
  return SIGNED[envelope.Type]
    .filter((name) => members.get(name) !== undefined)
    .map((name) => `${name}\n${members.get(name)}\n`)
    .join('')
}

/**
 * The envelope as it travels.
 * @see https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html
 */
export function signedEnvelope(
  envelope: Envelope,
  { version, signature, certificateUrl }: Signature,
): string {
  const signed = { SignatureVersion: version, Signature: signature, SigningCertURL: certificateUrl }
  if (envelope.Type === 'SubscriptionConfirmation') return JSON.stringify({ ...envelope, ...signed }, null, 2)
  const { UnsubscribeURL, MessageAttributes, ...rest } = envelope
  return JSON.stringify({ ...rest, ...signed, UnsubscribeURL, MessageAttributes }, null, 2)
}

export function shownAttributes(
  attributes: MessageAttributes,
): NonNullable<NotificationEnvelope['MessageAttributes']> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { type, value }]) => [name, { Type: type, Value: value }]),
  )
}

export interface HttpParts {
  readonly endpoint: string
  readonly envelope: Envelope
  /** The whole envelope, signed; or the message alone. */
  readonly body: string
  readonly isRaw: boolean
  readonly contentType: string | undefined
  /** Of a confirmed subscription. */
  readonly subscriptionArn?: string
}

/** @see https://docs.aws.amazon.com/sns/latest/dg/http-header.html */
export function httpPost({ endpoint, envelope, body, isRaw, contentType, subscriptionArn }: HttpParts): Post {
  return {
    url: new URL(endpoint),
    body,
    headers: {
      'content-type': contentType ?? 'text/plain; charset=UTF-8',
      'user-agent': 'Amazon Simple Notification Service Agent',
      'x-amz-sns-message-type': envelope.Type,
      'x-amz-sns-message-id': envelope.MessageId,
      'x-amz-sns-topic-arn': envelope.TopicArn,
      ...(subscriptionArn !== undefined && { 'x-amz-sns-subscription-arn': subscriptionArn }),
      ...(isRaw && { 'x-amz-sns-rawdelivery': 'true' }),
    },
  }
}

/** Whether a receiver's answer means that trying again is of no use. @see the retry policy's documentation */
export function isPermanent(status: number): boolean {
  return status >= 400 && status < 500 && status !== 429
}
