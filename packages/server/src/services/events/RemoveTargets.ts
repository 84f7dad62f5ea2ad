import type {
  RemoveTargetsRequest,
  RemoveTargetsResponse,
  RemoveTargetsResultEntry,
} from '@aws-sdk/client-eventbridge'
import { writeOperation } from '../../gateway/operation.ts'
import type { Rule } from '../../store/rules.ts'
import { onRule } from './on-rule.ts'

/** @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RemoveTargets.html */
export const RemoveTargets = writeOperation<RemoveTargetsRequest, RemoveTargetsResponse, Rule>({
  ...onRule('RemoveTargets', ({ Rule: name, EventBusName }) => ({ name, bus: EventBusName })),

  async run({ Ids }, ctx, { name }) {
    const failed: RemoveTargetsResultEntry[] = []
    for (const id of new Set(Ids)) {
      if (await ctx.store.rules.removeTarget(ctx, name, id)) continue
      failed.push({
        TargetId: id,
        ErrorCode: 'ResourceNotFoundException',
        ErrorMessage: `Rule ${name} does not have target with ID ${id}.`,
      })
    }
    return { FailedEntryCount: failed.length, FailedEntries: failed }
  },
})
