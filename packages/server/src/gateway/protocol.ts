import type { Protocol } from '@lockstep/wire'
import { header, type Received } from './call.ts'

/**
 * What a caller speaks whose service is not known, as far as can be told without reading the body: X-Amz-Target is
 * a JSON client's, a form or an Action in the query string a Query client's. JSON where nothing tells.
 */
export function protocolOf(received: Received): Protocol {
  if (header(received, 'x-amz-target') !== undefined) return 'json'
  const isForm = header(received, 'content-type')?.startsWith('application/x-www-form-urlencoded')
  return isForm || /(?:^|&)Action=/.test(received.query) ? 'query' : 'json'
}

/** The version of AWS's JSON that the caller speaks, as a Content-Type, where it says so. */
export function jsonTypeOf(received: Received): string | undefined {
  return /^application\/x-amz-json-1\.[01](?=$|;)/.exec(header(received, 'content-type') ?? '')?.[0]
}
