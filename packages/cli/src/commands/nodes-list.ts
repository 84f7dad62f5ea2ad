import { EC2Client } from '@aws-sdk/client-ec2'
import { SSMClient } from '@aws-sdk/client-ssm'
import { Command, Option } from 'commander'
import { listNodes, type NodeTold, tagOf } from '../nodes.ts'
import { tableLines } from '../table.ts'

const EXAMPLES = `
Asks Systems Manager for the nodes (DescribeInstanceInformation) and EC2 for their tags.

Examples:
  lockstep nodes list
  lockstep nodes list --tag RotateSSHKeys=True --json
`

interface Flags {
  readonly tag?: string
  readonly output: 'table' | 'json'
  readonly json?: true
}

export function nodesListCommand(): Command {
  return new Command('list')
    .description('every node, with whether its agent is connected')
    .option('--tag <KEY=VALUE>', 'only nodes that have the tag')
    .addOption(new Option('--output <FORMAT>').choices(['table', 'json']).default('table'))
    .option('--json', 'the same as --output json')
    .addHelpText('after', EXAMPLES)
    .action(list)
}

async function list({ tag, json, output }: Flags): Promise<void> {
  const nodes = await listNodes(
    new SSMClient({}),
    new EC2Client({}),
    tag === undefined ? undefined : tagOf(tag),
  )
  const lines = json || output === 'json' ? [JSON.stringify(nodes)] : nodeLines(nodes)
  process.stdout.write(`${lines.join('\n')}\n`)
}

function nodeLines(nodes: readonly NodeTold[]): readonly string[] {
  return tableLines(
    ['ID', 'NAME', 'PING', 'PLATFORM', 'ADDRESS', 'TAGS'],
    nodes.map(({ id, name, ping, platform, address, tags }) => [
      id,
      name,
      ping,
      platform,
      address,
      shown(tags),
    ]),
  )
}

/** Those that people set. */
function shown(tags: Readonly<Record<string, string>>): string {
  return Object.entries(tags)
    .filter(([key]) => key !== 'Name' && !key.startsWith('lockstep:') && !key.startsWith('aws:'))
    .map(([key, value]) => `${key}=${value}`)
    .join(' ')
}
