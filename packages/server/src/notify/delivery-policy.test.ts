import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  effectivePolicy,
  LAMBDA_RETRIES,
  MAIL_RETRIES,
  parseDeliveryPolicy,
  parseTopicDeliveryPolicy,
  type RetryPolicy,
  retryDelaySeconds,
} from './delivery-policy.ts'

function delays(policy: RetryPolicy, most = 200): readonly number[] {
  const all: number[] = []
  for (let attempt = 1; attempt <= most; attempt++) {
    const delay = retryDelaySeconds(policy, attempt)
    if (delay === undefined) return all
    all.push(Math.round(delay))
  }
  return all
}

function retries(healthyRetryPolicy: object): RetryPolicy {
  return parseDeliveryPolicy(JSON.stringify({ healthyRetryPolicy })).retries
}

test('without a policy an HTTP endpoint is tried three times more, 20 seconds apart', () => {
  assert.deepEqual(delays(effectivePolicy(undefined, undefined).retries), [20, 20, 20])
})

test('the phases follow each other: at once, shortest, backoff, longest', () => {
  const policy = retries({
    numRetries: 10,
    numNoDelayRetries: 2,
    numMinDelayRetries: 2,
    numMaxDelayRetries: 3,
    minDelayTarget: 10,
    maxDelayTarget: 30,
    backoffFunction: 'linear',
  })
  assert.deepEqual(delays(policy), [0, 0, 10, 10, 10, 20, 30, 30, 30, 30])
})

test('each backoff goes from the shortest delay to the longest, and exponential ones rise last', () => {
  const of = (backoffFunction: string) =>
    delays(retries({ numRetries: 5, minDelayTarget: 10, maxDelayTarget: 170, backoffFunction }))
  assert.deepEqual(of('linear'), [10, 50, 90, 130, 170])
  assert.deepEqual(of('arithmetic'), [10, 35, 70, 115, 170])
  assert.deepEqual(of('geometric'), [10, 20, 50, 100, 170])
  assert.deepEqual(of('exponential'), [10, 21, 42, 85, 170])
})

test('mails are tried for six hours, functions for 23 days', () => {
  const hours = delays(MAIL_RETRIES).reduce((sum, seconds) => sum + seconds, 0) / 3600
  assert.ok(hours > 6 && hours < 7.5, `${hours} hours`)
  assert.equal(retryDelaySeconds(LAMBDA_RETRIES, 100_015), 20)
  assert.equal(retryDelaySeconds(LAMBDA_RETRIES, 100_016), undefined)
})

test('whatever a policy says, delays lie between its ends and there are as many as it says', () => {
  const count = fc.integer({ min: 0, max: 5 })
  const seconds = fc.integer({ min: 1, max: 60 })
  fc.assert(
    fc.property(
      count,
      count,
      count,
      count,
      seconds,
      seconds,
      fc.constantFrom('linear', 'arithmetic', 'geometric', 'exponential'),
      (no, low, back, high, a, b, backoffFunction) => {
        const [min, max] = a < b ? [a, b] : [b, a]
        const policy = retries({
          numRetries: no + low + back + high,
          numNoDelayRetries: no,
          numMinDelayRetries: low,
          numMaxDelayRetries: high,
          minDelayTarget: min,
          maxDelayTarget: max,
          backoffFunction,
        })
        const all = delays(policy)
        assert.equal(all.length, no + low + back + high)
        assert.deepEqual(all.slice(0, no), Array(no).fill(0))
        assert.ok(all.slice(no).every((delay) => delay >= min && delay <= max))
        assert.deepEqual(
          all,
          [...all].sort((x, y) => x - y),
        )
      },
    ),
  )
})

test('a subscription’s own policy counts, unless the topic forbids it', () => {
  const own = '{"healthyRetryPolicy":{"numRetries":1}}'
  const topic = (disableSubscriptionOverrides: boolean) =>
    JSON.stringify({ http: { defaultHealthyRetryPolicy: { numRetries: 2 }, disableSubscriptionOverrides } })
  assert.equal(effectivePolicy(topic(false), own).retries.numRetries, 1)
  assert.equal(effectivePolicy(topic(true), own).retries.numRetries, 2)
  assert.equal(effectivePolicy(topic(false), undefined).retries.numRetries, 2)
})

describe('a policy is refused', () => {
  const bad: readonly (readonly [string, object])[] = [
    ['a member nobody knows', { retry: {} }],
    ['more retries than 100', { healthyRetryPolicy: { numRetries: 101 } }],
    ['half a retry', { healthyRetryPolicy: { numRetries: 1.5 } }],
    ['a delay below a second', { healthyRetryPolicy: { minDelayTarget: 0 } }],
    [
      'a shortest delay above the longest',
      { healthyRetryPolicy: { minDelayTarget: 30, maxDelayTarget: 20 } },
    ],
    ['more in its phases than in all', { healthyRetryPolicy: { numRetries: 1, numNoDelayRetries: 2 } }],
    [
      'more than an hour in all',
      { healthyRetryPolicy: { numRetries: 100, minDelayTarget: 60, maxDelayTarget: 60 } },
    ],
    ['a backoff nobody knows', { healthyRetryPolicy: { backoffFunction: 'random' } }],
    ['a content type that breaks a header', { requestPolicy: { headerContentType: 'text/plain\r\nx: y' } }],
    ['a policy that is text', { healthyRetryPolicy: 'often' }],
  ]
  for (const [name, policy] of bad) {
    test(`for ${name}`, () => {
      assert.throws(() => parseDeliveryPolicy(JSON.stringify(policy)), { name: 'DeliveryPolicyError' })
    })
  }
  test('for what is no JSON, of a topic as of a subscription', () => {
    assert.throws(() => parseDeliveryPolicy('{'), { name: 'DeliveryPolicyError' })
    assert.throws(() => parseTopicDeliveryPolicy('{'), { name: 'DeliveryPolicyError' })
    assert.throws(() => parseTopicDeliveryPolicy('{"http":{"disableSubscriptionOverrides":"no"}}'), {
      name: 'DeliveryPolicyError',
    })
  })
})
