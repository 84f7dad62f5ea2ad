import type { KeyObject } from 'node:crypto'
import type { PoolClient } from 'pg'
import { TrailLane } from '../../trail/lane.ts'
import { Session } from '../sql/session.ts'
import { SqlTrail } from '../sql/trail.ts'
import { Connection } from './connection.ts'
import { Conflict } from './failure.ts'
import { askInTurn } from './pool.ts'
import type { LaneHolder } from './trail.ts'

const MAX_ATTEMPTS = 50

/**
 * The lanes of this server: one for each connection that writes, opened when the connection first does. A lane ends
 * with its connection, because what a lost connection has committed nobody knows; and with the server's
 * registration, because the others have closed it then.
 */
export class Lanes {
  readonly #holders = new WeakMap<PoolClient, LaneHolder>()
  #key: { readonly generation: number; readonly key: KeyObject } | undefined
  /** This server, as long as the others take it for living. */
  serverId = ''

  /** From now on connections open their lanes. */
  open(generation: number, key: KeyObject): void {
    this.#key = { generation, key }
  }

  async of(client: PoolClient): Promise<LaneHolder> {
    const known = this.#holders.get(client)
    // One that was made before the trail was open has no number.
    if (known && known.serverId === this.serverId && (known.lane.number !== undefined || !this.#key))
      return known
    const ask = known?.ask ?? askInTurn(client)
    const connection = known?.connection ?? new Connection(ask, 'writes')
    const holder = { ask, connection, lane: new TrailLane(), serverId: this.serverId }
    if (this.#key) holder.lane.open(await this.#number(holder, this.#key.generation), this.#key.key)
    this.#holders.set(client, holder)
    return holder
  }

  /** The next free number. Numbers are given in the order in which they commit: the sealer counts on it. */
  async #number({ connection, serverId }: LaneHolder, generation: number): Promise<number> {
    const trail = new SqlTrail(new Session(connection), new TrailLane())
    for (let attempt = 1; ; attempt++) {
      try {
        return await trail.openLane(generation, serverId)
      } catch (error) {
        // Another connection took it in this very moment.
        if (!(error instanceof Conflict) || attempt === MAX_ATTEMPTS) throw error
      }
    }
  }
}
