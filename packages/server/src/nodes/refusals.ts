import type { Reply } from '../gateway/call.ts'

/** An answer to a node that is not the one it asked for. */
export interface Refusal {
  readonly refused: string
  readonly status: number
}

/** The sentences are for whoever looks into an agent's log. */
export const refusals = {
  notThere: { status: 404, refused: 'There is no such path; see docs/decisions/0013-node-link.md.' },
  malformed: { status: 400, refused: 'The request is not one of an agent.' },
  tooLarge: { status: 413, refused: 'The request is too large.' },
  unproven: { status: 401, refused: 'The signature is not the one of a node of this server.' },
  otherTime: { status: 401, refused: 'The request is from another time; look at the clock of the node.' },
  repeated: { status: 401, refused: 'The request has come in before.' },
  deregistered: { status: 403, refused: 'The node was deregistered; enrol it again to make it a new one.' },
  busy: { status: 503, refused: 'The server has no room for this now; try again.' },
  throttled: { status: 429, refused: 'Too many requests come from this address; try again later.' },
  /** The same whether there is no such activation, its code is another, it is used up or its time is over. */
  activation: {
    status: 403,
    refused: 'The activation does not admit this machine: wrong, expired or used up.',
  },
  knownMachine: {
    status: 409,
    refused:
      'The machine is a node already. Deregister that one first, or make an activation that readmits machines.',
  },
} as const satisfies Readonly<Record<string, Refusal>>

export function isRefusal<T extends object>(value: T | Refusal): value is Refusal {
  return 'refused' in value
}

export function refusalReply({ status, refused }: Refusal): Reply {
  return jsonReply(status, { message: refused })
}

export function jsonReply(status: number, content: object): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: new TextEncoder().encode(JSON.stringify(content)),
  }
}
