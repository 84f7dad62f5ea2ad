import {
  CloudTrailClient,
  type Event,
  LookupAttributeKey,
  LookupEventsCommand,
} from '@aws-sdk/client-cloudtrail'
import { Command, Option } from 'commander'
import { CommandFailure, EXIT } from '../exit-codes.ts'

const EXAMPLES = `
Asks the endpoint that the environment names (AWS_ENDPOINT_URL), Lockstep's or Amazon's.

Examples:
  lockstep trail lookup
  lockstep trail lookup --event-name GetSecretValue --max 20
  lockstep trail lookup --resource arn:aws:secretsmanager:us-east-1:111122223333:secret:db-AbCdEf --output json
`

/** What LookupEvents can filter by, one at a time, and how the flag is called. */
const FILTERS = {
  eventName: LookupAttributeKey.EVENT_NAME,
  eventSource: LookupAttributeKey.EVENT_SOURCE,
  eventId: LookupAttributeKey.EVENT_ID,
  user: LookupAttributeKey.USERNAME,
  resource: LookupAttributeKey.RESOURCE_NAME,
  accessKey: LookupAttributeKey.ACCESS_KEY_ID,
} as const

interface Flags extends Partial<Record<keyof typeof FILTERS, string>> {
  readonly since?: string
  readonly until?: string
  readonly max: string
  readonly output: 'text' | 'json'
  readonly json?: true
}

/** `lockstep trail lookup`: LookupEvents, a line an event. */
export function trailLookupCommand(): Command {
  return new Command('lookup')
    .description('list events, the newest first')
    .option('--event-name <NAME>', 'such as GetSecretValue')
    .option('--event-source <NAME>', 'such as secretsmanager.amazonaws.com')
    .option('--event-id <ID>')
    .option('--user <NAME>', 'user or role session name')
    .option('--resource <ARN>')
    .option('--access-key <ID>')
    .option('--since <TIME>', 'ISO 8601')
    .option('--until <TIME>', 'ISO 8601')
    .option('--max <COUNT>', 'how many events at most', '50')
    .addOption(
      new Option('--output <FORMAT>', 'text: a line an event; json: whole records')
        .choices(['text', 'json'])
        .default('text'),
    )
    .option('--json', 'the same as --output json')
    .addHelpText('after', EXAMPLES)
    .action(lookup)
}

async function lookup(flags: Flags): Promise<void> {
  const max = Number(flags.max)
  if (!Number.isInteger(max) || max < 1)
    throw new CommandFailure(EXIT.wrongUsage, '--max is a count of at least 1')
  const client = new CloudTrailClient({})
  const isJson = flags.json || flags.output === 'json'
  let shown = 0
  let NextToken: string | undefined
  do {
    const page = await client.send(
      new LookupEventsCommand({
        ...attributes(flags),
        ...(flags.since !== undefined && { StartTime: instant('--since', flags.since) }),
        ...(flags.until !== undefined && { EndTime: instant('--until', flags.until) }),
        MaxResults: Math.min(50, max - shown),
        ...(NextToken !== undefined && { NextToken }),
      }),
    )
    for (const event of page.Events ?? [])
      process.stdout.write(`${isJson ? (event.CloudTrailEvent ?? '{}') : line(event)}\n`)
    shown += page.Events?.length ?? 0
    NextToken = page.NextToken
  } while (NextToken !== undefined && shown < max)
}

function attributes(flags: Flags): {
  LookupAttributes?: { AttributeKey: LookupAttributeKey; AttributeValue: string }[]
} {
  const given = Object.entries(FILTERS).flatMap(([flag, AttributeKey]) => {
    const value = flags[flag as keyof typeof FILTERS] // the record's own key
    return value === undefined ? [] : [{ AttributeKey, AttributeValue: value }]
  })
  if (given.length > 1) throw new CommandFailure(EXIT.wrongUsage, 'CloudTrail takes one filter at a time')
  return given.length === 0 ? {} : { LookupAttributes: given }
}

function instant(flag: string, text: string): Date {
  const at = new Date(text)
  if (Number.isNaN(at.getTime()))
    throw new CommandFailure(EXIT.wrongUsage, `${flag}: ${text} is not an ISO 8601 time`)
  return at
}

/** Time, what, by whom, on what, and how it ended; the parts a person scans for. */
function line({ EventTime, EventName, Username, Resources, CloudTrailEvent }: Event): string {
  const parts = [
    EventTime?.toISOString() ?? '',
    EventName ?? '',
    Username ?? '-',
    Resources?.[0]?.ResourceName ?? '-',
    outcomeOf(JSON.parse(CloudTrailEvent ?? '{}')),
  ]
  return parts.join('\t')
}

interface Recorded {
  readonly eventType?: string
  readonly errorCode?: string
  readonly additionalEventData?: Readonly<{ errorCode?: string; reason?: string; Reason?: string }>
}

/** A call has its error code. What a service did by itself has none, and says why it failed beside. */
function outcomeOf({ eventType, errorCode, additionalEventData: more }: Recorded): string {
  const isService = eventType === 'AwsServiceEvent'
  return errorCode ?? (isService ? (more?.errorCode ?? more?.reason ?? more?.Reason) : undefined) ?? 'ok'
}
