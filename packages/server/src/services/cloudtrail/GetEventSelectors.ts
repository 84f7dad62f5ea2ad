import type { GetEventSelectorsRequest, GetEventSelectorsResponse } from '@aws-sdk/client-cloudtrail'
import { readOperation } from '../../gateway/operation.ts'
import type { DeliveryTrail } from '../../store/deliveries.ts'
import { trailArn } from '../../trail/delivery/topic.ts'
import { onTrail } from './trails.ts'
import { selectorsView } from './views.ts'

/** @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetEventSelectors.html */
export const GetEventSelectors = readOperation<
  GetEventSelectorsRequest,
  GetEventSelectorsResponse,
  DeliveryTrail
>({
  action: 'cloudtrail:GetEventSelectors',
  ...onTrail(({ TrailName }: GetEventSelectorsRequest) => TrailName),
  run: async (_input, _ctx, trail) => ({ TrailARN: trailArn(trail), ...selectorsView(trail) }),
})
