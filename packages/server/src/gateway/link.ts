import { parseArn, parseForm } from '@lockstep/wire'
import { header, type Identified, type Received } from './call.ts'

/** What a query string holds that somebody signed, in whatever way AWS ever had. */
const SIGNED = ['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature', 'X-Amz-Security-Token', 'Signature']

/** Whether this is what a browser sends that follows a link: a GET that nobody signed. */
export function isUnsignedGet(received: Received): boolean {
  if (received.method !== 'GET' || received.body.length > 0) return false
  if (header(received, 'authorization') !== undefined) return false
  const query = parseForm(received.query)
  return SIGNED.every((name) => query.get(name) === undefined)
}

/** The region of what a link is about, where it is one of `regions`; else the first of them. */
export function regionOfLink({ form }: Identified, regions: readonly string[]): string {
  const arn = form?.get('TopicArn') ?? form?.get('SubscriptionArn') ?? ''
  const region = parseArn(arn)?.region
  return regions.find((known) => known === region) ?? regions[0] ?? ''
}
