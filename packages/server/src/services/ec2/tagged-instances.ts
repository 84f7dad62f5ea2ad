import type { Tag } from '@aws-sdk/client-ec2'
import { findNode } from '../../fleet/find-node.ts'
import { nodeIdOf } from '../../fleet/node-id.ts'
import { nodeTarget } from '../../fleet/node-target.ts'
import type { Check, ConditionKeys, Context, Target, WriteContext } from '../../gateway/context.ts'
import type { FleetNode } from '../../store/nodes.ts'
import { invalidId, invalidValue, malformedInstanceId, missingParameter, noSuchInstances } from './errors.ts'

/** @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags.html */
const MAX_RESOURCES = 1_000
const TYPE = 'AWS::EC2::Instance'

interface TagsInput {
  readonly Resources: readonly string[]
}

/** What a caller named, and the node where there is one. */
export interface Named {
  readonly id: string
  readonly node: FleetNode | undefined
}

/** Each of the named things, in the order in which all calls hold rows. Nothing is refused yet that could be a secret. */
export async function findTagged({ Resources }: TagsInput, ctx: WriteContext): Promise<readonly Named[]> {
  if (Resources.length === 0) throw missingParameter('ResourceId')
  if (Resources.length > MAX_RESOURCES)
    throw invalidValue(`A request may name ${MAX_RESOURCES} resources at most`)
  const found: Named[] = []
  for (const id of [...new Set(Resources)].sort())
    found.push({ id, node: id.startsWith('i-') ? await findNode(ctx.store.nodes, ctx, id) : undefined })
  return found
}

/** The first of them; the rest are {@link alsoTagged}. */
export function taggedTarget(
  { Resources }: TagsInput,
  ctx: Context,
  found: readonly Named[] | undefined,
): Target {
  return targetOf(ctx, found?.[0] ?? { id: Resources[0] ?? '*', node: undefined })
}

/** The caller must be allowed to touch every one, there or not, before any is said to be missing. */
export function alsoTagged(
  action: Check['action'],
  ctx: Context,
  found: readonly Named[],
  keys: ConditionKeys,
): readonly Check[] {
  return found.slice(1).map((named) => ({ action, target: targetOf(ctx, named), keys }))
}

/**
 * The nodes, once the caller may know of them.
 *
 * @throws AwsError InvalidID, InvalidInstanceID.Malformed or InvalidInstanceID.NotFound
 */
export function demandNodes(found: readonly Named[]): readonly FleetNode[] {
  for (const { id } of found) {
    if (!id.startsWith('i-')) throw invalidId(id)
    if (nodeIdOf(id) === undefined) throw malformedInstanceId(id)
  }
  const missing = found.filter(({ node }) => !node).map(({ id }) => id)
  if (missing.length > 0) throw noSuchInstances(missing)
  return found.flatMap(({ node }) => node ?? [])
}

/** What policies may ask about the tags that a call carries. */
export function tagConditions(tags: readonly Tag[]): ConditionKeys {
  const values = tags.flatMap(({ Key, Value }) =>
    Key === undefined || Value === undefined ? [] : [[`aws:RequestTag/${Key}`, Value]],
  )
  return { 'aws:TagKeys': tags.flatMap(({ Key }) => Key ?? []), ...Object.fromEntries(values) }
}

function targetOf(ctx: Context, { id, node }: Named): Target {
  const target = nodeTarget(ctx, id, node)
  const { arn: managed, otherArns: [instance = managed] = [] } = target
  return { ...target, arn: instance, otherArns: [managed], type: TYPE }
}
