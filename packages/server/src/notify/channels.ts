import { AwsError, partitionOf } from '@lockstep/wire'
import { findFunction, parseFunctionArn } from '../functions/find-function.ts'
import type { Functions } from '../functions/functions.ts'
import { OutboundFailure } from '../outbound/failure.ts'
import type { Outbound } from '../outbound/outbound.ts'
import { compilePolicy } from '../policy/compile.ts'
import { parsePolicy } from '../policy/parse.ts'
import { admitsService } from '../policy/service-principal.ts'
import type { Store } from '../store/store.ts'
import type { Subscription, Topic } from '../store/topics.ts'
import { DeliveryFailure } from './delivery-failure.ts'
import { effectivePolicy } from './delivery-policy.ts'
import { type Envelope, httpPost, isPermanent, signedEnvelope, stringToSign } from './http-message.ts'
import { lambdaEvent } from './lambda-event.ts'
import { certificateLink, type Endpoint } from './links.ts'
import type { Mailer } from './mailer.ts'
import type { Signer } from './signer.ts'
import { subscriptionArn } from './subscription-arn.ts'
import { noticeMail, questionMail } from './texts.ts'

/** What is to be told to whom. */
export interface Delivery {
  readonly topic: Topic
  readonly subscription: Subscription
  readonly envelope: Envelope
  readonly at: Date
}

export interface ChannelParts {
  readonly outbound: Outbound
  /** Absent where no SMTP server is set. */
  readonly mailer: Mailer | undefined
  readonly functions: Functions
  readonly signer: Signer
  readonly store: Store
  readonly endpoint: Endpoint
}

/** The ways by which notices leave, as a job sees them. */
export interface NoticeChannels {
  /** Where links begin. */
  readonly endpoint: Endpoint
  /** Delivers once. @throws DeliveryFailure */
  deliver(delivery: Delivery): Promise<void>
}

/** The ways by which notices leave. */
export class Channels implements NoticeChannels {
  readonly #parts: ChannelParts

  constructor(parts: ChannelParts) {
    this.#parts = parts
  }

  get endpoint(): Endpoint {
    return this.#parts.endpoint
  }

  async deliver(delivery: Delivery): Promise<void> {
    switch (delivery.subscription.protocol) {
      case 'http':
      case 'https':
        return this.#post(delivery)
      case 'email':
      case 'email-json':
        return this.#mail(delivery)
      case 'lambda':
        return this.#invoke(delivery)
    }
  }

  async #post({ topic, subscription, envelope }: Delivery): Promise<void> {
    const { attributes, endpoint, state } = subscription
    const { contentType } = effectivePolicy(topic.attributes.DeliveryPolicy, attributes.DeliveryPolicy)
    const isRaw = attributes.RawMessageDelivery === 'true' && envelope.Type === 'Notification'
    const body = isRaw ? envelope.Message : await this.#signed(topic, envelope)
    const arn = state === 'confirmed' ? { subscriptionArn: subscriptionArn(subscription) } : {}
    const post = httpPost({ endpoint, envelope, body, isRaw, contentType, ...arn })
    let status: number
    try {
      status = await this.#parts.outbound.post(post)
    } catch (error) {
      if (error instanceof OutboundFailure) throw new DeliveryFailure(error.reason)
      throw error
    }
    if (status < 200 || status > 299) {
      throw new DeliveryFailure(`status-${status}`, { permanent: isPermanent(status) })
    }
  }

  async #mail({ topic, subscription, envelope, at }: Delivery): Promise<void> {
    const { mailer } = this.#parts
    if (!mailer) throw new DeliveryFailure('mail-not-set-up')
    const { subject, text } = envelope.Type === 'Notification' ? noticeMail(envelope) : questionMail(envelope)
    const isJson = subscription.protocol === 'email-json'
    await mailer.send({
      to: subscription.endpoint,
      name: topic.attributes.DisplayName ?? 'AWS Notifications',
      subject,
      text: isJson ? await this.#signed(topic, envelope) : text,
      id: `${envelope.MessageId}.${subscription.id}`,
      at,
    })
  }

  async #signed(topic: Topic, envelope: Envelope): Promise<string> {
    const { signer, endpoint } = this.#parts
    const version = topic.attributes.SignatureVersion === '2' ? '2' : '1'
    const place = { account: topic.account, region: topic.region }
    const { certificateId, signature } = await signer.sign(place, stringToSign(envelope), version)
    return signedEnvelope(envelope, {
      version,
      signature,
      certificateUrl: certificateLink(endpoint, certificateId),
    })
  }

  async #invoke({ topic, subscription, envelope }: Delivery): Promise<void> {
    if (envelope.Type !== 'Notification') return
    const { functions } = this.#parts
    const functionArn = await this.#permitted(topic, subscription)
    const event = lambdaEvent(subscriptionArn(subscription), JSON.parse(await this.#signed(topic, envelope)))
    const payload = new TextEncoder().encode(JSON.stringify(event))
    const { functionError } = await functions.invoke({ functionArn, payload }).catch(unavailable)
    if (functionError !== undefined) throw new DeliveryFailure('function-failed')
  }

  /** The function's ARN, where its policy lets SNS in for this topic. */
  async #permitted(topic: Topic, { endpoint }: Subscription): Promise<string> {
    const id = parseFunctionArn(endpoint)
    const reader = this.#parts.store.read.functions
    const found = id && (await findFunction(reader, id.place, partitionOf(id.place.region), id.name))
    if (!found) throw new DeliveryFailure('function-not-found', { permanent: true })
    const policy = found.policy && compilePolicy(parsePolicy(found.policy.bound, 'resource'))
    const isAdmitted = admitsService(policy, {
      service: 'sns.amazonaws.com',
      action: 'lambda:InvokeFunction',
      resource: found.arn,
      resourceAccount: found.account,
      sourceArn: topic.arn,
      sourceAccount: topic.account,
    })
    if (!isAdmitted) throw new DeliveryFailure('function-not-permitted', { permanent: true })
    return found.arn
  }
}

/** Too many run already, or it has gone since it was looked for: another time may be better. */
function unavailable(error: unknown): never {
  throw error instanceof AwsError ? new DeliveryFailure('function-unavailable') : error
}
