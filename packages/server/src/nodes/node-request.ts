import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { Received } from '../gateway/call.ts'
import type { FleetNode, NodeReader } from '../store/nodes.ts'
import { type Refusal, refusals } from './refusals.ts'
import { type ReplayGuard, WINDOW_MS } from './replay-guard.ts'

const NODE = /^(\d{12})\/([a-z0-9-]{1,32})\/(mi-[0-9a-f]{17})$/
const NONCE = /^[0-9a-f]{32}$/
/** 64 bytes. */
const SIGNATURE = /^LOCKSTEP-ED25519 ([A-Za-z0-9+/]{86}==)$/

export interface Doorkeeper {
  readonly nodes: Pick<NodeReader, 'find'>
  readonly guard: ReplayGuard
}

/**
 * Which node sent a request, or why it is not heard. Who is not known and who has signed with another key look alike.
 * The row is read each time: a node that was deregistered is refused from then on.
 */
export async function provenNode(
  received: Received,
  { nodes, guard }: Doorkeeper,
): Promise<FleetNode | Refusal> {
  const header = headersOf(received)
  const named = header('x-lockstep-node')
  const at = header('x-lockstep-at')
  const nonce = header('x-lockstep-nonce')
  const [, account, region, id] = NODE.exec(named) ?? []
  const [, signature] = SIGNATURE.exec(header('authorization')) ?? []
  if (!account || !region || !id || !signature || !NONCE.test(nonce)) return refusals.unproven
  // A text that is no instant is not within anything either.
  const distanceMs = Math.abs(new Date(at).getTime() - received.receivedAt.getTime())
  if (!(distanceMs <= WINDOW_MS)) return refusals.otherTime
  if (!guard.reaches(new Date(at), received.receivedAt)) return refusals.otherTime
  const node = await nodes.find({ account, region }, id)
  if (node?.state === 'deregistered') return refusals.deregistered
  if (node?.publicKey === undefined) return refusals.unproven
  const digest = createHash('sha256').update(received.body).digest('hex')
  const signed = Buffer.from(['POST', received.path, named, at, nonce, digest].join('\n'))
  if (!verify(null, signed, publicKeyIn(node.publicKey), Buffer.from(signature, 'base64')))
    return refusals.unproven
  const taken = guard.take(`${id}${nonce}`, received.receivedAt)
  if (taken === 'known') return refusals.repeated
  return taken === 'full' ? refusals.busy : node
}

/** Whose a request says that it is, where that is in form; nobody has proved it. */
export function claimedNode(received: Received): string | undefined {
  const named = headersOf(received)('x-lockstep-node')
  return NODE.test(named) ? named : undefined
}

/** @throws where it is no key of ours; what was stored was looked at by {@link isNodeKey}. */
export function publicKeyIn(publicKey: string): KeyObject {
  return createPublicKey({ key: Buffer.from(publicKey, 'base64'), type: 'spki', format: 'der' })
}

/** Whether it is an Ed25519 key, written in the one way that there is to write it. */
export function isNodeKey(publicKey: string): boolean {
  try {
    const key = publicKeyIn(publicKey)
    const written = key.export({ type: 'spki', format: 'der' }).toString('base64')
    return key.asymmetricKeyType === 'ed25519' && written === publicKey
  } catch {
    return false
  }
}

/** A header that came more than once is none. */
function headersOf({ headers }: Received): (name: string) => string {
  const found = new Map<string, string>()
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = (headers[i] ?? '').toLowerCase()
    found.set(name, found.has(name) ? '' : (headers[i + 1] ?? ''))
  }
  return (name) => found.get(name) ?? ''
}
