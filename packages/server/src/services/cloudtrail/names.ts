import { isBucketName } from '../../trail/delivery/bucket-setting.ts'
import { bucketDoesNotExist, invalidBucketName, invalidPrefix, invalidTrailName } from './errors.ts'

const SHORTEST_NAME = 3
const LONGEST_NAME = 128
/** @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html */
const LONGEST_PREFIX = 200

/** @throws InvalidTrailNameException in AWS's words */
export function demandTrailName(name: string): void {
  if (name.length < SHORTEST_NAME) {
    throw invalidTrailName(
      `Trail name too short. Minimum allowed length: ${SHORTEST_NAME} characters. Specified name length: ${name.length} characters.`,
    )
  }
  if (name.length > LONGEST_NAME) {
    throw invalidTrailName(
      `Trail name too long. Maximum allowed length: ${LONGEST_NAME} characters. Specified name length: ${name.length} characters.`,
    )
  }
  if (!/^[0-9a-zA-Z]/.test(name)) throw invalidTrailName('Trail name must starts with a letter or number.')
  if (!/[0-9a-zA-Z]$/.test(name)) throw invalidTrailName('Trail name must ends with a letter or number.')
  if (!/^[.\-_0-9a-zA-Z]+$/.test(name)) {
    throw invalidTrailName(
      'Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), and underscores (_).',
    )
  }
  if (/[._-]{2}/.test(name))
    throw invalidTrailName('Trail name has two adjacent periods, hyphens or underscores.')
  if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) throw invalidTrailName('Trail name is formatted as an IP address.')
}

/**
 * DIVERGENCE: a bucket is what the operator has named so (`--trail-buckets`); whether files can be written there is
 * not tried before the first one: GetTrailStatus tells a minute later.
 *
 * @throws InvalidS3BucketNameException, S3BucketDoesNotExistException
 */
export function demandBucket(name: string, known: ReadonlySet<string>): void {
  if (!isBucketName(name)) throw invalidBucketName(name)
  if (!known.has(name)) throw bucketDoesNotExist(name)
}

/**
 * The prefix as it is used: without a slash at its end.
 *
 * DIVERGENCE: letters, digits and `/ . _ - ! + =` only, and no part of it is `.` or `..`, since a bucket may be a
 * directory.
 *
 * @throws InvalidS3PrefixException
 */
export function prefixIn(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined
  if (text.length > LONGEST_PREFIX)
    throw invalidPrefix(`The S3 key prefix is longer than ${LONGEST_PREFIX} characters.`)
  const prefix = text.endsWith('/') ? text.slice(0, -1) : text
  const parts = prefix.split('/')
  const isPlain = parts.every((part) => /^[\w.!+=-]+$/.test(part) && part !== '.' && part !== '..')
  if (!isPlain || parts[0]?.startsWith('.'))
    throw invalidPrefix('The S3 key prefix has a part that is empty or has other characters than allowed.')
  return prefix
}
