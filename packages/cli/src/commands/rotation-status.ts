import { setTimeout as delay } from 'node:timers/promises'
import { CloudTrailClient, LookupAttributeKey, LookupEventsCommand } from '@aws-sdk/client-cloudtrail'
import { EC2Client } from '@aws-sdk/client-ec2'
import {
  DescribeSecretCommand,
  type DescribeSecretResponse,
  ListSecretVersionIdsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { SSMClient } from '@aws-sdk/client-ssm'
import { labelled } from '@lockstep/workers/rotation/ssh-key-pair/plan'
import { readSettings } from '@lockstep/workers/rotation/ssh-key-pair/settings'
import { Command, Option } from 'commander'
import {
  pendingIn,
  type RotationEvent,
  type RotationStatus,
  rotationStatus,
  statusLines,
  type VersionTold,
} from '../rotation-status.ts'
import { type SshRotation, sshRotationLines } from '../ssh-rotation.ts'
import { sshRotation } from '../ssh-rotation-told.ts'
import { rewritten } from '../terminal-line.ts'

const EXAMPLES = `
Asks the endpoint that the environment names (AWS_ENDPOINT_URL), Lockstep's or Amazon's: DescribeSecret,
ListSecretVersionIds and CloudTrail's LookupEvents; for SSH keys also Systems Manager and EC2. Exit code 0 whatever the state, 3 where there is no such secret.

States:
  off       rotates only when somebody asks        rotating  a step is under way
  idle      waits for its next window              retrying  the last attempt failed, another comes
  stuck     AWSPENDING is on a version that        failed    none comes before the next window;
            nothing works on                                 aws secretsmanager rotate-secret tries at once
  deleting  the secret is to be deleted

Phases of a node:
  waiting   nothing has come to it         staged    it has the new key beside the old
  staging   the new key is on its way      retiring  the old key is on its way out
  done      it has the current key only    failed, away

Examples:
  lockstep rotation status db/password
  lockstep rotation status /dev/ssh --watch
  lockstep rotation status arn:aws:secretsmanager:us-east-1:111122223333:secret:db-AbCdEf --json
`

/** How far back events are read, in pages of fifty. */
const MAX_PAGES = 4
/** Events have whole seconds. */
const EARLIER_MS = 60_000
const WATCH_MS = 1_000

export function rotationStatusCommand(): Command {
  return new Command('status')
    .description('where the rotation of a secret stands, node by node where it is of SSH keys')
    .argument('<SECRET>', 'name or ARN')
    .addOption(new Option('--output <FORMAT>').choices(['table', 'json']).default('table'))
    .option('--json', 'the same as --output json')
    .option('--watch', 'show it again until nothing is under way')
    .addHelpText('after', EXAMPLES)
    .action(status)
}

interface Flags {
  readonly output: 'table' | 'json'
  readonly json?: true
  readonly watch?: true
}

async function status(SecretId: string, flags: Flags): Promise<void> {
  const isJson = flags.json || flags.output === 'json'
  using screen = rewritten()
  for (;;) {
    const found = await look(SecretId)
    const { nodes, ...rotation } = found
    const lines = isJson
      ? [JSON.stringify(nodes ? { ...rotation, ...nodes } : rotation)]
      : [...statusLines(rotation), ...(nodes ? sshRotationLines(nodes) : [])]
    screen.show(lines)
    const isUnderWay = rotation.state === 'rotating' || rotation.state === 'retrying'
    if (!flags.watch || !isUnderWay) return
    await delay(WATCH_MS)
  }
}

interface Looked extends RotationStatus {
  readonly nodes: SshRotation | undefined
}

async function look(SecretId: string): Promise<Looked> {
  const secrets = new SecretsManagerClient({})
  const described = await secrets.send(new DescribeSecretCommand({ SecretId }))
  const [versions, nodes] = await Promise.all([versionsOf(secrets, SecretId), nodesOf(described)])
  const pending = pendingIn(versions)
  const since = new Date(new Date(pending?.createdAt ?? 0).getTime() - EARLIER_MS)
  const events = pending ? await eventsOf(described.ARN ?? SecretId, since) : []
  return { ...rotationStatus({ ...told(described), versions, events }, new Date()), nodes }
}

/** Of a secret that rotates SSH keys. */
async function nodesOf(described: DescribeSecretResponse): Promise<SshRotation | undefined> {
  const tags = new Map((described.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]))
  const isSsh =
    /ssh/i.test(described.RotationLambdaARN ?? '') ||
    [...tags.keys()].some((key) => key.startsWith('lockstep:ssh-'))
  if (!isSsh) return undefined
  const settings = readSettings({}, tags, described.ARN ?? '')
  const labels = labelled(new Map(Object.entries(described.VersionIdsToStages ?? {})))
  return await sshRotation({ ssm: new SSMClient({}), ec2: new EC2Client({}), settings, labels })
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

/** Newer before older: where two are of one second, what ends an attempt comes after what began it. */
const ROTATION_EVENTS = [
  'RotationAbandoned',
  'RotationSucceeded',
  'RotationFailed',
  'RotationStarted',
] as const

/**
 * The service's own events about one secret since its pending version was made, the newest first. They are asked for by
 * name: a secret that is read all the while has more other events than anybody wants to page through.
 */
async function eventsOf(arn: string, since: Date): Promise<readonly RotationEvent[]> {
  const trail = new CloudTrailClient({})
  const found: EventAbout[] = []
  // One after another: Amazon answers two such calls a second.
  for (const name of ROTATION_EVENTS) found.push(...(await eventsNamed(trail, name, since)))
  return found.filter(({ about }) => about === arn).toSorted((a, b) => b.at.localeCompare(a.at))
}

interface EventAbout extends RotationEvent {
  /** The secret's ARN. */
  readonly about: string | undefined
}

async function eventsNamed(trail: CloudTrailClient, name: string, since: Date): Promise<EventAbout[]> {
  const found: EventAbout[] = []
  let NextToken: string | undefined
  for (let page = 0; page < MAX_PAGES; page++) {
    const answer = await trail.send(
      new LookupEventsCommand({
        LookupAttributes: [{ AttributeKey: LookupAttributeKey.EVENT_NAME, AttributeValue: name }],
        StartTime: since,
        ...(NextToken !== undefined && { NextToken }),
      }),
    )
    for (const { CloudTrailEvent } of answer.Events ?? []) {
      const record: Recorded = JSON.parse(CloudTrailEvent ?? '{}')
      const data = record.additionalEventData ?? {}
      if (record.eventType === 'AwsServiceEvent')
        found.push({ at: record.eventTime ?? '', name, data, about: data.SecretId })
    }
    NextToken = answer.NextToken
    if (NextToken === undefined) break
  }
  return found
}

/** What is read of an event. */
interface Recorded {
  readonly eventType?: string
  readonly eventTime?: string
  readonly additionalEventData?: RotationEvent['data']
}
