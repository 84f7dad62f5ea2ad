import type { NotificationEnvelope, QuestionEnvelope } from './http-message.ts'
import type { Message } from './notice.ts'

/** What a mail says. */
export interface MailText {
  readonly subject: string
  readonly text: string
}

/** The message for one protocol: of a structured one its own text, else the default. */
export function textFor({ message, structure }: Message, protocol: string): string {
  if (structure !== 'json') return message
  const texts = JSON.parse(message) as Readonly<Record<string, string>> // checked when it was published
  return (Object.hasOwn(texts, protocol) ? texts[protocol] : texts.default) ?? ''
}

/** What asks whether a subscription is wanted, for HTTP and for JSON by mail. */
export function questionSentence(topicArn: string): string {
  return `You have chosen to subscribe to the topic ${topicArn}.\nTo confirm the subscription, visit the SubscribeURL included in this message.`
}

/** The same for people. */
export function questionMail({ TopicArn, SubscribeURL }: QuestionEnvelope): MailText {
  return {
    subject: 'AWS Notification - Subscription Confirmation',
    text: [
      'You have chosen to subscribe to the topic:',
      TopicArn,
      '',
      'To confirm this subscription, visit the link below (if this was in error no action is necessary):',
      SubscribeURL,
      '',
      'Please do not reply directly to this email.',
      '',
    ].join('\n'),
  }
}

export function noticeMail({ Subject, Message, UnsubscribeURL }: NotificationEnvelope): MailText {
  return {
    subject: Subject ?? 'AWS Notification Message',
    text: [
      Message,
      '',
      '--',
      'If you wish to stop receiving notifications from this topic, please visit the link below to unsubscribe:',
      UnsubscribeURL,
      '',
      'Please do not reply directly to this email.',
      '',
    ].join('\n'),
  }
}
