import { cancelsFor, due, type News, takeNews } from '../fleet/dispatch.ts'
import type { Keyring } from '../keyring/keyring.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'
import type { Random } from '../platform/random.ts'
import type { Store } from '../store/store.ts'
import type { Dispatch, NodeName } from './dispatch.ts'
import { noteForeign } from './foreign-report.ts'
import { GatheredNews } from './gathered-news.ts'

export interface RunCommandParts {
  readonly store: Store
  readonly keyring: Keyring
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

/** Run Command as the link sees it. */
export function runCommand({ store, keyring, clock, random, logger }: RunCommandParts): Dispatch {
  const gathered = new GatheredNews(store, (tx, of, news) =>
    takeNews(tx, of, news, { keyring, random, now: clock.now() }),
  )
  const placeOf = ({ account, region, id }: NodeName) => ({ account, region, instanceId: id })
  return {
    waitingAmong: (place, ids) => store.read.commands.waitingAmong(place, ids),
    async due(node) {
      const place = placeOf(node)
      return {
        commands: await due({ store: store.read, keyring }, place),
        cancelled: await cancelsFor(store.read, place),
      }
    },
    async takeReport({ account, region, id: instanceId }, report) {
      const foreign: string[] = []
      const tell = async (commandId: string, news: News) => {
        const heard = await gathered.tell({ account, region, commandId }, news)
        if (heard === 'foreign') foreign.push(commandId)
      }
      // One after another, each on its own: a transaction holds one command's row, and waits for no second one.
      const ended = new Set(report.results.map(({ commandId }) => commandId))
      for (const { commandId, startedAt } of report.started) {
        // Its end says that it began, too.
        if (!ended.has(commandId)) await tell(commandId, { instanceId, startedAt: new Date(startedAt) })
      }
      for (const result of report.results) await tell(result.commandId, { instanceId, result })
      noteForeign(logger, instanceId, 'command', foreign)
    },
  }
}
