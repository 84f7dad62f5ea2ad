import type { GetTrailRequest, GetTrailResponse } from '@aws-sdk/client-cloudtrail'
import { readOperation } from '../../gateway/operation.ts'
import type { DeliveryTrail } from '../../store/deliveries.ts'
import { onTrail } from './trails.ts'
import { trailView } from './views.ts'

/** @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrail.html */
export const GetTrail = readOperation<GetTrailRequest, GetTrailResponse, DeliveryTrail>({
  action: 'cloudtrail:GetTrail',
  ...onTrail(({ Name }: GetTrailRequest) => Name),
  run: async (_input, _ctx, trail) => ({ Trail: trailView(trail) }),
})
