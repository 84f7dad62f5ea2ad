import type { UpdateTrailRequest, UpdateTrailResponse } from '@aws-sdk/client-cloudtrail'
import { writeOperation } from '../../gateway/operation.ts'
import type { DeliveryTrail } from '../../store/deliveries.ts'
import { askedSettings, demandRoom } from './asked-settings.ts'
import { onOwnTrail } from './trails.ts'
import { settingsView } from './views.ts'

/**
 * Changes what is named and leaves the rest. What is about to be written goes where it was to go.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_UpdateTrail.html
 */
export const UpdateTrail = writeOperation<UpdateTrailRequest, UpdateTrailResponse, DeliveryTrail>({
  action: 'cloudtrail:UpdateTrail',
  ...onOwnTrail(({ Name }: UpdateTrailRequest) => Name),

  async run(input, ctx, trail) {
    const changed = {
      ...trail,
      settings: await askedSettings(ctx, { name: trail.name, asked: input }, trail.settings),
    }
    const all = await ctx.store.deliveries.ofAccount(trail.account)
    if (changed.settings.isMultiRegion && !trail.settings.isMultiRegion)
      demandRoom(
        changed,
        all.filter(({ id }) => id !== trail.id),
      )
    await ctx.store.deliveries.save(changed)
    return settingsView(changed)
  },
})
