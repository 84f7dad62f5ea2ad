import type { Timer } from '../../platform/timer.ts'
import type { Lock } from '../store.ts'
import { StoreUnavailable } from '../unavailable.ts'
import type { Connection } from './connection.ts'

/** Who has waited for so long is asked to come again: nobody may be waiting for the answer any more. */
const LONGEST_TURN_MS = 10_000

/** Takes the lock for the transaction that `connection` is in; waits where another server's has it. */
export async function takeLock(connection: Connection, { account, region, name }: Lock): Promise<void> {
  const values = [account, region, name]
  const text = 'select name from locks where account = ? and region = ? and name = ? for update'
  if (await connection.get<{ name: string }>(text, values)) return
  await connection.run(
    'insert into locks (account, region, name) values (?, ?, ?) on conflict (account, region, name) do nothing',
    values,
  )
  await connection.get<{ name: string }>(text, values)
}

/**
 * Lets one transaction of this server at a time ask for a lock, in the order in which they come: the others would
 * wait for it with a connection each, and keep those that need no lock from theirs.
 */
export class Turns {
  readonly #timer: Timer
  readonly #last = new Map<string, Promise<void>>()

  constructor(timer: Timer) {
    this.#timer = timer
  }

  /** Waits for the turn. Call what it answers when the turn is over. @throws StoreUnavailable where it is long in coming. */
  async enter({ account, region, name }: Lock): Promise<() => void> {
    const key = JSON.stringify([account, region, name])
    const before = this.#last.get(key)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#last.set(key, promise)
    const leave = () => {
      if (this.#last.get(key) === promise) this.#last.delete(key)
      resolve()
    }
    if (!before || (await this.#comesInTime(before))) return leave
    // Those behind still wait for the one before.
    void before.then(leave)
    throw new StoreUnavailable('contended')
  }

  #comesInTime(turn: Promise<void>): Promise<boolean> {
    return new Promise((resolve) => {
      const late = this.#timer.after(LONGEST_TURN_MS, () => resolve(false))
      void turn.then(() => {
        late[Symbol.dispose]()
        resolve(true)
      })
    })
  }
}
