import { parseArn } from '@lockstep/wire'
import type { FunctionReader, FunctionRecord } from '../store/functions.ts'
import type { Place } from '../store/store.ts'
import { builtInFunction } from './built-in.ts'

/** Which function an ARN names; its own account and region may have none of the name. */
export interface FunctionId {
  readonly place: Place
  readonly partition: string
  readonly name: string
}

/** Takes a function's unqualified ARN, or one of `$LATEST`, apart; undefined when the text is none. */
export function parseFunctionArn(text: string): FunctionId | undefined {
  const arn = parseArn(text)
  const name = arn && /^function:([a-zA-Z0-9-_]{1,64})(?::\$LATEST)?$/.exec(arn.resource)?.[1]
  if (!arn || !name || arn.service !== 'lambda' || !arn.region || !/^\d{12}$/.test(arn.account))
    return undefined
  return { place: { account: arn.account, region: arn.region }, partition: arn.partition, name }
}

/**
 * A function by its name, built-in or stored; no stored one can have a built-in one's name. Who may invoke it is
 * decided by its `policy.bound`, for callers of other accounts and for services.
 */
export async function findFunction(
  reader: FunctionReader,
  place: Place,
  partition: string,
  name: string,
): Promise<FunctionRecord | undefined> {
  return builtInFunction(place, partition, name) ?? (await reader.byName(place, name))
}
