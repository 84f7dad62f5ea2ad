import type { AwsError, FormParameters, OperationModel, ServiceModel } from '@lockstep/wire'
import type { Context, InnerCall, Target } from './context.ts'
import type { AnyOperation, Bound } from './operation.ts'
import type { Principal } from './principal.ts'

/** A call as it came off the wire; nothing in it is believed yet. */
export interface Received {
  /** A UUID; the answer carries it as x-amzn-RequestId and the trail as requestID. */
  readonly requestId: string
  readonly receivedAt: Date
  readonly method: string
  /** As received, up to the `?`, still percent-encoded. */
  readonly path: string
  /** As received, after the `?`; empty without one. */
  readonly query: string
  /** name, value, name, value …, as received. */
  readonly headers: readonly string[]
  readonly body: Uint8Array
  /** The body was over the limit and has been dropped. */
  readonly oversized?: true
  /** Bodies of other calls left no room for this one, which has been dropped; it may be sent again. */
  readonly crowded?: true
  /** The peer's address, or the one a trusted proxy vouches for. */
  readonly remoteAddress: string
  readonly tls?: { readonly version: string; readonly cipher: string }
}

/** The bytes that answer a call. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/**
 * What has become known of a call so far. The one thing in the pipeline that changes: the inner rooms
 * write it, and the outer two (answer and record) read it when the call ends, whatever its end.
 */
export interface Facts {
  service?: ServiceModel
  operation?: OperationModel
  /** The operation the caller named, even where there is no such thing. */
  operationName?: string
  accessKeyId?: string
  principal?: Principal
  readOnly: boolean
  region?: string
  /** CloudTrail's form of the input: no sensitive member, no blob. */
  parameters?: Readonly<Record<string, unknown>>
  target?: Target
  response?: Readonly<Record<string, unknown>>
  inner: InnerCall[]
  error?: AwsError
  /** The event went into the transaction that made the change. */
  recorded: boolean
  /** Refused so often that its event is summed up with others; see throttle.ts. */
  summed: boolean
}

export interface Call {
  readonly received: Received
  readonly facts: Facts
}

/** A call that names an operation we answer. */
export interface Identified extends Call {
  readonly service: ServiceModel
  readonly model: OperationModel
  readonly operation: AnyOperation
  /** Query protocol: the form of the body and the query string, merged. */
  readonly form?: FormParameters
}

/** An identified call whose signature holds. */
export interface Authenticated extends Identified {
  readonly principal: Principal
  readonly region: string
}

/** An authenticated call whose input satisfies the service's model. */
export interface Decoded extends Authenticated {
  readonly input: object
}

/** A call with what it needs to run in hand: committed rows, or its own transaction. */
export interface Ready extends Decoded {
  readonly ctx: Context
  readonly bound: Bound
}

/** A call that the policies allow. */
export interface Permitted extends Ready {
  readonly resource: unknown
}

/** The name's value, several joined by a comma as HTTP says; names are compared without case. */
export function header(received: Received, name: string): string | undefined {
  let value: string | undefined
  for (let i = 0; i + 1 < received.headers.length; i += 2) {
    const candidate = received.headers[i] ?? ''
    // Lengths first: most names are told apart without a new string.
    if (candidate.length !== name.length || candidate.toLowerCase() !== name) continue
    const next = received.headers[i + 1] ?? ''
    value = value === undefined ? next : `${value},${next}`
  }
  return value
}
