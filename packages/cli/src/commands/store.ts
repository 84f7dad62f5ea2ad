import { Command } from 'commander'
import { serverEntries } from '../server-entries.ts'
import { reportMove } from './moved.ts'
import { terminalProgress } from './progress.ts'

const COPY_HELP = `
A STORE is sqlite:DIR, a data directory, or postgres://USER@HOST/DATABASE. A password belongs into PGPASSWORD or a
PGPASSFILE: others on the machine can read the arguments.

Stop the server of the source first. The copy is of one instant, and what a server writes after that stays behind.
The target must be empty. Killed half-way, the same command goes on where it was; until it has ended, no server starts
on the target. Every row is compared afterwards, and the trail is verified where it is now: with the root key, which
is looked for in the source's directory, --data or --root-key, every MAC is recomputed.

The root key, administrators.json and lockstep.json are no part of a store: they stay in the data directory.

Examples:
  lockstep store copy --from sqlite:/var/lib/lockstep --to 'postgres://lockstep@db.example/lockstep?sslmode=verify-full'
  lockstep store copy --from 'postgres://lockstep@db.example/lockstep?sslmode=verify-full' --to sqlite:./copy --root-key file:root.key
`

interface CopyFlags {
  readonly from: string
  readonly to: string
  readonly restart?: true
  readonly data?: string
  readonly rootKey?: string
}

/** `lockstep store`: the place where a server keeps its state. */
export function storeCommand(): Command {
  return new Command('store').description('move the state to another database').addCommand(copyCommand())
}

function copyCommand(): Command {
  return new Command('copy')
    .description('copy a store into an empty one, of the same engine or another')
    .requiredOption('--from <STORE>', 'where the state is now')
    .requiredOption('--to <STORE>', 'an empty one')
    .option('--restart', 'clear away what an unfinished copy has left in the target, and begin anew')
    .option(
      '--data <DIR>',
      'where the root key is, for verifying the trail (default: the directory of --from)',
    )
    .option('--root-key <SPEC>', 'as for serve; with it the MAC of every event is checked, too')
    .addHelpText('after', COPY_HELP)
    .action(async ({ from, to, restart, data, rootKey }: CopyFlags) => {
      const offline = await serverEntries.movingOffline()
      using progress = terminalProgress()
      const moved = await offline.copy({
        settings: {
          ...(data !== undefined && { data }),
          ...(rootKey !== undefined && { 'root-key': rootKey }),
        },
        env: process.env,
        from,
        to,
        restart: restart ?? false,
        onProgress: progress.show,
      })
      if (moved.withoutRootKey !== undefined) {
        process.stderr.write(`MACs are not checked. ${moved.withoutRootKey}\n`)
      }
      reportMove('copied', moved, offline.describeFinding)
    })
}
