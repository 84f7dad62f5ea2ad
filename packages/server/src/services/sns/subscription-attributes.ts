import { DeliveryPolicyError, parseDeliveryPolicy } from '../../notify/delivery-policy.ts'
import { parseFilterPolicy } from '../../notify/filter-policy.ts'
import { FilterPolicyError } from '../../notify/filter-rule.ts'
import type { SubscriptionProtocol } from '../../store/topics.ts'
import { invalidParameter } from './errors.ts'

type Attributes = Readonly<Record<string, string>>

/** Whether an attribute is good for a protocol; throws what is wrong with its value. */
type Check = (value: string, attributes: Attributes, protocol: SubscriptionProtocol) => void

const CHECKS: Readonly<Record<string, Check>> = {
  FilterPolicy: demandFilterPolicy,
  FilterPolicyScope(value) {
    if (value !== 'MessageAttributes' && value !== 'MessageBody') {
      throw new Problem(
        `FilterPolicyScope: Invalid value [${value}]. Please use either MessageBody or MessageAttributes`,
      )
    }
  },
  RawMessageDelivery(value, _, protocol) {
    if (value !== 'true' && value !== 'false') {
      throw new Problem(`RawMessageDelivery: Invalid value [${value}]. Must be true or false.`)
    }
    if (value === 'true' && !isHttp(protocol)) {
      throw new Problem(`Delivery protocol [${protocol}] does not support raw message delivery.`)
    }
  },
  DeliveryPolicy(value, _, protocol) {
    if (!isHttp(protocol)) throw new Problem('Delivery policy is only supported for HTTP/S subscriptions')
    demandDeliveryPolicy(value)
  },
  // DIVERGENCE: there is no SQS to redrive to. What is given up is in the server's list of dead letters, and the
  // trail has an event NotificationDeliveryFailed for each.
  RedrivePolicy() {
    throw new Problem('RedrivePolicy: SQS queues are not supported; see the list of dead letters')
  },
}

class Problem extends Error {}

/** An empty value takes one of these away. */
const REMOVABLE: ReadonlySet<string> = new Set(['FilterPolicy', 'DeliveryPolicy', 'RedrivePolicy'])

/**
 * The attributes with what a caller set.
 *
 * @param prefix What AWS says before the reason, which differs from call to call.
 * @throws InvalidParameter
 * @see https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html
 */
export function withAttributes(
  held: Attributes,
  given: Attributes,
  protocol: SubscriptionProtocol,
  prefix: '' | 'Attributes Reason: ' = '',
): Attributes {
  const attributes: Record<string, string> = { ...held, ...given }
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(CHECKS, name))
      throw invalidParameter(prefix === '' ? 'AttributeName' : `${prefix}Unknown attribute ${name}`)
    const isNone = attributes[name] === '' || (name === 'FilterPolicy' && attributes[name] === '{}')
    if (isNone && REMOVABLE.has(name)) delete attributes[name]
  }
  // A new scope may make a policy that was there before a bad one.
  for (const [name, value] of Object.entries(attributes)) {
    try {
      CHECKS[name]?.(value, attributes, protocol)
    } catch (error) {
      if (error instanceof Problem) throw invalidParameter(`${prefix}${error.message}`)
      throw error
    }
  }
  return attributes
}

function isHttp(protocol: SubscriptionProtocol): boolean {
  return protocol === 'http' || protocol === 'https'
}

function demandFilterPolicy(text: string, { FilterPolicyScope: scope }: Attributes): void {
  try {
    parseFilterPolicy(text, scope === 'MessageBody' ? scope : 'MessageAttributes')
  } catch (error) {
    if (error instanceof FilterPolicyError) throw new Problem(`FilterPolicy: ${error.message}`)
    throw error
  }
}

function demandDeliveryPolicy(text: string): void {
  try {
    parseDeliveryPolicy(text)
  } catch (error) {
    if (error instanceof DeliveryPolicyError) throw new Problem(`DeliveryPolicy: ${error.message}`)
    throw error
  }
}
