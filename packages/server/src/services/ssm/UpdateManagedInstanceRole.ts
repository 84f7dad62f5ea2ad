import type { UpdateManagedInstanceRoleRequest } from '@aws-sdk/client-ssm'
import { nodeTarget } from '../../fleet/node-target.ts'
import { writeOperation } from '../../gateway/operation.ts'
import type { FleetNode } from '../../store/nodes.ts'
import type { Role } from '../../store/principals.ts'
import { demandNode } from './on-node.ts'
import { demandTrust, findRole, passRole } from './role.ts'

interface Found {
  readonly node: FleetNode
  readonly role: Role | undefined
}

/** @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_UpdateManagedInstanceRole.html */
export const UpdateManagedInstanceRole = writeOperation<UpdateManagedInstanceRoleRequest, object, Found>({
  action: 'ssm:UpdateManagedInstanceRole',
  resource: async ({ InstanceId, IamRole }, ctx) => ({
    node: await demandNode(ctx, InstanceId),
    role: await findRole(ctx, IamRole),
  }),
  target: ({ InstanceId }, ctx, found) => nodeTarget(ctx, InstanceId, found?.node),
  also: ({ IamRole }, ctx, { role }) => [passRole(ctx, IamRole, role)],

  async run({ IamRole }, ctx, { node, role }) {
    demandTrust(ctx, IamRole, role)
    await ctx.store.nodes.update({ ...node, iamRole: IamRole })
    return {}
  },
})
