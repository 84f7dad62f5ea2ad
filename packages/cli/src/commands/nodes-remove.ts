import { EC2Client } from '@aws-sdk/client-ec2'
import { DeregisterManagedInstanceCommand, SSMClient } from '@aws-sdk/client-ssm'
import { Command } from 'commander'
import { nodeIdOf } from '../nodes.ts'

const EXAMPLES = `
The node's agent is not obeyed any more, and obeys no more. Keys that are on the node stay there: rotate, or look at them with
"lockstep nodes audit", before.

Examples:
  lockstep nodes remove mi-0123456789abcdef0
`

export function nodesRemoveCommand(): Command {
  return new Command('remove')
    .description('deregister nodes')
    .argument('<NODE...>', 'ids or Names')
    .addHelpText('after', EXAMPLES)
    .action(async (nodes: readonly string[]) => {
      const [ssm, ec2] = [new SSMClient({}), new EC2Client({})]
      for (const node of nodes) {
        const InstanceId = await nodeIdOf(ssm, ec2, node)
        await ssm.send(new DeregisterManagedInstanceCommand({ InstanceId }))
        process.stdout.write(`${InstanceId}\n`)
      }
    })
}
