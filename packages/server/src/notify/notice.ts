import type { Keyring, Sealed } from '../keyring/keyring.ts'
import type { Place } from '../store/store.ts'

/** One attribute of a message. Binary values are base64. */
interface MessageAttribute {
  /** `String`, `String.Array`, `Number` or `Binary`, with any label behind a further dot. */
  readonly type: string
  readonly value: string
}

export type MessageAttributes = Readonly<Record<string, MessageAttribute>>

/** What is published to a topic. */
export interface Message {
  readonly subject?: string | undefined
  readonly message: string
  /** `json`: {@link message} has a text for each protocol, and one for the others under `default`. */
  readonly structure?: 'json' | undefined
  readonly attributes?: MessageAttributes | undefined
}

/** Seals a message for the time that it waits for delivery. */
export function sealMessage(keyring: Keyring, place: Place, id: string, message: Message): Sealed {
  const bytes = new TextEncoder().encode(JSON.stringify(message))
  return keyring.seal('notice', bytes, contextOf(place, id))
}

/** Undoes {@link sealMessage}. */
export function openMessage(keyring: Keyring, place: Place, id: string, sealed: Sealed): Message {
  using bytes = keyring.open('notice', sealed, contextOf(place, id))
  return JSON.parse(bytes.text()) as Message // written by sealMessage, and authenticated
}

function contextOf({ account, region }: Place, id: string) {
  return { account, region, messageId: id }
}
