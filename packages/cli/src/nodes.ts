import { DescribeInstancesCommand, type EC2Client } from '@aws-sdk/client-ec2'
import {
  DescribeInstanceInformationCommand,
  type InstanceInformation,
  ListTagsForResourceCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm'
import { CommandFailure, EXIT } from './exit-codes.ts'

export interface NodeTold {
  readonly id: string
  readonly name: string
  readonly ping: string
  readonly platform: string
  readonly address: string
  readonly tags: Readonly<Record<string, string>>
  readonly lastSeenAt: string | undefined
}

/** Every node that Systems Manager knows, or those of one tag, with its tags. */
export async function listNodes(
  ssm: SSMClient,
  ec2: EC2Client,
  tag?: readonly [string, string],
): Promise<readonly NodeTold[]> {
  const found: InstanceInformation[] = []
  const Filters = tag && [{ Key: `tag:${tag[0]}`, Values: [tag[1]] }]
  let NextToken: string | undefined
  do {
    const page = await ssm.send(
      new DescribeInstanceInformationCommand({ MaxResults: 50, NextToken, ...(Filters && { Filters }) }),
    )
    found.push(...(page.InstanceInformationList ?? []))
    NextToken = page.NextToken || undefined
  } while (NextToken !== undefined)
  const tags = await tagsOf(ssm, ec2, found)
  return found
    .map((info) => toldOf(info, tags.get(info.InstanceId ?? '') ?? {}))
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id < b.id ? -1 : 1))
}

function toldOf(info: InstanceInformation, tags: Readonly<Record<string, string>>): NodeTold {
  return {
    id: info.InstanceId ?? '',
    name: tags.Name ?? info.Name ?? info.ComputerName ?? '',
    ping: info.PingStatus ?? 'unknown',
    platform: [info.PlatformName, info.PlatformVersion].filter(Boolean).join(' '),
    address: info.IPAddress ?? '',
    tags,
    lastSeenAt: info.LastPingDateTime?.toISOString(),
  }
}

/**
 * EC2 tells the tags of all at once: of Lockstep's nodes, which have an id of each kind, and of Amazon's instances. Who may not
 * ask it, and Amazon's nodes elsewhere, are asked for one by one.
 */
async function tagsOf(
  ssm: SSMClient,
  ec2: EC2Client,
  found: readonly InstanceInformation[],
): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
  const byDigits = await tagsInEc2(ec2)
  const tags = new Map<string, Readonly<Record<string, string>>>()
  for (const { InstanceId = '' } of found) {
    tags.set(InstanceId, byDigits.get(InstanceId.replace(/^m/, '')) ?? (await tagsInSsm(ssm, InstanceId)))
  }
  return tags
}

async function tagsInEc2(ec2: EC2Client): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
  const tags = new Map<string, Readonly<Record<string, string>>>()
  let NextToken: string | undefined
  try {
    do {
      const page = await ec2.send(new DescribeInstancesCommand({ MaxResults: 1000, NextToken }))
      for (const { InstanceId = '', Tags = [] } of (page.Reservations ?? []).flatMap(
        (each) => each.Instances ?? [],
      ))
        tags.set(InstanceId, record(Tags))
      NextToken = page.NextToken || undefined
    } while (NextToken !== undefined)
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'UnauthorizedOperation') throw error
  }
  return tags
}

async function tagsInSsm(ssm: SSMClient, id: string): Promise<Readonly<Record<string, string>>> {
  if (!id.startsWith('mi-')) return {}
  const { TagList = [] } = await ssm.send(
    new ListTagsForResourceCommand({ ResourceType: 'ManagedInstance', ResourceId: id }),
  )
  return record(TagList)
}

function record(tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[]) {
  return Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]))
}

/** `Key=Value`. */
export function tagOf(text: string): readonly [string, string] {
  const at = text.indexOf('=')
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)]
  throw new CommandFailure(EXIT.wrongUsage, `${JSON.stringify(text)} is no tag: write Key=Value`)
}

/** The `mi-` id of a node that somebody named by either id or its Name. */
export async function nodeIdOf(ssm: SSMClient, ec2: EC2Client, named: string): Promise<string> {
  const [, digits] = /^m?i-([0-9a-f]{17})$/.exec(named) ?? []
  if (digits !== undefined) return `mi-${digits}`
  const [found, second] = await listNodes(ssm, ec2, ['Name', named])
  if (!found) throw new CommandFailure(EXIT.notFound, `There is no node ${named} that you may see.`)
  if (second) throw new CommandFailure(EXIT.wrongUsage, `${named} is more than one node: name it by its id.`)
  return found.id
}
