import { formatArn } from '@lockstep/wire'
import type { Context, Target } from '../gateway/context.ts'
import type { FleetNode } from '../store/nodes.ts'
import { ec2IdOf, nodeIdOf } from './node-id.ts'

const NODE_TYPE = 'AWS::SSM::ManagedInstance'

type Where = Pick<Context, 'account' | 'region' | 'partition'>

/**
 * A node as policies see it, whether or not there is one: under the ARN of its `mi-` id and the one of its `i-` id at
 * once, so that a statement about either is about the machine, however the caller names it.
 *
 * @param id As the caller spelled it; AccessDenied tells it back.
 * @param node What {@link findNode} found for it.
 */
export function nodeTarget(where: Where, id: string, node?: FleetNode): Target {
  const { partition, account, region } = where
  const nodeId = nodeIdOf(id) ?? id
  const managed = formatArn({
    partition,
    service: 'ssm',
    region,
    account,
    resource: `managed-instance/${nodeId}`,
  })
  const instance = formatArn({
    partition,
    service: 'ec2',
    region,
    account,
    resource: `instance/${ec2IdOf(nodeId)}`,
  })
  return {
    arn: managed,
    otherArns: [instance],
    account,
    shownAs: id.startsWith('i-') ? instance : managed,
    type: NODE_TYPE,
    tags: node?.tags,
  }
}
