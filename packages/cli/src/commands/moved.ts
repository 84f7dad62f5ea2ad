import { CommandFailure, EXIT } from '../exit-codes.ts'

/** What a copy or a restore answers; `Finding` is the server's own. */
interface Moved<Finding> {
  readonly rows: number
  readonly tables: number
  readonly verdict:
    | { readonly kind: 'intact'; readonly events: number; readonly macs: boolean }
    | { readonly kind: 'broken'; readonly finding: Finding }
}

/**
 * Says what has moved.
 * @throws CommandFailure where the trail that came along does not verify: the store is whole and can be used, and
 * somebody has to look into it.
 */
export function reportMove<Finding>(
  what: 'copied' | 'restored',
  { rows, tables, verdict }: Moved<Finding>,
  describe: (finding: Finding) => string,
): void {
  process.stdout.write(`${what} and compared: ${rows} rows in ${tables} tables\n`)
  if (verdict.kind === 'broken') {
    throw new CommandFailure(
      EXIT.failed,
      `Every row is as it was at the source, and a server may start on it. Its trail does not verify: ${describe(verdict.finding)}`,
    )
  }
  const macs = verdict.macs ? 'every MAC checked' : 'MACs not checked, signatures only'
  process.stdout.write(`trail intact: ${verdict.events} events; ${macs}\n`)
}
