/** Where this server is found from outside, as links in notices begin. Known for sure once it listens. */
export interface Endpoint {
  url: string
}

/** Confirms a subscription; what AWS calls SubscribeURL. */
export function confirmLink({ url }: Endpoint, topicArn: string, token: string): string {
  return link(url, { Action: 'ConfirmSubscription', TopicArn: topicArn, Token: token })
}

/** Ends a subscription; what AWS calls UnsubscribeURL. */
export function unsubscribeLink({ url }: Endpoint, subscriptionArn: string): string {
  return link(url, { Action: 'Unsubscribe', SubscriptionArn: subscriptionArn })
}

/** Where the certificate is whose key signed a notice; see http/pages.ts, which answers there. */
export function certificateLink({ url }: Endpoint, id: string): string {
  return `${base(url)}/SimpleNotificationService-${id}.pem`
}

function link(url: string, parameters: Readonly<Record<string, string>>): string {
  return `${base(url)}/?${new URLSearchParams(parameters)}`
}

function base(url: string): string {
  return url.replace(/\/+$/, '')
}
