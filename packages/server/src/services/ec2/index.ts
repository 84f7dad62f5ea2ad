import type { Operations } from '@lockstep/wire'
import type { AnyOperation } from '../../gateway/operation.ts'

/** Every operation we answer for EC2. */
export const ec2 = {} satisfies Partial<Record<Operations['ec2'], AnyOperation>>
