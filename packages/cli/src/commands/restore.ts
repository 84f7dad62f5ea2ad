import { Command } from 'commander'
import { serverEntries } from '../server-entries.ts'
import { reportMove } from './moved.ts'
import { terminalProgress } from './progress.ts'
import { type StoreFlags, settingsOf, withStore } from './store-flags.ts'

const HELP = `
The store must be empty: a new directory with the root key in it, or an empty PostgreSQL. The whole file is
authenticated before anything is written. Killed half-way, no server starts on the store; the same command begins anew.
A backup of either engine restores into either.

Examples:
  lockstep restore --from FILE --data /var/lib/lockstep
  lockstep restore --from FILE --data /var/lib/lockstep --store 'postgres://lockstep@db.example/lockstep?sslmode=verify-full'
  lockstep restore --from FILE --data ./restored --root-key file:/safe/root.key
`

interface RestoreFlags extends StoreFlags {
  readonly from: string
  readonly checkpoint?: readonly string[]
}

/** `lockstep restore`: an empty store filled from a backup. */
export function restoreCommand(): Command {
  return withStore(new Command('restore'))
    .description('fill an empty store from a backup')
    .requiredOption('--from <FILE>', 'what lockstep backup has made')
    .option(
      '--checkpoint <FILE...>',
      'files with checkpoints from before the backup, which the trail must contain',
    )
    .addHelpText('after', HELP)
    .action(async (flags: RestoreFlags) => {
      const offline = await serverEntries.movingOffline()
      using progress = terminalProgress()
      const restored = await offline.restoreBackup({
        settings: settingsOf(flags),
        env: process.env,
        from: flags.from,
        checkpointFiles: flags.checkpoint ?? [],
        onProgress: progress.show,
      })
      reportMove('restored', restored, offline.describeFinding)
      process.stdout.write(`the state of ${restored.manifest.createdAt}\n`)
    })
}
