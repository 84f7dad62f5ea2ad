import type { StartAssociationsOnceRequest, StartAssociationsOnceResult } from '@aws-sdk/client-ssm'
import { writeOperation } from '../../gateway/operation.ts'
import type { Association } from '../../store/associations.ts'
import { associationTarget, onAssociation } from './associations.ts'

/**
 * Has nodes carry out associations once more, now, whatever their schedules say.
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_StartAssociationsOnce.html
 */
export const StartAssociationsOnce = writeOperation<
  StartAssociationsOnceRequest,
  StartAssociationsOnceResult,
  readonly Association[]
>({
  action: 'ssm:StartAssociationsOnce',
  async resource({ AssociationIds }, ctx) {
    const found: Association[] = []
    for (const AssociationId of new Set(AssociationIds))
      found.push(await onAssociation.resource({ AssociationId }, ctx))
    return found
  },
  target: ({ AssociationIds: [first = '*'] }, ctx, found) =>
    associationTarget(ctx, first.toLowerCase(), found?.[0]),
  also: (_input, ctx, found) =>
    found.slice(1).map((association) => ({
      action: 'ssm:StartAssociationsOnce' as const,
      target: associationTarget(ctx, association.id, association),
    })),

  async run(_input, ctx, found) {
    for (const association of found) {
      await ctx.store.associations.addExecution(association, {
        number: association.execution + 1,
        id: ctx.random.uuid(),
        associationVersion: association.version,
        createdAt: ctx.clock.now(),
      })
    }
    return {}
  },
})
