import type { UpdateAssociationRequest, UpdateAssociationResult } from '@aws-sdk/client-ssm'
import { sealParameters } from '../../fleet/association-parameters.ts'
import { documentTarget, type FoundDocument, findDocument } from '../../fleet/find-document.ts'
import type { Target } from '../../gateway/context.ts'
import { writeOperation } from '../../gateway/operation.ts'
import type { Association, AssociationSettings } from '../../store/associations.ts'
import { associationVersionLimitExceeded, noSuchAssociationVersion } from './association-errors.ts'
import { checksOf, reachedTargets } from './association-permissions.ts'
import { askedSettings, askedTargets, demandResolvable } from './association-settings.ts'
import { associationDescription } from './association-views.ts'
import { associationTarget, onAssociation } from './associations.ts'
import { noSuchDocument } from './document-errors.ts'

/** @see https://docs.aws.amazon.com/general/latest/gr/ssm.html */
const MAX_VERSIONS = 1000

interface Asked {
  readonly held: Association
  readonly found: FoundDocument
  readonly targets: AssociationSettings['targets']
  readonly reached: readonly Target[]
}

/**
 * Writes a further version of an association. As at Amazon, what the call leaves out is reset, parameters included;
 * document and targets alone stay as they were.
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_UpdateAssociation.html
 */
export const UpdateAssociation = writeOperation<UpdateAssociationRequest, UpdateAssociationResult, Asked>({
  action: 'ssm:UpdateAssociation',
  async resource(input, ctx) {
    const held = await onAssociation.resource({ AssociationId: input.AssociationId }, ctx)
    const name = input.Name ?? held.document
    const found = await findDocument(ctx.store.documents, ctx, name)
    if (!found) throw noSuchDocument(name)
    const targets = askedTargets(input) ?? held.settings.targets
    return { held, found, targets, reached: await reachedTargets(ctx, targets) }
  },
  target: ({ AssociationId }, ctx, asked) => associationTarget(ctx, AssociationId.toLowerCase(), asked?.held),
  also: (_input, ctx, { found, reached }) =>
    checksOf('ssm:UpdateAssociation', [documentTarget(ctx, found.name, found), ...reached]),

  async run(input, ctx, { held, found, targets }) {
    const { Parameters: parameters = {}, AssociationVersion: from = '$LATEST' } = input
    if (from !== '$LATEST' && from !== String(held.version)) throw noSuchAssociationVersion()
    if (held.version >= MAX_VERSIONS) throw associationVersionLimitExceeded(MAX_VERSIONS)
    const now = ctx.clock.now()
    const isAsBefore = targets === held.settings.targets
    const settings = {
      ...askedSettings(input, targets, now),
      ...(isAsBefore && { instanceId: held.settings.instanceId }),
    }
    await demandResolvable(ctx, { found, version: settings.documentVersion }, parameters)
    const version = held.version + 1
    const association = {
      ...{ ...held, document: found.name, settings, version, execution: held.execution + 1, updatedAt: now },
      sealedParameters: sealParameters(ctx.keyring, { ...held, version }, parameters),
    }
    await ctx.store.associations.addVersion(association, ctx.random.uuid())
    return { AssociationDescription: await associationDescription(ctx, association) }
  },
})
