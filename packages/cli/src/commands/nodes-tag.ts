import { EC2Client } from '@aws-sdk/client-ec2'
import { AddTagsToResourceCommand, RemoveTagsFromResourceCommand, SSMClient } from '@aws-sdk/client-ssm'
import { Command } from 'commander'
import { nodeIdOf, tagOf } from '../nodes.ts'

const EXAMPLES = `
NODE is an id (mi-… or i-…) or the tag Name. The tag RotateSSHKeys decides which nodes a rotation reaches.

Examples:
  lockstep nodes tag mi-0123456789abcdef0 Name=web-1 RotateSSHKeys=True
  lockstep nodes untag web-1 RotateSSHKeys
`

export function nodesTagCommand(): Command {
  return new Command('tag')
    .description('give a node tags')
    .argument('<NODE>', 'id or Name')
    .argument('<KEY=VALUE...>', 'tags')
    .addHelpText('after', EXAMPLES)
    .action(async (node: string, tags: readonly string[]) => {
      const Tags = tags.map(tagOf).map(([Key, Value]) => ({ Key, Value }))
      const ssm = new SSMClient({})
      const ResourceId = await nodeIdOf(ssm, new EC2Client({}), node)
      await ssm.send(new AddTagsToResourceCommand({ ResourceType: 'ManagedInstance', ResourceId, Tags }))
    })
}

export function nodesUntagCommand(): Command {
  return new Command('untag')
    .description('take tags off a node')
    .argument('<NODE>', 'id or Name')
    .argument('<KEY...>', 'names of tags')
    .addHelpText('after', EXAMPLES)
    .action(async (node: string, keys: readonly string[]) => {
      const ssm = new SSMClient({})
      const ResourceId = await nodeIdOf(ssm, new EC2Client({}), node)
      const TagKeys = [...keys]
      await ssm.send(
        new RemoveTagsFromResourceCommand({ ResourceType: 'ManagedInstance', ResourceId, TagKeys }),
      )
    })
}
