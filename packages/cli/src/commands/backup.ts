import { Command } from 'commander'
import { serverEntries } from '../server-entries.ts'
import { terminalProgress } from './progress.ts'
import { type StoreFlags, settingsOf, withStore } from './store-flags.ts'

const HELP = `
Writes everything that the store holds at this instant, while servers go on: secrets, keys, identities, the trail. The
file is encrypted under a key of its own, which the root key wraps. The root key is not in it: keep a copy of that in
another place, or the backup opens nothing. Try now and then with lockstep drill.

Examples:
  lockstep backup --to /backup/lockstep-$(date +%F).backup
  lockstep backup --data /var/lib/lockstep --store 'postgres://lockstep@db.example/lockstep?sslmode=verify-full' --to FILE
`

/** `lockstep backup`: the whole state in one encrypted file. */
export function backupCommand(): Command {
  return withStore(new Command('backup'))
    .description('write the whole state into one encrypted file, beside a running server')
    .requiredOption('--to <FILE>', 'the file to make')
    .option('--force', 'replace a file of that name')
    .addHelpText('after', HELP)
    .action(async (flags: StoreFlags & { readonly to: string; readonly force?: true }) => {
      const offline = await serverEntries.movingOffline()
      using progress = terminalProgress()
      const { rows, bytes, manifest } = await offline.backup({
        settings: settingsOf(flags),
        env: process.env,
        to: flags.to,
        force: flags.force ?? false,
        onProgress: progress.show,
      })
      process.stdout.write(`${flags.to}: ${rows} rows in ${manifest.tables.length} tables, ${bytes} bytes\n`)
    })
}
