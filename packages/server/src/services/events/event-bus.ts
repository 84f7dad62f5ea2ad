import { parseArn } from '@lockstep/wire'
import { busArn, DEFAULT_BUS } from '../../bus/rule-arn.ts'
import type { Place } from '../../store/store.ts'
import { busNotFound } from './errors.ts'

/** CloudTrail's type of a bus. */
export const BUS_TYPE = 'AWS::Events::EventBus'

/**
 * Demands that a call is about the default bus, by name or ARN, or by naming none.
 *
 * DIVERGENCE: there is the default event bus only; buses of one's own and of partners do not exist.
 *
 * @throws ResourceNotFoundException
 */
export function demandDefaultBus(given: string | undefined, place: Place): void {
  if (given !== undefined && !isDefaultBus(given, place)) throw busNotFound(nameIn(given))
}

export function isDefaultBus(given: string, place: Place): boolean {
  return given === DEFAULT_BUS || given === busArn(place)
}

function nameIn(given: string): string {
  return parseArn(given)?.resource.replace(/^event-bus\//, '') ?? given
}
