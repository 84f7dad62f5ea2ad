import { parseFunctionArn } from '../../functions/find-function.ts'
import type { Context } from '../../gateway/context.ts'
import type { SubscriptionProtocol } from '../../store/topics.ts'
import { invalidParameter } from './errors.ts'

/** In characters. */
const MAX_URL = 2_048
const MAX_MAIL_ADDRESS = 254

/**
 * An address of letters, digits and the harmless signs: nothing in it can end a header or begin another address.
 *
 * DIVERGENCE: quoted local parts and addresses beyond ASCII, which RFC 5321 knows, are refused.
 */
const MAIL_ADDRESS =
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64})*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]$/

type Demand = (ctx: Context, endpoint: string) => void

const PROTOCOLS: Readonly<Record<SubscriptionProtocol, Demand>> = {
  http: (ctx, endpoint) => demandUrl(ctx, endpoint, 'http:'),
  https: (ctx, endpoint) => demandUrl(ctx, endpoint, 'https:'),
  email: demandMailAddress,
  'email-json': demandMailAddress,
  lambda: demandFunction,
}

/** @throws InvalidParameter for a protocol that is not spoken */
export function readProtocol(protocol: string): SubscriptionProtocol {
  const known = Object.keys(PROTOCOLS).find((each): each is SubscriptionProtocol => each === protocol)
  if (!known) {
    // DIVERGENCE: of AWS's protocols sqs, sms, firehose and application are not spoken.
    throw invalidParameter(`Amazon SNS does not support this protocol string: ${protocol}`)
  }
  return known
}

/** @throws InvalidParameter for what a protocol cannot reach, or may not */
export function demandEndpoint(
  ctx: Context,
  protocol: SubscriptionProtocol,
  endpoint: string | undefined,
): string {
  if (endpoint === undefined || endpoint === '') throw invalidParameter('Endpoint')
  PROTOCOLS[protocol](ctx, endpoint)
  return endpoint
}

/**
 * DIVERGENCE: AWS takes a user's name and password in the URL and sends them; we refuse them, for lists of
 * subscriptions would show them. Addresses that are not public are refused unless the operator allowed them.
 */
function demandUrl({ destinations }: Context, endpoint: string, scheme: 'http:' | 'https:'): void {
  if (!endpoint.toLowerCase().startsWith(`${scheme}//`)) {
    throw invalidParameter('Endpoint must match the specified protocol')
  }
  const isPlain = endpoint.length <= MAX_URL && /^[\x21-\x7e]+$/.test(endpoint) && !endpoint.includes('\\')
  const url = isPlain && URL.canParse(endpoint) ? new URL(endpoint) : undefined
  if (!url || url.protocol !== scheme || url.username !== '' || url.password !== '' || url.hash !== '') {
    throw invalidParameter('Endpoint Reason: HTTP(S) endpoint is not a valid URL')
  }
  if (!destinations.admitsHost(url.hostname)) throw invalidParameter('Unreachable Endpoint')
}

function demandMailAddress({ destinations }: Context, endpoint: string): void {
  if (endpoint.length > MAX_MAIL_ADDRESS || !MAIL_ADDRESS.test(endpoint))
    throw invalidParameter('Email address')
  if (!destinations.mail) {
    throw invalidParameter('Protocol Reason: this server sends no mail; its operator can set --smtp-url')
  }
}

function demandFunction(ctx: Context, endpoint: string): void {
  const id = parseFunctionArn(endpoint)
  if (!id || id.partition !== ctx.partition || id.place.region !== ctx.region) {
    throw invalidParameter('Lambda endpoint ARN')
  }
}
