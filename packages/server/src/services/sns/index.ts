import type { Operations } from '@lockstep/wire'
import type { AnyOperation } from '../../gateway/operation.ts'

/** Every operation we answer for SNS. */
export const sns = {} satisfies Partial<Record<Operations['sns'], AnyOperation>>
