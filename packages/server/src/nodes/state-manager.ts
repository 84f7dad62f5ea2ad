import { associationReported, desiredOf, plansOf } from '../fleet/desired.ts'
import type { Keyring } from '../keyring/keyring.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'
import type { Store } from '../store/store.ts'
import type { Associations } from './dispatch.ts'
import { noteForeign } from './foreign-report.ts'

export interface StateManagerParts {
  readonly store: Store
  readonly keyring: Keyring
  readonly clock: Clock
  readonly logger: Logger
}

/** State Manager as the link sees it. */
export function stateManager({ store, keyring, clock, logger }: StateManagerParts): Associations {
  return {
    async of(place, nodes) {
      if (nodes.length === 0) return new Map()
      const plans = await plansOf({ store: store.read, keyring }, place, clock.now())
      return new Map(nodes.map((node) => [node.id, desiredOf(plans, node)]))
    },
    async takeReport(node, report) {
      const foreign: string[] = []
      for (const one of report) {
        const isNoted = await store.write((tx) => associationReported(tx, node, one, clock.now()))
        if (!isNoted) foreign.push(one.associationId)
      }
      noteForeign(logger, node.id, 'association', foreign)
    },
  }
}
