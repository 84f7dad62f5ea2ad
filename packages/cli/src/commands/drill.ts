import { Command } from 'commander'
import { serverEntries } from '../server-entries.ts'
import { terminalProgress } from './progress.ts'
import { type StoreFlags, settingsOf, withStore } from './store-flags.ts'

const HELP = `
Restores the backup into a scratch place, opens every key and a sample of the values under each, verifies the trail to
the checkpoint that the backup names, and takes the scratch place away. Nothing of it is shown. The directory is below
TMPDIR, and takes some six times the backup's size. Exit code 0: this backup with this root key brings everything back.

Examples:
  lockstep drill --from FILE --root-key file:/safe/root.key
  lockstep drill --from FILE --scratch 'postgres://lockstep@db.example/scratch?sslmode=verify-full'
`

interface DrillFlags extends StoreFlags {
  readonly from: string
  readonly scratch?: string
  readonly checkpoint?: readonly string[]
}

const SECOND_MS = 1000

/** `lockstep drill`: whether a backup would help, and how long that would take. */
export function drillCommand(): Command {
  return withStore(new Command('drill'))
    .description('prove that a backup can be restored, and measure how long it takes')
    .requiredOption('--from <FILE>', 'what lockstep backup has made')
    .option('--scratch <STORE>', 'an empty postgres://… instead of a directory; it is emptied again')
    .option(
      '--checkpoint <FILE...>',
      'files with checkpoints from before the backup, which the trail must contain',
    )
    .addHelpText('after', HELP)
    .action(async (flags: DrillFlags) => {
      const offline = await serverEntries.movingOffline()
      let totalMs = 0
      using progress = terminalProgress()
      await offline.drillBackup({
        settings: settingsOf(flags),
        env: process.env,
        from: flags.from,
        scratch: flags.scratch,
        checkpointFiles: flags.checkpoint ?? [],
        onProgress: progress.show,
        onStep({ step, found, ms }) {
          totalMs += ms
          progress[Symbol.dispose]()
          process.stdout.write(`${seconds(ms)}  ${step}: ${found}\n`)
        },
      })
      process.stdout.write(`${seconds(totalMs)}  in all\n`)
    })
}

function seconds(ms: number): string {
  return `${(ms / SECOND_MS).toFixed(1).padStart(7)} s`
}
