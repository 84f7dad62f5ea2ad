import type { ResourceTypeForTagging } from '@aws-sdk/client-ssm'
import { documentTarget, findDocument } from '../../fleet/find-document.ts'
import { findNode } from '../../fleet/find-node.ts'
import { nodeTarget } from '../../fleet/node-target.ts'
import type { Context, Target, WriteContext } from '../../gateway/context.ts'
import type { Tags } from '../../gateway/principal.ts'
import { associationTarget } from './associations.ts'
import { noSuchResource, untaggableType } from './errors.ts'

/** Something that was found, with its tags. */
export interface Tagged {
  readonly target: Target
  readonly tags: Tags
  save(ctx: WriteContext, tags: Tags): Promise<void>
}

/** A kind of what carries tags. */
interface TaggableKind {
  find(id: string, ctx: Context): Promise<Tagged | undefined>
  /** How policies see the one with this id where there is none. */
  missing(id: string, ctx: Context): Target
}

const node: TaggableKind = {
  async find(id, ctx) {
    const found = await findNode(ctx.store.nodes, { account: ctx.account, region: ctx.region }, id)
    return (
      found && {
        target: nodeTarget(ctx, id, found),
        tags: found.tags,
        save: (tx, tags) => tx.store.nodes.update({ ...found, tags }),
      }
    )
  },
  missing: (id, ctx) => nodeTarget(ctx, id),
}

const document: TaggableKind = {
  async find(id, ctx) {
    const found = await findDocument(ctx.store.documents, ctx, id)
    const stored = found?.stored
    return (
      stored && {
        target: documentTarget(ctx, id, found),
        tags: stored.tags,
        save: (tx, tags) => tx.store.documents.update({ ...stored, tags }),
      }
    )
  },
  missing: (id, ctx) => documentTarget(ctx, id),
}

const association: TaggableKind = {
  async find(id, ctx) {
    const found = await ctx.store.associations.find(ctx, id.toLowerCase())
    return (
      found && {
        target: associationTarget(ctx, found.id, found),
        tags: found.tags,
        save: (tx, tags) => tx.store.associations.retag(found, tags),
      }
    )
  },
  missing: (id, ctx) => associationTarget(ctx, id.toLowerCase()),
}

const KINDS: Partial<Readonly<Record<ResourceTypeForTagging, TaggableKind>>> = {
  ManagedInstance: node,
  Document: document,
  Association: association,
}

interface Named {
  readonly ResourceType: ResourceTypeForTagging
  readonly ResourceId: string
}

/** @throws InvalidResourceType for a kind that does not exist here, InvalidResourceId */
export async function findTagged({ ResourceType, ResourceId }: Named, ctx: Context): Promise<Tagged> {
  const kind = KINDS[ResourceType]
  if (!kind) throw untaggableType()
  const found = await kind.find(ResourceId, ctx)
  if (!found) throw noSuchResource()
  return found
}

export function taggedTarget(
  { ResourceType, ResourceId }: Named,
  ctx: Context,
  found: Tagged | undefined,
): Target {
  return (
    found?.target ??
    KINDS[ResourceType]?.missing(ResourceId, ctx) ?? { arn: '*', account: ctx.account, shownAs: null }
  )
}
