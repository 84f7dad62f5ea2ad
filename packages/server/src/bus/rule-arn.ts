import { formatArn, parseArn, partitionOf } from '@lockstep/wire'
import type { Place } from '../store/store.ts'

/** The one event bus that there is. */
export const DEFAULT_BUS = 'default'

/** A rule of the default bus; those of other buses would have the bus between. */
export function ruleArn({ account, region }: Place, name: string): string {
  return arnOf({ account, region }, `rule/${name}`)
}

export function busArn({ account, region }: Place): string {
  return arnOf({ account, region }, `event-bus/${DEFAULT_BUS}`)
}

function arnOf({ account, region }: Place, resource: string): string {
  return formatArn({ partition: partitionOf(region), service: 'events', region, account, resource })
}

/** The function or topic that a target's ARN names; nothing for what we deliver nothing to. */
export interface TargetPlace extends Place {
  readonly kind: 'function' | 'topic'
  readonly partition: string
  readonly name: string
}

/** What events can be delivered to. */
export function parseTargetArn(text: string): TargetPlace | undefined {
  const arn = parseArn(text)
  if (!arn || !/^\d{12}$/.test(arn.account) || arn.region === '') return undefined
  const { account, region, partition } = arn
  if (arn.service === 'sns' && /^[A-Za-z0-9_-]{1,256}(?:\.fifo)?$/.test(arn.resource))
    return { kind: 'topic', account, region, partition, name: arn.resource }
  const [, name] = /^function:([A-Za-z0-9_-]{1,64})(?::\$LATEST)?$/.exec(arn.resource) ?? []
  return arn.service === 'lambda' && name !== undefined
    ? { kind: 'function', account, region, partition, name }
    : undefined
}
