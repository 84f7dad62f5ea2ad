import { CloudTrailClient, LookupAttributeKey, LookupEventsCommand } from '@aws-sdk/client-cloudtrail'
import {
  DescribeSecretCommand,
  type DescribeSecretResponse,
  ListSecretVersionIdsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { Command, Option } from 'commander'
import { type RotationEvent, rotationStatus, statusLines, type VersionTold } from '../rotation-status.ts'

const EXAMPLES = `
Asks the endpoint that the environment names (AWS_ENDPOINT_URL), Lockstep's or Amazon's: DescribeSecret,
ListSecretVersionIds and CloudTrail's LookupEvents. Exit code 0 whatever the state, 3 where there is no such secret.

States:
  off       rotates only when somebody asks        rotating  a step is under way
  idle      waits for its next window              retrying  the last attempt failed, another comes
  stuck     AWSPENDING is on a version that        failed    none comes before the next window;
            nothing works on                                 aws secretsmanager rotate-secret tries at once
  deleting  the secret is to be deleted

Examples:
  lockstep rotation status db/password
  lockstep rotation status arn:aws:secretsmanager:us-east-1:111122223333:secret:db-AbCdEf --json
`

/** How far back events are read, in pages of fifty. */
const MAX_PAGES = 4

/** `lockstep rotation`: where rotations stand. */
export function rotationCommand(): Command {
  return new Command('rotation').description('look at the rotation of a secret').addCommand(
    new Command('status')
      .description('where the rotation of a secret stands')
      .argument('<SECRET>', 'name or ARN')
      .addOption(new Option('--output <FORMAT>').choices(['table', 'json']).default('table'))
      .option('--json', 'the same as --output json')
      .addHelpText('after', EXAMPLES)
      .action(status),
  )
}

interface Flags {
  readonly output: 'table' | 'json'
  readonly json?: true
}

async function status(SecretId: string, flags: Flags): Promise<void> {
  const secrets = new SecretsManagerClient({})
  const described = await secrets.send(new DescribeSecretCommand({ SecretId }))
  const [versions, events] = await Promise.all([
    versionsOf(secrets, SecretId),
    eventsOf(described.ARN ?? SecretId),
  ])
  const found = rotationStatus({ ...told(described), versions, events }, new Date())
  const lines = flags.json || flags.output === 'json' ? [JSON.stringify(found)] : statusLines(found)
  process.stdout.write(`${lines.join('\n')}\n`)
}

function told(described: DescribeSecretResponse) {
  const { RotationRules: rules } = described
  const days = rules?.AutomaticallyAfterDays
  const when = rules?.ScheduleExpression ?? (days === undefined ? undefined : `${days} days after a rotation`)
  return {
    name: described.Name ?? '',
    arn: described.ARN ?? '',
    enabled: described.RotationEnabled ?? false,
    isDeleted: described.DeletedDate !== undefined,
    function: described.RotationLambdaARN,
    schedule: when && (rules?.Duration === undefined ? when : `${when}, for ${rules.Duration}`),
    lastRotatedAt: described.LastRotatedDate?.toISOString(),
    nextRotationBy: described.NextRotationDate?.toISOString(),
  }
}

async function versionsOf(secrets: SecretsManagerClient, SecretId: string): Promise<readonly VersionTold[]> {
  const { Versions = [] } = await secrets.send(new ListSecretVersionIdsCommand({ SecretId, MaxResults: 100 }))
  return Versions.map(({ VersionId = '', VersionStages = [], CreatedDate }) => ({
    id: VersionId,
    labels: VersionStages.toSorted(),
    createdAt: CreatedDate?.toISOString(),
  }))
}

/** The service's own events about one secret, the newest first. */
async function eventsOf(arn: string): Promise<readonly RotationEvent[]> {
  const trail = new CloudTrailClient({})
  const found: RotationEvent[] = []
  let NextToken: string | undefined
  for (let page = 0; page < MAX_PAGES; page++) {
    const answer = await trail.send(
      new LookupEventsCommand({
        LookupAttributes: [{ AttributeKey: LookupAttributeKey.RESOURCE_NAME, AttributeValue: arn }],
        ...(NextToken !== undefined && { NextToken }),
      }),
    )
    for (const { CloudTrailEvent } of answer.Events ?? []) {
      const record: Recorded = JSON.parse(CloudTrailEvent ?? '{}')
      if (record.eventType !== 'AwsServiceEvent' || !record.eventName?.includes('Rotation')) continue
      found.push({
        at: record.eventTime ?? '',
        name: record.eventName,
        data: record.additionalEventData ?? {},
      })
    }
    NextToken = answer.NextToken
    if (NextToken === undefined) break
  }
  return found
}

/** What is read of an event. */
interface Recorded {
  readonly eventType?: string
  readonly eventName?: string
  readonly eventTime?: string
  readonly additionalEventData?: RotationEvent['data']
}
