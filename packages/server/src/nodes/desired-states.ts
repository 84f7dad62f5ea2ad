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
    const held = nodes.flatMap(({ id }) => {
      const associations = wanted.get(id) ?? NONE
      const before = told.get(id)
      if (!before && associations.length === 0) return []
      const digest = createHash('sha256').update(JSON.stringify(associations)).digest('hex')
      return [{ id, associations, digest, known: before?.digest === digest ? before.generation : undefined }]
    })
    const changed = held.filter(({ known }) => known === undefined)
    const noted = changed.length === 0 ? new Map<string, number>() : await this.#note(place, changed)
    const states = new Map<string, DesiredState>()
    for (const { id, associations, known } of held) {
      const generation = known ?? noted.get(id)
      if (generation !== undefined) states.set(id, { generation, associations })
    }
    return states
  }
  /** All at once: an association that is changed is another for each of its nodes, and each commit waits for the disk. */
  #note(place: Place, changed: readonly Changed[]): Promise<ReadonlyMap<string, number>> {
    // In one order, so that servers that note the same nodes do not each hold what the other waits for.
    const ordered = changed.toSorted((a, b) => (a.id < b.id ? -1 : 1))
    return this.#store.write(async (tx) => {
      const generations = new Map<string, number>()
      for (const { id, digest } of ordered) generations.set(id, await tx.desired.note(place, id, digest))
      return generations
    })
  }
}

interface Changed {
  readonly id: string
  readonly digest: string
}
