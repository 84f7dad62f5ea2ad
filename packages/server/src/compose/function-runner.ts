import { join, resolve } from 'node:path'
import type { Bus } from '../bus/bus.ts'
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
  { store, bus, keyring }: { readonly store: Store; readonly bus: Bus; readonly keyring: Keyring },
  doors: Doors,
): FunctionRunner {
  const { endpoint: told, ...settings } = config.functions
  return new FunctionRunner({
    ...doors,
    ...{ store, bus, keyring },
    wallClock: systemClock,
    confinement: () => probeConfinement(process.getuid?.() === 0),
    endpoint: told === undefined ? (doors.endpoint ?? Promise.resolve(NOWHERE)) : Promise.resolve(told),
    settings: {
      ...settings,
      hidden: hiddenPaths(config),
      ...(config.data !== 'memory' && { logDirectory: join(config.data, 'logs', 'functions') }),
    },
  })
}

/** Where the server's own secrets lie, each absolute. */
export function hiddenPaths({
  data,
  rootKey,
  tls,
  secretFiles,
}: Pick<Config, 'data' | 'rootKey' | 'tls' | 'secretFiles'>): readonly string[] {
  const files = [
    ...(rootKey.startsWith('file:') ? [rootKey.slice('file:'.length)] : []),
    ...(tls ? [tls.keyFile] : []),
    ...secretFiles,
  ].map((path) => resolve(path))
  if (data === 'memory') return files
  // What lies in a hidden directory needs no cover of its own, and could have none.
  return [data, ...files.filter((path) => !path.startsWith(`${data}/`))]
}
