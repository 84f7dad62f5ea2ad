import { join, resolve } from 'node:path'
import type { Config } from '../config.ts'
import { probeConfinement } from '../functions/confinement.ts'
import { FunctionRunner } from '../functions/runner.ts'
import type { Keyring } from '../keyring/keyring.ts'
import { systemClock } from '../platform/clock.ts'
import type { Store } from '../store/store.ts'
import type { Doors } from './doors.ts'

/** Where nobody answers. Without any address, an SDK would take the calls to Amazon. */
const NOWHERE = 'http://127.0.0.1:1'

/** What runs functions, and keeps them from everything that the server was told to keep. */
export function functionRunner(
  config: Config,
  { store, keyring }: { readonly store: Store; readonly keyring: Keyring },
  doors: Doors,
): FunctionRunner {
  const { data, rootKey, tls, passphraseFile, functions } = config
  const { endpoint: told, ...settings } = functions
  const isKept = data !== 'memory'
  const hidden = [
    ...(isKept ? [data] : []),
    ...(rootKey.startsWith('file:') ? [resolve(rootKey.slice('file:'.length))] : []),
    ...(tls ? [resolve(tls.keyFile)] : []),
    ...(passphraseFile === undefined ? [] : [resolve(passphraseFile)]),
  ]
  return new FunctionRunner({
    ...doors,
    ...{ store, keyring },
    wallClock: systemClock,
    confinement: () => probeConfinement(process.getuid?.() === 0),
    endpoint: told === undefined ? (doors.endpoint ?? Promise.resolve(NOWHERE)) : Promise.resolve(told),
    settings: {
      ...settings,
      // What lies in a hidden directory needs no cover of its own, and could have none.
      hidden: hidden.filter((path) => path === data || !path.startsWith(`${data}/`)),
      ...(isKept && { logDirectory: join(data, 'logs', 'functions') }),
    },
  })
}
