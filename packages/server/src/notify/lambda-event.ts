type Members = Readonly<Record<string, unknown>>

/**
 * What a function gets. The notice's members are those of HTTP, but for the names of two, and a Subject that is
 * always there.
 *
 * @param signed The signed envelope.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
 */
export function lambdaEvent(subscriptionArn: string, signed: Members): Members {
  const { SigningCertURL, UnsubscribeURL, Subject = null, MessageAttributes = {}, ...rest } = signed
  return {
    Records: [
      {
        EventSource: 'aws:sns',
        EventVersion: '1.0',
        EventSubscriptionArn: subscriptionArn,
        Sns: {
          ...rest,
          Subject,
          SigningCertUrl: SigningCertURL,
          UnsubscribeUrl: UnsubscribeURL,
          MessageAttributes,
        },
      },
    ],
  }
}
