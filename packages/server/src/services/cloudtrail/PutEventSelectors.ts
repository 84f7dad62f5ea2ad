import type { PutEventSelectorsRequest, PutEventSelectorsResponse } from '@aws-sdk/client-cloudtrail'
import { writeOperation } from '../../gateway/operation.ts'
import type { DeliveryTrail } from '../../store/deliveries.ts'
import { trailArn } from '../../trail/delivery/topic.ts'
import { invalidCombination, invalidEventSelectors } from './errors.ts'
import { advancedChoice, basicChoice } from './selectors.ts'
import { onOwnTrail } from './trails.ts'
import { selectorsView } from './views.ts'

/** @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html */
export const PutEventSelectors = writeOperation<
  PutEventSelectorsRequest,
  PutEventSelectorsResponse,
  DeliveryTrail
>({
  action: 'cloudtrail:PutEventSelectors',
  ...onOwnTrail(({ TrailName }: PutEventSelectorsRequest) => TrailName),

  async run({ EventSelectors: basic, AdvancedEventSelectors: advanced }, { store }, trail) {
    if (basic && advanced)
      throw invalidCombination('A trail has event selectors or advanced event selectors, not both.')
    if (!basic && !advanced) throw invalidEventSelectors('There are no event selectors in the call.')
    const chosen = basic ? basicChoice(basic) : advancedChoice(advanced ?? [])
    const changed = { ...trail, settings: { ...trail.settings, ...chosen } }
    await store.deliveries.save(changed)
    return { TrailARN: trailArn(trail), ...selectorsView(changed) }
  },
})
