/** A rule on DeleteSecret whose topic tells one webhook, by Amazon's SDK. */
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge'
import {
  CreateTopicCommand,
  SetTopicAttributesCommand,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns'
import type { WebReceiver } from '../packages/server/src/testing/web-receiver.ts'
import { follow } from './alert-world.ts'
import { type Caller, sdk } from './sdk.ts'
import { until } from './until.ts'

export const RULE = 'secret-deleted'
const CONFIRMED_WITHIN_MS = 15_000

/** The event that a webhook was told of, as far as the tests look. */
interface Alert {
  readonly detail: {
    readonly eventID: string
    readonly requestParameters: { readonly secretId: string }
  }
}

/** What a webhook has been told of DeleteSecret, in its order. */
export function alertsAt(web: WebReceiver): readonly Alert['detail'][] {
  return web.messages('Notification').map(({ Message = '' }) => (JSON.parse(Message) as Alert).detail) // the event as it is
}

/** A topic that EventBridge may publish to, with the webhook as its confirmed subscription; its ARN. */
export async function newAlertTopic(admin: Caller, web: WebReceiver): Promise<string> {
  const sns = sdk(SNSClient, admin)
  const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'alerts' }))
  const Statement = {
    Effect: 'Allow',
    Principal: { Service: 'events.amazonaws.com' },
    Action: 'sns:Publish',
    Resource: TopicArn,
  }
  const AttributeValue = JSON.stringify({ Version: '2012-10-17', Statement })
  await sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: 'Policy', AttributeValue }))
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'http', Endpoint: web.url }))
  const asked = () => web.messages('SubscriptionConfirmation')[0]
  const { SubscribeURL = '' } = await until('question', CONFIRMED_WITHIN_MS, asked)
  await follow(SubscribeURL)
  return TopicArn
}

/** The rule, and the topic as its target. */
export async function putDeleteRule(admin: Caller, topicArn: string): Promise<void> {
  const events = sdk(EventBridgeClient, admin)
  const EventPattern = JSON.stringify({ detail: { eventName: ['DeleteSecret'] } })
  await events.send(new PutRuleCommand({ Name: RULE, EventPattern }))
  await events.send(new PutTargetsCommand({ Rule: RULE, Targets: [{ Id: 'topic', Arn: topicArn }] }))
}
