import type { Operations } from '@lockstep/wire'
import type { AnyOperation } from '../../gateway/operation.ts'
import { AddTagsToResource } from './AddTagsToResource.ts'
import { CreateActivation } from './CreateActivation.ts'
import { DeleteActivation } from './DeleteActivation.ts'
import { DeregisterManagedInstance } from './DeregisterManagedInstance.ts'
import { DescribeActivations } from './DescribeActivations.ts'
import { DescribeInstanceInformation } from './DescribeInstanceInformation.ts'
import { GetConnectionStatus } from './GetConnectionStatus.ts'
import { ListTagsForResource } from './ListTagsForResource.ts'
import { RemoveTagsFromResource } from './RemoveTagsFromResource.ts'
import { UpdateManagedInstanceRole } from './UpdateManagedInstanceRole.ts'

/** Every operation we answer for Systems Manager. */
export const ssm = {
  AddTagsToResource,
  CreateActivation,
  DeleteActivation,
  DeregisterManagedInstance,
  DescribeActivations,
  DescribeInstanceInformation,
  GetConnectionStatus,
  ListTagsForResource,
  RemoveTagsFromResource,
  UpdateManagedInstanceRole,
} satisfies Partial<Record<Operations['ssm'], AnyOperation>>
