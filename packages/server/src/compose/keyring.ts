import type { Config } from '../config.ts'
import { Keyring } from '../keyring/keyring.ts'
import { openRootKey } from '../keyring/root-keys/index.ts'
import type { Store } from '../store/store.ts'
import type { Doors } from './doors.ts'

/** Opens the root key and the keys beneath it; makes them at the first start. */
export async function openKeyring(config: Config, store: Store, { clock, random }: Doors): Promise<Keyring> {
  const records = await store.read.installation.keyringGenerations()
  const root = await openRootKey(config.rootKey, {
    create: records.length === 0,
    random,
    passphrase: config.passphrase,
    passphraseFile: config.passphraseFile,
  })
  if (records.length > 0) return Keyring.unseal(root, records, random)
  const { keyring, record } = await Keyring.create(root, random, clock.now())
  // Stored before anything is sealed with it, unless another server has started in the same moment.
  const isOurs = await store.write(async (tx) => {
    if ((await tx.installation.keyringGenerations()).length > 0) return false
    await tx.installation.addKeyringGeneration(record)
    return true
  })
  return isOurs ? keyring : Keyring.unseal(root, await store.read.installation.keyringGenerations(), random)
}
