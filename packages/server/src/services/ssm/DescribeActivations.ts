import type {
  Activation as ActivationView,
  DescribeActivationsFilter,
  DescribeActivationsRequest,
  DescribeActivationsResult,
} from '@aws-sdk/client-ssm'
import { readOperation } from '../../gateway/operation.ts'
import { readPage } from '../../gateway/paging.ts'
import type { Activation } from '../../store/nodes.ts'
import { invalidFilter, invalidNextToken } from './errors.ts'
import { filteredPage } from './listing.ts'
import { tagList } from './tags.ts'

const MAX_PAGE = 50

/**
 * Lists activations by id, those included that are used up or over, without their codes.
 *
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeActivations.html
 */
export const DescribeActivations = readOperation<DescribeActivationsRequest, DescribeActivationsResult>({
  action: 'ssm:DescribeActivations',

  async run({ Filters = [], MaxResults = MAX_PAGE, NextToken }, ctx) {
    const tests = Filters.map(testOf)
    const listing = {
      of: ['DescribeActivations', JSON.stringify(Filters)],
      token: NextToken,
      limit: MaxResults,
      fetch: (page: { readonly after: string | undefined; readonly limit: number }) =>
        filteredPage(
          page,
          (stretch) => ctx.store.nodes.activations({ account: ctx.account, region: ctx.region }, stretch),
          (activation) => tests.every((passes) => passes(activation)),
        ),
      cursor: ({ id }: Activation) => id,
    }
    const { items, next } = await readPage(ctx, listing, invalidNextToken)
    return {
      ActivationList: items.map((each) => viewOf(each, ctx.clock.now())),
      ...(next !== undefined && { NextToken: next }),
    }
  },
})

const FILTERED: Readonly<
  Record<NonNullable<DescribeActivationsFilter['FilterKey']>, (activation: Activation) => string | undefined>
> = {
  ActivationIds: ({ id }) => id,
  DefaultInstanceName: ({ defaultName }) => defaultName,
  IamRole: ({ iamRole }) => iamRole,
}

function testOf({ FilterKey, FilterValues = [] }: DescribeActivationsFilter) {
  if (!FilterKey || FilterValues.length === 0) throw invalidFilter()
  const read = FILTERED[FilterKey]
  return (activation: Activation) => FilterValues.includes(read(activation) ?? '')
}

function viewOf(activation: Activation, now: Date): ActivationView {
  const { id, description, defaultName, iamRole, registrationLimit, registrations, expiresAt } = activation
  return {
    ActivationId: id,
    ...(description !== undefined && { Description: description }),
    ...(defaultName !== undefined && { DefaultInstanceName: defaultName }),
    IamRole: iamRole,
    RegistrationLimit: registrationLimit,
    RegistrationsCount: registrations,
    ExpirationDate: expiresAt,
    Expired: expiresAt <= now,
    CreatedDate: activation.createdAt,
    Tags: tagList(activation.tags),
  }
}
