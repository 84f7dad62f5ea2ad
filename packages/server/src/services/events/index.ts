import type { Operations } from '@lockstep/wire'
import type { AnyOperation } from '../../gateway/operation.ts'

/** Every operation we answer for EventBridge. */
export const events = {} satisfies Partial<Record<Operations['events'], AnyOperation>>
