import type { ListEventBusesRequest, ListEventBusesResponse } from '@aws-sdk/client-eventbridge'
import { busArn, DEFAULT_BUS } from '../../bus/rule-arn.ts'
import { readOperation } from '../../gateway/operation.ts'
import { invalidNextToken } from './errors.ts'

/** @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListEventBuses.html */
export const ListEventBuses = readOperation<ListEventBusesRequest, ListEventBusesResponse>({
  action: 'events:ListEventBuses',

  async run({ NamePrefix = '', NextToken }, ctx) {
    // There is one bus, so no page was ever followed by another.
    if (NextToken !== undefined) throw invalidNextToken()
    const buses = [{ Name: DEFAULT_BUS, Arn: busArn(ctx) }]
    return { EventBuses: buses.filter(({ Name }) => Name.startsWith(NamePrefix)) }
  },
})
