import { formatArn } from '@lockstep/wire'
import { nodeIdOf } from '../../fleet/node-id.ts'
import type { Context, Target } from '../../gateway/context.ts'
import type { Association } from '../../store/associations.ts'
import { noSuchAssociation, unnamedAssociation } from './association-errors.ts'

/** @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html */
export function associationTarget(
  { partition, region, account }: Pick<Context, 'partition' | 'region' | 'account'>,
  id: string,
  association?: Association,
): Target {
  return {
    arn: formatArn({ partition, service: 'ssm', region, account, resource: `association/${id}` }),
    account,
    type: 'AWS::SSM::Association',
    tags: association?.tags,
  }
}

interface Named {
  readonly AssociationId?: string | undefined
  /** Of its document; with the instance the old way to name an association. */
  readonly Name?: string | undefined
  readonly InstanceId?: string | undefined
}

/** What operations on one association have in common. */
export const onAssociation = {
  /** @throws AssociationDoesNotExist */
  async resource({ AssociationId, Name, InstanceId }: Named, ctx: Context): Promise<Association> {
    const { associations } = ctx.store
    const place = { account: ctx.account, region: ctx.region }
    if (AssociationId !== undefined) {
      const found = await associations.find(place, AssociationId.toLowerCase())
      if (!found) throw noSuchAssociation()
      return found
    }
    if (Name === undefined || InstanceId === undefined) throw unnamedAssociation()
    const ofInstance = await associationOfInstance(ctx, Name, InstanceId)
    const found = ofInstance && (await associations.find(place, ofInstance.id))
    if (!found) throw noSuchAssociation()
    return found
  },
  target: ({ AssociationId }: Named, ctx: Context, association: Association | undefined): Target =>
    associationTarget(ctx, association?.id ?? AssociationId?.toLowerCase() ?? '*', association),
}

/** The association of a document that was made for this one node, in the old way. */
export async function associationOfInstance(
  ctx: Context,
  document: string,
  instanceId: string,
): Promise<Association | undefined> {
  const node = nodeIdOf(instanceId)
  const all = await everyAssociation(ctx)
  return all.find(
    ({ document: its, settings }) =>
      its === document && settings.instanceId !== undefined && nodeIdOf(settings.instanceId) === node,
  )
}

/** So many rows are read at a time. */
const STRETCH = 500

/** The account's, at most as many as its quota. */
export async function everyAssociation({ store, account, region }: Context): Promise<readonly Association[]> {
  const found: Association[] = []
  for (;;) {
    const page = { after: found.at(-1)?.id, limit: STRETCH }
    const stretch = await store.associations.list({ account, region }, page)
    found.push(...stretch)
    if (stretch.length < STRETCH) return found
  }
}
