import type { Operations } from '@lockstep/wire'
import type { AnyOperation } from '../../gateway/operation.ts'

/** Every operation we answer for Lambda. */
export const lambda = {} satisfies Partial<Record<Operations['lambda'], AnyOperation>>
