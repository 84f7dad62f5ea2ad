import { formatArn } from '@lockstep/wire'
import type { Context } from '../../gateway/context.ts'
import type { Place } from '../../store/store.ts'

/** Lambda's name for the one version that a function here has. */
export const LATEST = '$LATEST'

export interface FunctionRef {
  readonly partition: string
  readonly place: Place
  readonly name: string
  /** What stands behind the name, `$LATEST` included. */
  readonly qualifier?: string
}

// The model's pattern with the parts that it allows in any combination taken apart.
const REF =
  /^(?:arn:(?<partition>[^:]*):lambda:)?(?:(?<region>[a-z]{2,4}(?:-[a-z]+)+-\d):)?(?:(?<account>\d{12}):)?(?:function:)?(?<name>[a-zA-Z0-9-_.]+)(?::(?<qualifier>[$a-zA-Z0-9-_.]+))?$/

/**
 * What a FunctionName names: a name, `ACCOUNT:function:NAME`, an ARN, each with or without a qualifier. What it does
 * not say is the caller's.
 */
export function parseFunctionName(
  text: string,
  ctx: Pick<Context, 'account' | 'region' | 'partition'>,
): FunctionRef {
  const { partition, region, account, name, qualifier } = REF.exec(text)?.groups ?? {}
  return {
    // Older forms of the ARN leave the partition empty.
    partition: partition || ctx.partition,
    place: { account: account ?? ctx.account, region: region ?? ctx.region },
    name: name ?? text,
    ...(qualifier !== undefined && { qualifier }),
  }
}

/** The unqualified ARN. */
export function arnOf({ partition, place, name }: Omit<FunctionRef, 'qualifier'>): string {
  return formatArn({ partition, service: 'lambda', ...place, resource: `function:${name}` })
}
