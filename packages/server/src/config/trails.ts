import { Plaintext } from '../platform/plaintext.ts'
import { type BucketPlace, parseBucket } from '../trail/delivery/bucket-setting.ts'
import type { S3Keys } from '../trail/delivery/s3-bucket.ts'
import type { Reader } from './reader.ts'
import type { Environment } from './sources.ts'

/** Where the buckets are that trails may name. */
export function bucketsOf(reader: Reader, region: string): ReadonlyMap<string, BucketPlace> {
  const places = new Map<string, BucketPlace>()
  for (const text of reader.list('trail-buckets')) {
    const parsed = parseBucket(text, region)
    if (typeof parsed === 'string') reader.complain('trail-buckets', parsed)
    else if (places.has(parsed[0])) reader.complain('trail-buckets', `${parsed[0]} is named twice`)
    else places.set(...parsed)
  }
  return places
}

/** The keys for S3 that the operator chose for this alone. */
export function trailKeysOf(env: Environment, problems: string[]): S3Keys | undefined {
  const accessKeyId = env.LOCKSTEP_TRAIL_S3_ACCESS_KEY_ID
  const secret = env.LOCKSTEP_TRAIL_S3_SECRET_ACCESS_KEY
  const token = env.LOCKSTEP_TRAIL_S3_SESSION_TOKEN
  if (!accessKeyId && !secret) return undefined
  if (!accessKeyId || !secret) {
    problems.push('LOCKSTEP_TRAIL_S3_ACCESS_KEY_ID and LOCKSTEP_TRAIL_S3_SECRET_ACCESS_KEY go together')
    return undefined
  }
  return {
    accessKeyId,
    secretAccessKey: Plaintext.fromText(secret),
    ...(token && { sessionToken: Plaintext.fromText(token) }),
  }
}
