import type { Operations } from '@lockstep/wire'
import type { AnyOperation } from '../../gateway/operation.ts'

/** Every operation we answer for Systems Manager. */
export const ssm = {} satisfies Partial<Record<Operations['ssm'], AnyOperation>>
