import { createHash, createPublicKey, sign } from 'node:crypto'
import type { Frame, FrameBody, ServerKey } from '@lockstep/wire'
import { newEd25519Key, privateKeyIn } from '../keyring/ed25519.ts'
import type { Keyring } from '../keyring/keyring.ts'
import type { Random } from '../platform/random.ts'
import type { Store } from '../store/store.ts'

/** What nodes are commanded with: they obey whoever holds this key, and nobody else. */
export interface FleetKey extends ServerKey {
  /** One line of an answer, its end included. */
  line(body: FrameBody): string
}

const CONTEXT = { key: 'fleet' }
/** Held by a server that looks whether it is the first. */
const LOCK = { account: '', region: '', name: 'fleet-key' }

/**
 * Opens the installation's key, or makes it at the first start. It is one for all its servers, and never another: every
 * node has pinned it.
 * @throws OpenFailure where what is stored is not this keyring's
 */
export async function openFleetKey(
  store: Store,
  { keyring, random }: { readonly keyring: Keyring; readonly random: Random },
): Promise<FleetKey> {
  const sealed = await store.write(async ({ installation }) => {
    const known = await installation.fact('fleet-key')
    if (known !== undefined) return known
    const made = newSealed(keyring, random)
    await installation.setFact('fleet-key', made)
    return made
  }, LOCK)
  using pkcs8 = keyring.open('fleet-signing', Buffer.from(sealed, 'base64'), CONTEXT)
  const privateKey = privateKeyIn(pkcs8.reveal())
  const der = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  return {
    serverKey: der.toString('base64'),
    fingerprint: `SHA256:${createHash('sha256').update(der).digest('base64').replace(/=+$/, '')}`,
    line(content) {
      const body = JSON.stringify(content)
      const frame: Frame = { body, signature: sign(null, Buffer.from(body), privateKey).toString('base64') }
      return `${JSON.stringify(frame)}\n`
    },
  }
}

function newSealed(keyring: Keyring, random: Random): string {
  const pkcs8 = newEd25519Key(random)
  try {
    return Buffer.from(keyring.seal('fleet-signing', pkcs8, CONTEXT)).toString('base64')
  } finally {
    pkcs8.fill(0)
  }
}
