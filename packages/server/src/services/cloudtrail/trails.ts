import { parseArn } from '@lockstep/wire'
import type { Context, Target } from '../../gateway/context.ts'
import type { DeliveryTrail } from '../../store/deliveries.ts'
import type { Place } from '../../store/store.ts'
import { trailArn } from '../../trail/delivery/topic.ts'
import { invalidHomeRegion, invalidTrailArn, trailNotFound } from './errors.ts'
import { demandTrailName } from './names.ts'

/** @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html */
export const TRAILS_PER_REGION = 5

/** A trail as a caller names it: by name, or by ARN. */
export interface NamedTrail extends Place {
  readonly name: string
  /** By ARN a trail of every region is found from any of them. */
  readonly isArn: boolean
}

/** @throws CloudTrailARNInvalidException, InvalidTrailNameException */
export function namedTrail(ctx: Context, text: string): NamedTrail {
  if (!text.startsWith('arn:')) {
    demandTrailName(text)
    return { account: ctx.account, region: ctx.region, name: text, isArn: false }
  }
  const arn = parseArn(text)
  const name = arn && /^trail\/(.+)$/.exec(arn.resource)?.[1]
  if (!arn || name === undefined || arn.service !== 'cloudtrail' || !/^\d{12}$/.test(arn.account))
    throw invalidTrailArn(text)
  demandTrailName(name)
  return { account: arn.account, region: arn.region, name, isArn: true }
}

/**
 * What the operations on one trail that only read have in common.
 * @param nameOf The member that names the trail.
 */
export function onTrail<Input>(nameOf: (input: Input) => string | undefined) {
  return {
    async resource(input: Input, ctx: Context): Promise<DeliveryTrail> {
      const text = nameOf(input) ?? ''
      const { account, region, name, isArn } = namedTrail(ctx, text)
      const trail = await ctx.store.deliveries.find({ account, region }, name)
      const isSeen = trail && (region === ctx.region || (isArn && trail.settings.isMultiRegion))
      if (!isSeen) throw trailNotFound(text, ctx.account)
      return trail
    },
    target: (input: Input, ctx: Context, trail: DeliveryTrail | undefined): Target =>
      targetOf(ctx, nameOf(input) ?? '', trail),
  }
}

/** The same of operations that change the trail, which they do in its home region alone. */
export function onOwnTrail<Input>(nameOf: (input: Input) => string | undefined) {
  return {
    async resource(input: Input, ctx: Context): Promise<DeliveryTrail> {
      const text = nameOf(input) ?? ''
      const { account, region, name, isArn } = namedTrail(ctx, text)
      const trail = await ctx.store.deliveries.find({ account, region }, name)
      if (trail && region === ctx.region) return trail
      const shadowed = isArn ? trail : await shadowOf(ctx, name)
      if (shadowed?.settings.isMultiRegion) throw invalidHomeRegion(shadowed.region)
      throw trailNotFound(text, ctx.account)
    },
    target: (input: Input, ctx: Context, trail: DeliveryTrail | undefined): Target =>
      targetOf(ctx, nameOf(input) ?? '', trail),
  }
}

async function shadowOf(ctx: Context, name: string): Promise<DeliveryTrail | undefined> {
  const trails = await ctx.store.deliveries.ofAccount(ctx.account)
  return trails.find((trail) => trail.name === name && trail.settings.isMultiRegion)
}

/** The same whether or not there is such a trail. */
function targetOf(ctx: Context, text: string, trail: DeliveryTrail | undefined): Target {
  const arn = parseArn(text)
  // One that is no account at all is told so, not denied.
  const account = arn && /^\d{12}$/.test(arn.account) ? arn.account : ctx.account
  return {
    arn: trail
      ? trailArn(trail)
      : arn
        ? text
        : trailArn({ account: ctx.account, region: ctx.region, name: text }),
    account,
    ...(trail && { tags: trail.tags }),
    type: 'AWS::CloudTrail::Trail',
  }
}

/** Whether a trail shows itself in a region: its own, or any where it is one of all regions. */
export function isSeenIn({ region: home, settings }: DeliveryTrail, region: string): boolean {
  return home === region || settings.isMultiRegion
}

export function isLogging({ startedAt, stoppedAt }: DeliveryTrail): boolean {
  return startedAt !== undefined && stoppedAt === undefined
}

/** @throws CloudTrailARNInvalidException for a name, where only an ARN will do */
export function demandArn(text: string): string {
  if (!text.startsWith('arn:')) throw invalidTrailArn(text)
  return text
}
