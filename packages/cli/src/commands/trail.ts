import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { CommandFailure, EXIT } from '../exit-codes.ts'
import { serverEntries } from '../server-entries.ts'
import { trailLookupCommand } from './trail-lookup.ts'
import { trailPruneCommand } from './trail-prune.ts'
import { settingsOf, type Where } from './trail-where.ts'

const VERIFY_EXAMPLES = `
Reads the database or an export, never a server; a server may run meanwhile. Exit code 0: intact; 1: not, and
the first thing that is wrong is named.

Examples:
  lockstep trail verify
  lockstep trail verify --data /var/lib/lockstep --checkpoint /var/log/lockstep.log
  lockstep trail verify --store 'postgres://db.example/lockstep?sslmode=verify-full' --data /etc/lockstep
  lockstep trail verify --export trail.jsonl --public-key trail.pem
  lockstep trail verify --export /archive/trail today.jsonl      what was pruned, and the rest of it
  lockstep trail verify --delivered /var/audit --public-key key.b64    what trails delivered into a directory
`

const EXPORT_EXAMPLES = `
Examples:
  lockstep trail export > trail.jsonl              for lockstep trail verify --export
  lockstep trail export --cloudtrail ./events      CloudTrail's own files, AWSLogs/ACCOUNT/CloudTrail/…json.gz
`

/** `lockstep trail`: look at, check and export the audit trail. */
export function trailCommand(): Command {
  return new Command('trail')
    .description('look at, check and export the audit trail')
    .hook('preAction', () => void process.stdout.on('error', endWithReader))
    .addCommand(trailLookupCommand())
    .addCommand(verifyCommand())
    .addCommand(exportCommand())
    .addCommand(trailPruneCommand())
}

/** A reader that has seen enough, such as head, ends a pipe early: no failure, and nothing to do any more. */
function endWithReader(error: Error): void {
  if (!('code' in error && error.code === 'EPIPE')) throw error
  process.exit(EXIT.done)
}

function verifyCommand(): Command {
  return new Command('verify')
    .description('check the whole trail offline')
    .option('--data <DIR>', "the server's data directory (default: ./.lockstep)")
    .option('--store <SPEC>', 'as for serve: sqlite, or postgres://… (better in LOCKSTEP_STORE)')
    .option('--root-key <SPEC>', 'as for serve; with it the MAC of every event is checked, too')
    .option(
      '--export <FILE...>',
      'check exports instead of a database: files, or folders of trail prune, in order',
    )
    .option('--public-key <FILE>', 'PEM key that the signatures must be of, kept from an earlier export')
    .option('--checkpoint <FILE...>', 'files with checkpoints that left the server: its log, an older export')
    .option(
      '--delivered <DIR>',
      'check the files and digests that trails delivered into a directory; needs --public-key with the key of aws cloudtrail list-public-keys',
    )
    .option('--json', 'print the verdict as JSON')
    .addHelpText('after', VERIFY_EXAMPLES)
    .action(verify)
}

interface VerifyFlags extends Where {
  readonly export?: readonly string[]
  readonly delivered?: string
  readonly publicKey?: string
  readonly checkpoint?: readonly string[]
  readonly json?: true
}

async function verify(flags: VerifyFlags): Promise<void> {
  if (flags.delivered !== undefined) return verifyDelivered(flags.delivered, flags)
  const offline = await serverEntries.trailOffline()
  const trusted = {
    publicKey: flags.publicKey === undefined ? undefined : readFileSync(flags.publicKey, 'utf8'),
    checkpointFiles: flags.checkpoint ?? [],
  }
  const looked: Looked = flags.export
    ? await offline.verifyExportFiles(flags.export, trusted)
    : await offline.verifyDirectory(settingsOf(flags), process.env, trusted)
  const { verdict, withoutRootKey, file } = looked
  if (withoutRootKey !== undefined) process.stderr.write(`MACs are not checked. ${withoutRootKey}\n`)
  if (flags.json) process.stdout.write(`${JSON.stringify(verdict)}\n`)
  if (verdict.kind === 'broken') {
    const where = file !== undefined ? `${file}: ` : ''
    throw new CommandFailure(EXIT.failed, `${where}${offline.describeFinding(verdict.finding)}`)
  }
  if (!flags.json) process.stdout.write(`${summary(verdict)}\n`)
}

/** The other record: what left the house as CloudTrail's files. */
async function verifyDelivered(folder: string, { publicKey, json }: VerifyFlags): Promise<void> {
  if (publicKey === undefined)
    throw new CommandFailure(
      EXIT.wrongUsage,
      '--delivered needs --public-key: nothing else vouches for digests',
    )
  const offline = await serverEntries.trailOffline()
  const verdict = await offline.verifyDelivered(folder, readFileSync(publicKey, 'utf8'))
  const { digests, logs, unnamed, faults } = verdict
  if (json) process.stdout.write(`${JSON.stringify(verdict)}\n`)
  if (faults.length > 0) throw new CommandFailure(EXIT.failed, faults.join('\n'))
  if (json) return
  const rest = unnamed > 0 ? `; ${unnamed} log files that no digest names` : ''
  process.stdout.write(`intact: ${digests} digests, ${logs} log files${rest}\n`)
}

type Offline = Awaited<ReturnType<typeof serverEntries.trailOffline>>
type Verdict = Awaited<ReturnType<Offline['verifyDirectory']>>['verdict']

interface Looked {
  readonly verdict: Verdict
  /** Why MACs were not checked. */
  readonly withoutRootKey?: string
  /** Which export the verdict is of, where it is not of all. */
  readonly file?: string
}

interface Extent {
  readonly start?: { readonly sequence: number; readonly at: string; readonly prunedAt: string }
  readonly events: number
  readonly unsealed: number
  readonly checkpoints: number
  readonly macs: boolean
  readonly publicKey: string
}

function summary({ start, events, unsealed, checkpoints, macs, publicKey }: Extent): string {
  const parts = [
    `intact: ${events} events, ${checkpoints} checkpoints`,
    start
      ? `from checkpoint ${start.sequence} of ${start.at} on; what was before was pruned on ${start.prunedAt}`
      : '',
    unsealed > 0 ? `${unsealed} events since the last checkpoint` : '',
    macs ? 'every MAC checked' : 'MACs not checked',
    publicKey === 'carried' ? "signatures checked against the trail's own key" : 'signatures checked',
  ]
  return parts.filter((part) => part !== '').join('; ')
}

function exportCommand(): Command {
  return new Command('export')
    .description('print the trail as JSON lines that can be verified anywhere')
    .option('--data <DIR>', "the server's data directory (default: ./.lockstep)")
    .option('--store <SPEC>', 'as for serve: sqlite, or postgres://… (better in LOCKSTEP_STORE)')
    .option('--cloudtrail <DIR>', "write CloudTrail's own gzip files below DIR instead")
    .addHelpText('after', EXPORT_EXAMPLES)
    .action(async (flags: Where & { readonly cloudtrail?: string }) => {
      const offline = await serverEntries.trailOffline()
      if (flags.cloudtrail === undefined) {
        for await (const line of offline.exportDirectory(settingsOf(flags), process.env)) await print(line)
        return
      }
      const files = await offline.exportRecordFiles(settingsOf(flags), process.env, flags.cloudtrail)
      process.stderr.write(`${files} files below ${flags.cloudtrail}\n`)
    })
}

/** Waits where the reader is slower than we are, so that a long trail does not pile up in memory. */
async function print(text: string): Promise<void> {
  if (!process.stdout.write(text)) await new Promise((resolve) => process.stdout.once('drain', resolve))
}
