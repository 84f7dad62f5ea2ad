import { createPrivateKey } from 'node:crypto'
import type { Listen, Report } from '@lockstep/wire'
import { Link } from './link.ts'
import { systemDoors } from './platform.ts'
import { SignOfLife } from './sign-of-life.ts'

/** What the agent tells the process that speaks with the network. */
export type ToNetwork =
  | {
      readonly kind: 'open'
      readonly endpoint: string
      readonly ca?: string | undefined
      readonly node: string
      /** PEM. This process cannot read the agent's files. */
      readonly key: string
      readonly listen: Listen
    }
  | { readonly kind: 'listen'; readonly listen: Listen }
  | { readonly kind: 'report'; readonly id: number; readonly report: Report }
  /** A line that it brought was not the server's. */
  | { readonly kind: 'distrust' }

/** What it hears of it. A line may be anybody's: the agent looks at its signature. */
export type FromNetwork =
  | { readonly kind: 'line'; readonly line: string }
  | { readonly kind: 'reported'; readonly id: number; readonly answer?: unknown; readonly error?: string }

let link: Link | undefined
let sign: SignOfLife | undefined
let listen: Listen | undefined

function tell(message: FromNetwork): void {
  process.send?.(message)
}

process.on('message', (message: ToNetwork) => {
  switch (message.kind) {
    case 'open': {
      const { endpoint, ca, node, key } = message
      listen = message.listen
      const first = message.listen
      const opened = new Link({
        server: { endpoint, ca },
        node,
        key: createPrivateKey(key),
        doors: systemDoors,
        listen: () => listen ?? first,
        onLine: (line) => tell({ kind: 'line', line }),
      })
      link = opened
      void opened.run()
      sign?.[Symbol.dispose]()
      sign = new SignOfLife((report) => opened.report(report), systemDoors)
      return
    }
    case 'listen':
      listen = message.listen
      return
    case 'distrust':
      link?.distrust()
      return
    case 'report': {
      const { id, report } = message
      if (!link) return
      link.report(report).then(
        (answer) => tell({ kind: 'reported', id, answer }),
        (error: unknown) =>
          tell({ kind: 'reported', id, error: error instanceof Error ? error.message : 'failed' }),
      )
    }
  }
})
// Without the agent there is nobody to speak for.
process.on('disconnect', () => process.exit())
