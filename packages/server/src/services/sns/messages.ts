import type { MessageAttributeValue } from '@aws-sdk/client-sns'
import type { Message, MessageAttributes } from '../../notify/notice.ts'
import { invalidAttributeValue, invalidParameter } from './errors.ts'

/** @see https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
export const MAX_MESSAGE_BYTES = 256 * 1024
const MAX_SUBJECT = 100

/** What Publish and an entry of PublishBatch have in common. */
export interface GivenMessage {
  readonly Message: string
  readonly Subject?: string | undefined
  readonly MessageStructure?: string | undefined
  readonly MessageAttributes?: Readonly<Record<string, MessageAttributeValue>> | undefined
}

/** Reads what a caller publishes. @throws InvalidParameter, ParameterValueInvalid */
export function readMessage(given: GivenMessage): Message {
  const { Message: message, Subject: subject, MessageStructure, MessageAttributes = {} } = given
  if (message === '') throw invalidParameter('Empty message')
  if (sizeOf(given) > MAX_MESSAGE_BYTES) throw invalidParameter('Message too long')
  if (subject !== undefined) demandSubject(subject)
  const attributes = readAttributes(MessageAttributes)
  const read = { message, ...(subject !== undefined && { subject }), attributes }
  if (MessageStructure === undefined || MessageStructure === '') return read
  if (MessageStructure !== 'json') throw invalidParameter('MessageStructure')
  demandStructure(message)
  return { ...read, structure: 'json' }
}

/** How much of the limit a message takes: its text, and its attributes' names, types and values. */
export function sizeOf({ Message: message, MessageAttributes = {} }: GivenMessage): number {
  const attributes = Object.entries(MessageAttributes).map(
    ([name, { DataType = '', StringValue = '', BinaryValue }]) =>
      Buffer.byteLength(name + DataType + StringValue) + (BinaryValue?.length ?? 0),
  )
  return attributes.reduce((sum, bytes) => sum + bytes, Buffer.byteLength(message))
}

/** Printable ASCII that begins with a letter, a digit or a sign: it becomes a header of mails. */
function demandSubject(subject: string): void {
  if (subject.length > MAX_SUBJECT || !/^[\x21-\x7e][\x20-\x7e]*$/.test(subject))
    throw invalidParameter('Subject')
}

function demandStructure(message: string): void {
  let texts: unknown
  try {
    texts = JSON.parse(message)
  } catch {
    throw invalidParameter('Message Structure - JSON message body failed to parse')
  }
  if (typeof texts !== 'object' || texts === null || Array.isArray(texts))
    throw invalidParameter('Message Structure - JSON message body failed to parse')
  if (!Object.hasOwn(texts, 'default')) {
    throw invalidParameter('Message Structure - No default entry in JSON message body')
  }
  if (!Object.values(texts).every((text) => typeof text === 'string')) {
    throw invalidParameter('Message Structure - JSON message body failed to parse')
  }
}

const ATTRIBUTE_NAME = /^(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)$/
const ATTRIBUTE_TYPE = /^(?:String|Number|Binary)(?:\..{1,240})?$/

function readAttributes(given: Readonly<Record<string, MessageAttributeValue>>): MessageAttributes {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, readAttribute(name, value)]))
}

function readAttribute(
  name: string,
  { DataType: type = '', StringValue, BinaryValue }: MessageAttributeValue,
) {
  if (!ATTRIBUTE_NAME.test(name) || /^(?:aws|amazon)\./i.test(name)) {
    throw invalidAttributeValue(`The message attribute name '${name}' is invalid.`)
  }
  if (!ATTRIBUTE_TYPE.test(type)) {
    throw invalidAttributeValue(
      `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    )
  }
  const isBinary = type.startsWith('Binary')
  const value = isBinary ? BinaryValue && Buffer.from(BinaryValue).toString('base64') : StringValue
  if (value === undefined || value === '') {
    throw invalidAttributeValue(
      `The message attribute '${name}' must contain non-empty message attribute value for message attribute type '${type}'.`,
    )
  }
  if (type.startsWith('Number') && !/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/.test(value)) {
    throw invalidAttributeValue(`Could not cast message attribute '${name}' value to number.`)
  }
  return { type, value }
}
