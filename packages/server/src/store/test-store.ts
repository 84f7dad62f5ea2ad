import { createSecretKey } from 'node:crypto'
import { type Clock, systemClock } from '../platform/clock.ts'
import { openStore, type StoreKind, type StoreOptions } from './open.ts'
import type { Store } from './store.ts'

const MAC_KEY = createSecretKey(Buffer.alloc(32, 7))

/** For tests of what stands on the store: one with its trail open. A problem that would be logged fails the test. */
export async function openTestStore(
  options: StoreKind & Partial<StoreOptions> = { kind: 'memory' },
  clock: Clock = systemClock,
): Promise<Store> {
  const onProblem: StoreOptions['onProblem'] = (event, fields) => {
    queueMicrotask(() => {
      throw new Error(event, { cause: fields.error })
    })
  }
  const store = await openStore({ clock, onProblem, ...options })
  await store.openTrail(1, MAC_KEY)
  return store
}
