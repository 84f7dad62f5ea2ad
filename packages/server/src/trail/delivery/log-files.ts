import { createHash } from 'node:crypto'
import type { DeliveryTrail } from '../../store/deliveries.ts'
import type { TrailRow } from '../../store/trail.ts'

/** What a file holds at most. AWS's are of this order; a larger one would keep others waiting while it is made. */
const RECORDS_IN_A_FILE = 5000
const CHARACTERS_IN_A_FILE = 4 * 1024 * 1024

const NAME_LENGTH = 16
const NAME_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** One file of a trail, not compressed yet. */
export interface LogFile {
  readonly region: string
  /** Its key in the bucket. */
  readonly object: string
  readonly content: string
  readonly oldestAt: Date
  readonly newestAt: Date
  readonly events: number
}

/** What the names of one delivery's files are made of, besides their trail. */
export interface Naming {
  readonly nonce: string
  readonly at: Date
  readonly prefix?: string | undefined
}

/**
 * The files of one delivery. The same rows and naming always make the same files.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
 */
export function* logFiles(
  { account }: Pick<DeliveryTrail, 'account'>,
  naming: Naming,
  rows: readonly TrailRow[],
): Generator<LogFile> {
  const open = new Map<string, { rows: TrailRow[]; characters: number }>()
  let files = 0
  const close = (region: string, held: readonly TrailRow[]): LogFile => {
    open.delete(region)
    const instants = held.map(({ at }) => at)
    return {
      region,
      object: nameOf(account, region, naming, files++),
      content: `{"Records":[${held.map(({ body }) => body).join(',')}]}`,
      oldestAt: new Date(instants.reduce((a, b) => Math.min(a, b))),
      newestAt: new Date(instants.reduce((a, b) => Math.max(a, b))),
      events: held.length,
    }
  }
  for (const row of rows) {
    const held = open.get(row.region) ?? { rows: [], characters: 0 }
    open.set(row.region, held)
    held.rows.push(row)
    held.characters += row.body.length
    if (held.rows.length >= RECORDS_IN_A_FILE || held.characters >= CHARACTERS_IN_A_FILE)
      yield close(row.region, held.rows)
  }
  for (const [region, held] of [...open]) yield close(region, held.rows)
}

function nameOf(account: string, region: string, { nonce, at, prefix }: Naming, index: number): string {
  const minute = `${at.toISOString().slice(0, 16).replaceAll(/[-:]/g, '')}Z`
  const folder = folderOf('CloudTrail', { account, region, at, prefix })
  return `${folder}/${account}_CloudTrail_${region}_${minute}_${lettersOf(`${nonce}/${index}`)}.json.gz`
}

/** Where a day's files of a region are. */
export function folderOf(
  kind: 'CloudTrail' | 'CloudTrail-Digest',
  place: {
    readonly account: string
    readonly region: string
    readonly at: Date
    readonly prefix?: string | undefined
  },
): string {
  const { account, region, at, prefix } = place
  const day = at.toISOString().slice(0, 10).replaceAll('-', '/')
  return `${prefix === undefined ? '' : `${prefix}/`}AWSLogs/${account}/${kind}/${region}/${day}`
}

/** Sixteen letters and digits that nobody guesses who does not know the text. */
function lettersOf(text: string): string {
  const bytes = createHash('sha256').update(text).digest()
  // 256 is no multiple of 62, and a name need not be uniform: 94 of its 95 bits are left.
  return Array.from(
    { length: NAME_LENGTH },
    (_, i) => NAME_ALPHABET[(bytes[i] ?? 0) % NAME_ALPHABET.length],
  ).join('')
}
