import type { AssociationFilter, ListAssociationsRequest, ListAssociationsResult } from '@aws-sdk/client-ssm'
import { overviewOf, standings } from '../../fleet/association-status.ts'
import { nodeIdOf } from '../../fleet/node-id.ts'
import type { Context } from '../../gateway/context.ts'
import { readOperation } from '../../gateway/operation.ts'
import { readPage } from '../../gateway/paging.ts'
import type { Association } from '../../store/associations.ts'
import { associationView } from './association-views.ts'
import { everyAssociation } from './associations.ts'
import { invalidNextToken } from './errors.ts'

const MAX_PAGE = 50

/** @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ListAssociations.html */
export const ListAssociations = readOperation<ListAssociationsRequest, ListAssociationsResult>({
  action: 'ssm:ListAssociations',

  async run({ AssociationFilterList: filters = [], MaxResults: limit = MAX_PAGE, NextToken: token }, ctx) {
    const listing = {
      ...{ of: ['ListAssociations', JSON.stringify(filters)], token, limit },
      fetch: (page: Page) => wantedBehind(ctx, filters, page),
      cursor: ({ id }: Association) => id,
    }
    const { items, next } = await readPage(ctx, listing, invalidNextToken)
    const Associations = []
    for (const association of items) Associations.push(await associationView(ctx, association))
    return { Associations, ...(next !== undefined && { NextToken: next }) }
  },
})

interface Page {
  readonly after: string | undefined
  readonly limit: number
}

async function wantedBehind(
  ctx: Context,
  filters: readonly AssociationFilter[],
  { after, limit }: Page,
): Promise<readonly Association[]> {
  const wanted: Association[] = []
  for (const association of await everyAssociation(ctx)) {
    if (wanted.length === limit) break
    if (after !== undefined && association.id <= after) continue
    if (await passesAll(ctx, filters, association)) wanted.push(association)
  }
  return wanted
}

async function passesAll(
  ctx: Context,
  filters: readonly AssociationFilter[],
  association: Association,
): Promise<boolean> {
  for (const filter of filters) if (!(await passes(ctx, filter, association))) return false
  return true
}

async function passes(ctx: Context, { key, value = '' }: AssociationFilter, association: Association) {
  switch (key) {
    case 'AssociationId':
      return association.id === value.toLowerCase()
    case 'Name':
      return association.document === value
    case 'AssociationName':
      return association.settings.associationName === value
    case 'InstanceId':
      return isMeantFor(association, value)
    case 'AssociationStatusName':
      return overviewOf(await standings(ctx, association, ctx.clock.now())).status === value
    case 'LastExecutedBefore':
      return (await lastExecuted(ctx, association)) < Date.parse(value)
    case 'LastExecutedAfter':
      return (await lastExecuted(ctx, association)) > Date.parse(value)
    default:
      return false
  }
}

/** As at Amazon, what names the node itself, not what reaches it by its tags. */
function isMeantFor({ settings }: Association, instanceId: string): boolean {
  const id = nodeIdOf(instanceId)
  return settings.targets.some(
    ({ Key, Values }) =>
      Key === 'InstanceIds' && Values.some((each) => nodeIdOf(each) === id && id !== undefined),
  )
}

/** NaN, which no comparison admits, where it never was. */
async function lastExecuted(ctx: Context, association: Association): Promise<number> {
  return (await ctx.store.associations.lastExecuted(association)).at?.getTime() ?? Number.NaN
}
