import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'
import type { NodeFacts, RegisterRequest, SignedHeaders } from '@lockstep/wire'
import type { Doors } from './platform.ts'

/** A new key pair of a node; the private half never leaves it. */
export function newNodeKey(): KeyObject {
  return generateKeyPairSync('ed25519').privateKey
}

/** Base64 of the public half, SubjectPublicKeyInfo in DER. */
export function publicKeyOf(key: KeyObject): string {
  return createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64')
}

/** What a server's key is recognised by: `SHA256:` and base64 without padding, as OpenSSH prints fingerprints. */
export function fingerprintOf(publicKey: string): string {
  const digest = createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('base64')
  return `SHA256:${digest.replace(/=+$/, '')}`
}

export function serverKeyOf(publicKey: string): KeyObject {
  return createPublicKey({ key: Buffer.from(publicKey, 'base64'), type: 'spki', format: 'der' })
}

/** The request to become a node, with the proof that its sender holds the key it names. */
export function registerRequest(
  key: KeyObject,
  asked: { readonly activationId: string; readonly activationCode: string; readonly facts: NodeFacts },
): RegisterRequest {
  const told = {
    activationId: asked.activationId,
    activationCode: asked.activationCode,
    publicKey: publicKeyOf(key),
    facts: asked.facts,
  }
  const proof = sign(null, Buffer.from(`lockstep register v1\n${JSON.stringify(told)}`), key)
  return { ...told, proof: proof.toString('base64') }
}

/** The headers by which a request proves that this node sent it, these very bytes, just now. */
export function signedHeaders(
  { key, node }: { readonly key: KeyObject; readonly node: string },
  { path, body }: { readonly path: string; readonly body: string },
  doors: Pick<Doors, 'now' | 'hex'>,
): SignedHeaders {
  const at = doors.now().toISOString()
  const nonce = doors.hex(16)
  const digest = createHash('sha256').update(body).digest('hex')
  const signature = sign(null, Buffer.from(['POST', path, node, at, nonce, digest].join('\n')), key)
  return {
    'x-lockstep-node': node,
    'x-lockstep-at': at,
    'x-lockstep-nonce': nonce,
    authorization: `LOCKSTEP-ED25519 ${signature.toString('base64')}`,
  }
}

/** Whether the server whose key was pinned signed `text`. */
export function isSignedBy(serverKey: KeyObject, text: string, signature: string): boolean {
  return verify(null, Buffer.from(text), serverKey, Buffer.from(signature, 'base64'))
}
