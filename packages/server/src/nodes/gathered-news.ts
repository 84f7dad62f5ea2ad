import type { Heard, News } from '../fleet/dispatch.ts'
import type { CommandPart } from '../fleet/sealing.ts'
import type { Store, Writers } from '../store/store.ts'

/** So many in one transaction: others wait for its end. */
const AT_ONCE = 100

interface Waiting {
  readonly news: News
  readonly resolve: (heard: Heard) => void
  readonly reject: (error: unknown) => void
}

/** Takes news of one command in one transaction. Answers what came of each. */
type Take = (tx: Writers, of: CommandPart, news: readonly News[]) => Promise<readonly Heard[]>

/**
 * What a thousand nodes tell of one command. Each piece of news has the whole command looked at, so those that have come
 * in by the time when a transaction begins share it; nobody waits for more to come.
 */
export class GatheredNews {
  readonly #store: Pick<Store, 'write'>
  readonly #take: Take
  /** By command, what no transaction has taken up; there while there is one under way. */
  readonly #waiting = new Map<string, Waiting[]>()

  constructor(store: Pick<Store, 'write'>, take: Take) {
    this.#store = store
    this.#take = take
  }

  /** Answers what came of it, when that is durable. Of one command, what was told first is taken first. */
  tell(of: CommandPart, news: News): Promise<Heard> {
    const { promise, resolve, reject } = Promise.withResolvers<Heard>()
    const key = `${of.account}/${of.region}/${of.commandId}`
    const one = { news, resolve, reject }
    const waiting = this.#waiting.get(key)
    if (waiting) waiting.push(one)
    else {
      const fresh = [one]
      this.#waiting.set(key, fresh)
      void this.#drain(key, of, fresh)
    }
    return promise
  }

  /** Until none waits. Never rejects. */
  async #drain(key: string, of: CommandPart, waiting: Waiting[]): Promise<void> {
    while (waiting.length > 0) {
      const taken: Waiting[] = []
      // Filled once, and when the transaction begins: it may run again.
      const fill = () => {
        if (taken.length === 0) taken.push(...waiting.splice(0, AT_ONCE))
      }
      try {
        const heard = await this.#store.write((tx) => {
          fill()
          return this.#take(
            tx,
            of,
            taken.map(({ news }) => news),
          )
        })
        for (const [index, { resolve }] of taken.entries()) resolve(heard[index] ?? 'foreign')
      } catch (error) {
        fill()
        await this.#oneByOne(of, taken, error)
      }
    }
    // In the same turn as the look at it: what is told from here on begins anew.
    this.#waiting.delete(key)
  }

  /** What fails for one node does not fail for its neighbours. */
  async #oneByOne(of: CommandPart, failed: readonly Waiting[], error: unknown): Promise<void> {
    if (failed.length === 1) failed[0]?.reject(error)
    else
      for (const { news, resolve, reject } of failed)
        await this.#store
          .write((tx) => this.#take(tx, of, [news]))
          .then(([heard = 'foreign']) => resolve(heard), reject)
  }
}
