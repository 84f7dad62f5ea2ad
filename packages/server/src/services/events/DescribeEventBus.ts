import type { DescribeEventBusRequest, DescribeEventBusResponse } from '@aws-sdk/client-eventbridge'
import { busArn, DEFAULT_BUS } from '../../bus/rule-arn.ts'
import { readOperation } from '../../gateway/operation.ts'
import { BUS_TYPE, demandDefaultBus } from './event-bus.ts'

/**
 * DIVERGENCE: the default bus has no policy, and PutPermission is not answered: other accounts' events stay with them.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeEventBus.html
 */
export const DescribeEventBus = readOperation<DescribeEventBusRequest, DescribeEventBusResponse>({
  action: 'events:DescribeEventBus',
  resource: async ({ Name }, ctx) => {
    demandDefaultBus(Name, ctx)
    return undefined
  },
  target: (_input, ctx) => ({ arn: busArn(ctx), account: ctx.account, type: BUS_TYPE }),
  run: async (_input, ctx) => ({ Name: DEFAULT_BUS, Arn: busArn(ctx) }),
})
