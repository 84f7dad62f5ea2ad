import type { TestEventPatternRequest, TestEventPatternResponse } from '@aws-sdk/client-eventbridge'
import { readOperation } from '../../gateway/operation.ts'
import { invalid } from './errors.ts'
import { checkedPattern } from './pattern.ts'

/** What every event has. */
const FIELDS = ['id', 'detail-type', 'source', 'account', 'time', 'region', 'resources']

/** @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html */
export const TestEventPattern = readOperation<TestEventPatternRequest, TestEventPatternResponse>({
  action: 'events:TestEventPattern',

  async run({ EventPattern, Event }) {
    const pattern = checkedPattern(EventPattern)
    return { Result: pattern.matches(eventIn(Event)) }
  },
})

/** @throws ValidationException for what is no event */
function eventIn(text: string): object {
  let event: unknown
  try {
    event = JSON.parse(text)
  } catch {
    event = undefined
  }
  if (typeof event === 'object' && event !== null && hasFields(event)) return event
  throw invalid('Parameter Event is not valid.')
}

function hasFields(event: object): boolean {
  return FIELDS.every((field) => Object.hasOwn(event, field))
}
