import { createHash } from 'node:crypto'
import type { DesiredState, NodeAssociation } from '@lockstep/wire'
import type { Place, Store } from '../store/store.ts'
import type { Associations } from './dispatch.ts'

const NONE: readonly NodeAssociation[] = []

/** What nodes are to be kept at, each change under a generation of its own. */
export class DesiredStates {
  readonly #store: Store
  readonly #associations: Associations

  constructor(store: Store, associations: Associations) {
    this.#store = store
    this.#associations = associations
  }

  /** By the node's id; a node that was never to be kept at anything is not among them. */
  async of(place: Place, ids: readonly string[]): Promise<ReadonlyMap<string, DesiredState>> {
    const { read } = this.#store
    const nodes = await read.nodes.list(place, { ids, limit: ids.length })
    const [wanted, told] = await Promise.all([
      this.#associations.of(place, nodes),
      read.desired.ofNodes(place, ids),
    ])
    const states = new Map<string, DesiredState>()
    for (const { id } of nodes) {
      const associations = wanted.get(id) ?? NONE
      const before = told.get(id)
      if (!before && associations.length === 0) continue
      const digest = createHash('sha256').update(JSON.stringify(associations)).digest('hex')
      const generation =
        before?.digest === digest
          ? before.generation
          : await this.#store.write((tx) => tx.desired.note(place, id, digest))
      states.set(id, { generation, associations })
    }
    return states
  }
}
