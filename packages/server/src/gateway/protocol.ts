import type { Protocol } from '@lockstep/wire'
import { header, type Received } from './call.ts'

/** `/2015-03-31/…` */
const DATED_PATH = /^\/\d{4}-\d{2}-\d{2}\//

/**
 * What a caller speaks whose service is not known, as far as can be told without reading the body: X-Amz-Target is
 * a JSON client's, a path that begins with an API's date a REST client's, a form or an Action in the query string a
 * Query client's. JSON where nothing tells.
 */
export function protocolOf(received: Received): Protocol {
  if (header(received, 'x-amz-target') !== undefined) return 'json'
  if (DATED_PATH.test(received.path)) return 'rest-json'
  const isForm = header(received, 'content-type')?.startsWith('application/x-www-form-urlencoded')
  return isForm || /(?:^|&)Action=/.test(received.query) ? 'query' : 'json'
}

/** The version of AWS's JSON that the caller speaks, as a Content-Type, where it says so. */
export function jsonTypeOf(received: Received): string | undefined {
  return /^application\/x-amz-json-1\.[01](?=$|;)/.exec(header(received, 'content-type') ?? '')?.[0]
}
