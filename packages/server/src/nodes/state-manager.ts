import { associationReported, desiredOf, plansOf } from '../fleet/desired.ts'
import type { Keyring } from '../keyring/keyring.ts'
import type { Clock } from '../platform/clock.ts'
import type { Store } from '../store/store.ts'
import type { Associations } from './dispatch.ts'

export interface StateManagerParts {
  readonly store: Store
  readonly keyring: Keyring
  readonly clock: Clock
}

/** State Manager as the link sees it. */
export function stateManager({ store, keyring, clock }: StateManagerParts): Associations {
  return {
    async of(place, nodes) {
      if (nodes.length === 0) return new Map()
      const plans = await plansOf({ store: store.read, keyring }, place, clock.now())
      return new Map(nodes.map((node) => [node.id, desiredOf(plans, node)]))
    },
    async takeReport(node, report) {
      for (const one of report) await store.write((tx) => associationReported(tx, node, one, clock.now()))
    },
  }
}
