import { isAbsolute } from 'node:path'
import type { Clock } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'
import type { Bucket, Buckets } from './bucket.ts'
import { DirectoryBucket } from './directory-bucket.ts'
import { S3Bucket, type S3Keys, type S3Place } from './s3-bucket.ts'

/** Where the operator says a bucket is. */
export type BucketPlace =
  | { readonly kind: 'directory'; readonly path: string }
  | ({ readonly kind: 's3' } & S3Place)

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const BUCKET_NAME = /^(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?:[a-z0-9]|[.-](?![.-])){1,61}[a-z0-9]$/
const REGION = /^[a-z]{2}(-[a-z]+)+-\d$/

export function isBucketName(name: string): boolean {
  return BUCKET_NAME.test(name)
}

/**
 * Reads `NAME=dir:/path`, `NAME=s3:https://host[:port][/region][?path-style=no]`, `NAME=s3:[region]`.
 * @param region Where a bucket is that names no region.
 * @returns The name with its place, or what is wrong.
 */
export function parseBucket(text: string, region: string): readonly [string, BucketPlace] | string {
  const equals = text.indexOf('=')
  const name = text.slice(0, Math.max(equals, 0))
  if (!isBucketName(name)) return `${equals < 0 ? text : name} is not NAME=PLACE with a name that S3 allows`
  const place = text.slice(equals + 1)
  if (place.startsWith('dir:')) {
    const path = place.slice('dir:'.length)
    return isAbsolute(path) ? [name, { kind: 'directory', path }] : `${name}: ${path} is not an absolute path`
  }
  if (!place.startsWith('s3:')) return `${name}: its place is neither dir:/path nor s3:…`
  const found = s3Place(name, place.slice('s3:'.length), region)
  return found
    ? [name, { kind: 's3', ...found }]
    : `${name}: its place is not s3:[REGION] or s3:URL[/REGION], without credentials`
}

function s3Place(bucket: string, where: string, region: string): S3Place | undefined {
  if (where === '') return { bucket, region, pathStyle: false }
  if (REGION.test(where)) return { bucket, region: where, pathStyle: false }
  if (!/^https?:\/\//.test(where) || !URL.canParse(where)) return undefined
  const url = new URL(where)
  const [named = '', ...more] = url.pathname.slice(1).split('/')
  // Credentials do not belong here: this is shown in lists of processes.
  if (more.length > 0 || url.username !== '' || (named !== '' && !REGION.test(named))) return undefined
  const pathStyle = url.searchParams.get('path-style') ?? 'yes'
  if (pathStyle !== 'yes' && pathStyle !== 'no') return undefined
  return { bucket, region: named || region, endpoint: url.origin, pathStyle: pathStyle === 'yes' }
}

/** The buckets themselves; none of them is touched before the first file goes there. */
export function openBuckets(
  places: ReadonlyMap<string, BucketPlace>,
  doors: { readonly clock: Clock; readonly random: Random; readonly keys?: S3Keys | undefined },
): Buckets {
  const open = (place: BucketPlace): Bucket =>
    place.kind === 'directory'
      ? new DirectoryBucket(place.path, doors)
      : new S3Bucket({ ...place, keys: doors.keys })
  return new Map([...places].map(([name, place]) => [name, open(place)]))
}
