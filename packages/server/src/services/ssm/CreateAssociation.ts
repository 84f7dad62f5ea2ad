import type { CreateAssociationRequest, CreateAssociationResult } from '@aws-sdk/client-ssm'
import { sealParameters } from '../../fleet/association-parameters.ts'
import { documentTarget, type FoundDocument, findDocument } from '../../fleet/find-document.ts'
import { findNode } from '../../fleet/find-node.ts'
import type { Target, WriteContext } from '../../gateway/context.ts'
import { writeOperation } from '../../gateway/operation.ts'
import type { AssociationSettings } from '../../store/associations.ts'
import { associationAlreadyExists, associationLimitExceeded, invalidTarget } from './association-errors.ts'
import { checksOf, reachedTargets } from './association-permissions.ts'
import { askedSettings, askedTargets, demandResolvable } from './association-settings.ts'
import { associationDescription } from './association-views.ts'
import { associationOfInstance, associationTarget } from './associations.ts'
import { noSuchDocument } from './document-errors.ts'
import { noSuchNode } from './errors.ts'
import { tagConditions, withTags } from './tags.ts'

/** @see https://docs.aws.amazon.com/general/latest/gr/ssm.html */
const MAX_ASSOCIATIONS = 2000

interface Asked {
  readonly found: FoundDocument
  readonly targets: AssociationSettings['targets']
  readonly reached: readonly Target[]
}

/**
 * Makes an association, which nodes carry out as soon as they hear of it. Permission on the document, on every node
 * that it reaches, and on those that it may come to reach is asked for now and never again.
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateAssociation.html
 */
export const CreateAssociation = writeOperation<CreateAssociationRequest, CreateAssociationResult, Asked>({
  action: 'ssm:CreateAssociation',
  async resource(input, ctx) {
    const found = await findDocument(ctx.store.documents, ctx, input.Name)
    if (!found) throw noSuchDocument(input.Name)
    const targets = askedTargets(input)
    if (!targets) throw invalidTarget('An association needs a target.')
    return { found, targets, reached: await reachedTargets(ctx, targets) }
  },
  target: ({ Name }, ctx, asked) => documentTarget(ctx, Name, asked?.found),
  keys: ({ Tags }) => tagConditions(Tags),
  also: ({ Tags }, ctx, { reached }) => [
    ...checksOf('ssm:CreateAssociation', reached),
    ...(Tags?.length
      ? [
          {
            action: 'ssm:AddTagsToResource' as const,
            target: associationTarget(ctx, '*'),
            keys: tagConditions(Tags),
          },
        ]
      : []),
  ],

  async run(input, ctx, { found, targets }) {
    const { account, region, store, random } = ctx
    const { Parameters: parameters = {}, Tags = [] } = input
    const now = ctx.clock.now()
    await demandInstance(ctx, found.name, input.InstanceId)
    const settings = askedSettings(input, targets, now)
    await demandResolvable(ctx, { found, version: settings.documentVersion }, parameters)
    if ((await store.associations.count({ account, region })) >= MAX_ASSOCIATIONS)
      throw associationLimitExceeded(MAX_ASSOCIATIONS)
    const key = { account, region, id: random.uuid(), version: 1 }
    const association = {
      ...{ ...key, document: found.name, settings, execution: 1, createdAt: now, updatedAt: now },
      sealedParameters: sealParameters(ctx.keyring, key, parameters),
      tags: withTags({}, Tags),
    }
    await store.associations.insert(association, random.uuid())
    return { AssociationDescription: await associationDescription(ctx, association) }
  },
})

/** @throws InvalidInstanceId, AssociationAlreadyExists */
async function demandInstance(
  ctx: WriteContext,
  document: string,
  instanceId: string | undefined,
): Promise<void> {
  if (instanceId === undefined) return
  const { account, region } = ctx
  if (!(await findNode(ctx.store.nodes, { account, region }, instanceId))) throw noSuchNode(instanceId)
  if (await associationOfInstance(ctx, document, instanceId)) throw associationAlreadyExists()
}
