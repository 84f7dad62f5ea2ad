import type { Operations } from '@lockstep/wire'
import type { AnyOperation } from '../../gateway/operation.ts'
import { CreateTags } from './CreateTags.ts'
import { DeleteTags } from './DeleteTags.ts'
import { DescribeAvailabilityZones } from './DescribeAvailabilityZones.ts'
import { DescribeInstanceStatus } from './DescribeInstanceStatus.ts'
import { DescribeInstances } from './DescribeInstances.ts'
import { DescribeRegions } from './DescribeRegions.ts'
import { DescribeTags } from './DescribeTags.ts'

/** Every operation we answer for EC2. */
export const ec2 = {
  CreateTags,
  DeleteTags,
  DescribeAvailabilityZones,
  DescribeInstanceStatus,
  DescribeInstances,
  DescribeRegions,
  DescribeTags,
} satisfies Partial<Record<Operations['ec2'], AnyOperation>>
