import type { Keyring } from '../keyring/keyring.ts'
import type { Random } from '../platform/random.ts'
import type { Store } from '../store/store.ts'
import { newTrailKey, openTrailKey, type SigningKey } from './signing-key.ts'

/**
 * Opens the trail for a server that starts, after the keyring is unsealed and before the first call: makes the
 * signing key where there is none, opens it, and has the store open its lanes.
 *
 * @throws OpenFailure when the stored signing key is not one of this keyring.
 */
export async function openTrail(
  store: Store,
  { keyring, random }: { readonly keyring: Keyring; readonly random: Random },
): Promise<SigningKey> {
  const { generation } = keyring
  const stored = await store.write(async ({ trail }) => {
    if (!(await trail.key())) await trail.addKey(newTrailKey(keyring, random))
    return trail.key()
  })
  if (!stored) throw new Error('The signing key was stored and is not there')
  const signingKey = openTrailKey(stored, keyring)
  await store.openTrail(generation, keyring.macKey('trail-lane', generation))
  return signingKey
}
