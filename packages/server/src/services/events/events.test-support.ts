import {
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
  type Target,
} from '@aws-sdk/client-eventbridge'
import type { BusEvent } from '../../bus/bus-event.ts'
import { DELIVER_EVENT, deliveryOf } from '../../bus/delivery.ts'
import { type Keys, TEST_ACCOUNT, TEST_REGION, type TestServer } from '../../testing/server.ts'

export const PLACE = { account: TEST_ACCOUNT, region: TEST_REGION }
export const TOPIC_ARN = `arn:aws:sns:${TEST_REGION}:${TEST_ACCOUNT}:alerts`
export const RULE_ARN = `arn:aws:events:${TEST_REGION}:${TEST_ACCOUNT}:rule/alert`

export function eventsOf(server: TestServer, keys: Keys = server.admin): EventBridgeClient {
  return server.sdk(EventBridgeClient, keys)
}

/** A rule `alert` for `pattern`, with the topic `alerts` or another target. */
export async function makeRule(
  server: TestServer,
  pattern: object,
  target: Partial<Target> = {},
  State: 'ENABLED' | 'DISABLED' | 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS' = 'ENABLED',
): Promise<void> {
  const events = eventsOf(server)
  await events.send(new PutRuleCommand({ Name: 'alert', EventPattern: JSON.stringify(pattern), State }))
  const Targets = [{ Id: 'topic', Arn: TOPIC_ARN, ...target }]
  await events.send(new PutTargetsCommand({ Rule: 'alert', Targets }))
}

/** The events that wait for delivery, by rule and target. */
export async function waiting(server: TestServer): Promise<readonly BusEvent[]> {
  const { store, keyring } = server.house
  const jobs = await store.read.jobs.list(PLACE, DELIVER_EVENT)
  return jobs.map((job) => deliveryOf(job, keyring).event)
}
