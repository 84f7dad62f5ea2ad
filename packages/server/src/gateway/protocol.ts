import type { Protocol } from '@lockstep/wire'
import { header, type Received } from './call.ts'

/** `/2015-03-31/…` */
const DATED_PATH = /^\/\d{4}-\d{2}-\d{2}\//

/**
 * What a caller speaks whose service is not known, as far as can be told without reading the body: X-Amz-Target is
 * a JSON client's, a path that begins with an API's date a REST client's, a form or an Action in the query string a
 * Query client's, or EC2's where the signature names EC2. JSON where nothing tells.
 */
export function protocolOf(received: Received): Protocol {
  if (header(received, 'x-amz-target') !== undefined) return 'json'
  if (DATED_PATH.test(received.path)) return 'rest-json'
  const isForm = header(received, 'content-type')?.startsWith('application/x-www-form-urlencoded')
  if (!isForm && !/(?:^|&)Action=/.test(received.query)) return 'json'
  return scopeServiceOf(received) === 'ec2' ? 'ec2' : 'query'
}

/** The fourth part of `AKID/date/region/service/aws4_request`, wherever it is; not yet believed. */
export function scopeServiceOf(received: Received): string | undefined {
  const credential =
    /Credential=([^,\s]+)/.exec(header(received, 'authorization') ?? '')?.[1] ??
    /(?:^|&)X-Amz-Credential=([^&]*)/.exec(received.query)?.[1]?.replaceAll(/%2f/gi, '/')
  return credential?.split('/')[3]
}

/** The version of AWS's JSON that the caller speaks, as a Content-Type, where it says so. */
export function jsonTypeOf(received: Received): string | undefined {
  return /^application\/x-amz-json-1\.[01](?=$|;)/.exec(header(received, 'content-type') ?? '')?.[0]
}
