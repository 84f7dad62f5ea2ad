import type { EC2Client } from '@aws-sdk/client-ec2'
import {
  type Command,
  DescribeAssociationCommand,
  ListAssociationsCommand,
  ListCommandInvocationsCommand,
  ListCommandsCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm'
import type { Labelled } from '@lockstep/workers/rotation/ssh-key-pair/plan'
import type { Settings } from '@lockstep/workers/rotation/ssh-key-pair/settings'
import { listNodes } from './nodes.ts'
import { type InvocationTold, nodeStandings, type SshRotation } from './ssh-rotation.ts'

/** Pages of fifty commands. Older ones say nothing of this rotation. */
const MAX_PAGES = 4

export interface SshAsked {
  readonly ssm: SSMClient
  readonly ec2: EC2Client
  readonly settings: Settings
  readonly labels: Labelled
}

/** How a rotation of SSH keys stands on each node, by Systems Manager's word. */
export async function sshRotation({ ssm, ec2, settings, labels }: SshAsked): Promise<SshRotation> {
  const token = labels.pending ?? labels.current ?? ''
  const [nodes, commands, association] = await Promise.all([
    listNodes(ssm, ec2, [settings.tagName, settings.tagValue]),
    recentCommands(ssm),
    associationStatus(ssm, settings.associationName),
  ])
  const adds = commands.filter(({ Comment }) => Comment === `add_key ${token}`)
  const since = adds.at(-1)?.RequestedDateTime
  const removals = commands.filter(
    ({ Comment = '', RequestedDateTime }) =>
      Comment.startsWith('delete_key ') &&
      since !== undefined &&
      RequestedDateTime !== undefined &&
      RequestedDateTime >= since &&
      keeps(token, Comment),
  )
  const [added, removed] = [await invocationsOf(ssm, adds), await invocationsOf(ssm, removals)]
  return { nodes: nodeStandings(labels, nodes, { added, removed }), association }
}

/** A roll-back removes the newer key, which is no end of its rotation. */
function keeps(token: string, comment: string): boolean {
  return comment.split(' ')[1] !== token
}

/** The newest first. */
async function recentCommands(ssm: SSMClient): Promise<readonly Command[]> {
  const commands: Command[] = []
  let NextToken: string | undefined
  for (let page = 0; page < MAX_PAGES; page++) {
    const answer = await ssm.send(new ListCommandsCommand({ MaxResults: 50, NextToken }))
    commands.push(...(answer.Commands ?? []))
    NextToken = answer.NextToken || undefined
    if (NextToken === undefined) break
  }
  const at = ({ RequestedDateTime }: Command) => RequestedDateTime?.getTime() ?? 0
  return commands.toSorted((a, b) => at(b) - at(a))
}

async function invocationsOf(
  ssm: SSMClient,
  commands: readonly Command[],
): Promise<readonly InvocationTold[]> {
  const told: InvocationTold[] = []
  for (const { CommandId } of commands) {
    let NextToken: string | undefined
    do {
      const page = await ssm.send(
        new ListCommandInvocationsCommand({ CommandId, Details: true, MaxResults: 50, NextToken }),
      )
      for (const { InstanceId = '', Status = '', StatusDetails, CommandPlugins } of page.CommandInvocations ??
        []) {
        const output = CommandPlugins?.[0]?.Output ?? ''
        const said = /^lockstep: ([ -~]{1,200})$/m.exec(output)?.[1]
        told.push({ nodeId: InstanceId, status: Status, details: StatusDetails || Status, said })
      }
      NextToken = page.NextToken || undefined
    } while (NextToken !== undefined)
  }
  return told
}

async function associationStatus(ssm: SSMClient, name: string): Promise<string | undefined> {
  const { Associations = [] } = await ssm.send(
    new ListAssociationsCommand({ AssociationFilterList: [{ key: 'AssociationName', value: name }] }),
  )
  const found = Associations.find(({ AssociationName }) => AssociationName === name)
  if (found?.AssociationId === undefined) return undefined
  const { AssociationDescription: of } = await ssm.send(
    new DescribeAssociationCommand({ AssociationId: found.AssociationId }),
  )
  const counts = Object.entries(of?.Overview?.AssociationStatusAggregatedCount ?? {})
  const shown = counts.map(([status, count]) => `${count} ${status}`).join(', ')
  return [name, of?.Overview?.Status, shown && `(${shown})`].filter(Boolean).join(' ')
}
