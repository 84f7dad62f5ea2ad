import { Command } from 'commander'
import { CommandFailure, EXIT } from '../exit-codes.ts'
import { serverEntries } from '../server-entries.ts'
import { settingsOf, type Where } from './trail-where.ts'

const EXAMPLES = `
Exports the old part of the trail, reads the export back and verifies it, and then removes that part from the store.
Servers may run meanwhile. What remains starts at a checkpoint that was signed for it, so the root key is needed.
Killed at any point, the same command goes on where it was. The space is used again; the file does not shrink.

Examples:
  lockstep trail prune --keep-days 400 --into /archive/trail --dry-run
  lockstep trail prune --before 2026-01-01T00:00:00Z --into /archive/trail --yes
  lockstep trail export > today.jsonl && lockstep trail verify --export /archive/trail today.jsonl
`

interface Flags extends Where {
  readonly before?: string
  readonly keepDays?: string
  readonly into: string
  readonly dryRun?: true
  readonly yes?: true
}

/** `lockstep trail prune`: export, then drop. */
export function trailPruneCommand(): Command {
  return new Command('prune')
    .description('move old events out of the store into files that can be verified')
    .option('--before <TIME>', 'ISO 8601: what is older goes')
    .option('--keep-days <DAYS>', 'instead of --before')
    .requiredOption('--into <DIR>', 'a folder for the files, of this trail alone')
    .option('--dry-run', 'say what would go, and do nothing')
    .option('--yes', 'do it')
    .option('--data <DIR>', "the server's data directory (default: ./.lockstep)")
    .option('--store <SPEC>', 'as for serve: sqlite, or postgres://… (better in LOCKSTEP_STORE)')
    .option('--root-key <SPEC>', 'as for serve')
    .addHelpText('after', EXAMPLES)
    .action(prune)
}

async function prune(flags: Flags): Promise<void> {
  const age = ageIn(flags)
  if (!flags.dryRun && !flags.yes)
    throw new CommandFailure(
      EXIT.wrongUsage,
      'Events will be removed from the store: say --yes, or --dry-run',
    )
  const offline = await serverEntries.trailOffline()
  const settings = settingsOf(flags)
  if (flags.dryRun) {
    const { events, last, heldBack, undelivered } = await offline.planPrune(settings, process.env, age)
    say(
      last
        ? `${events} events would go, up to checkpoint ${last.sequence} of ${last.at}`
        : 'Nothing is old enough',
    )
    warn(heldBack)
    warnOfTrail(undelivered)
    return
  }
  const { events, files, start, heldBack, undelivered } = await offline.pruneTrail(settings, process.env, {
    age,
    folder: flags.into,
  })
  for (const file of files) say(file)
  say(
    start === undefined
      ? 'Nothing is old enough'
      : `${events} events removed; the trail starts at checkpoint ${start}`,
  )
  warn(heldBack)
  warnOfTrail(undelivered)
}

function ageIn({ before, keepDays }: Flags): { readonly before: Date } | { readonly days: number } {
  if ((before === undefined) === (keepDays === undefined))
    throw new CommandFailure(EXIT.wrongUsage, 'Give --before or --keep-days, one of them')
  if (before === undefined) {
    const days = Number(keepDays)
    if (!Number.isInteger(days) || days < 1)
      throw new CommandFailure(EXIT.wrongUsage, '--keep-days is a count of at least 1')
    return { days }
  }
  const at = new Date(before)
  if (Number.isNaN(at.getTime()))
    throw new CommandFailure(EXIT.wrongUsage, `--before: ${before} is not an ISO 8601 time`)
  return { before: at }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

interface Undelivered {
  readonly lane: number
  readonly number: number
  readonly trail: { readonly account: string; readonly region: string; readonly name: string }
}

function warnOfTrail(waiting: Undelivered | undefined): void {
  if (!waiting) return
  const { lane, number, trail } = waiting
  process.stderr.write(
    `Trail ${trail.name} of account ${trail.account} in ${trail.region} has not delivered event ${number} of lane ${lane} yet. Nothing from there on can go until it has, or is deleted: see aws cloudtrail get-trail-status.\n`,
  )
}

function warn(held: { readonly lane: number; readonly number: number; readonly at: Date } | undefined): void {
  if (!held) return
  const { lane, number, at } = held
  process.stderr.write(
    `Event ${number} of lane ${lane} is of ${at.toISOString()}, among older ones: a clock was wrong. Nothing after it can go until then.\n`,
  )
}
