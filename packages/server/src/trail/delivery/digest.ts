import { createHash, sign } from 'node:crypto'
import type { DeliveredFile, DeliveryTrail, LastDigest, TrailSettings } from '../../store/deliveries.ts'
import type { DigestKey } from './digest-key.ts'
import { folderOf } from './log-files.ts'

/** What a digest of one region is made of. */
export interface DigestFacts {
  readonly trail: Pick<DeliveryTrail, 'account' | 'region' | 'name'>
  readonly settings: TrailSettings
  readonly region: string
  readonly startAt: Date
  readonly endAt: Date
  /** In whatever order they are to be listed. */
  readonly files: readonly DeliveredFile[]
  /** Absent: the chain begins here. */
  readonly previous: LastDigest | undefined
}

/** A digest as it goes out. */
export interface Digest extends LastDigest {
  readonly content: string
}

/** As the object's metadata and every digest name it. */
export const SIGNATURE_ALGORITHM = 'SHA256withRSA'
const HASH_ALGORITHM = 'SHA-256'

/**
 * A digest of the files that were delivered between two instants, signed, and tied to the digest before it. The same
 * facts make the same digest, the signature included.
 *
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
 */
export function digestOf(facts: DigestFacts, key: DigestKey): Digest {
  const { trail, settings, region, startAt, endAt, files, previous } = facts
  const { bucket } = settings
  const object = nameOf(facts)
  const content = JSON.stringify({
    awsAccountId: trail.account,
    digestStartTime: inSeconds(startAt),
    digestEndTime: inSeconds(endAt),
    digestS3Bucket: bucket,
    digestS3Object: object,
    digestPublicKeyFingerprint: key.fingerprint,
    digestSignatureAlgorithm: SIGNATURE_ALGORITHM,
    newestEventTime: extreme(
      files.map(({ newestAt }) => newestAt),
      Math.max,
    ),
    oldestEventTime: extreme(
      files.map(({ oldestAt }) => oldestAt),
      Math.min,
    ),
    previousDigestS3Bucket: previous?.bucket ?? null,
    previousDigestS3Object: previous?.object ?? null,
    previousDigestHashValue: previous?.hash ?? null,
    previousDigestHashAlgorithm: previous ? HASH_ALGORITHM : null,
    previousDigestSignature: previous?.signature ?? null,
    logFiles: files.map((file) => ({
      s3Bucket: file.bucket,
      s3Object: file.object,
      hashValue: file.hash,
      hashAlgorithm: HASH_ALGORITHM,
      newestEventTime: inSeconds(file.newestAt),
      oldestEventTime: inSeconds(file.oldestAt),
    })),
  })
  const hash = hashOf(content)
  const signed = [inSeconds(endAt), `${bucket}/${object}`, hash, previous?.signature ?? 'null'].join('\n')
  const signature = sign('RSA-SHA256', Buffer.from(signed), key.privateKey).toString('hex')
  return { region, bucket, object, hash, signature, content }
}

/** SHA-256 in hexadecimal, as digests name it: of what is inside the compression. */
export function hashOf(content: string): string {
  return createHash('sha256').update(content).digest('hex')
}

/** The trail's home region stands behind its name, as `aws cloudtrail validate-logs` looks for it. */
function nameOf({ trail, settings, region, endAt }: DigestFacts): string {
  const { account, name, region: home } = trail
  const folder = folderOf('CloudTrail-Digest', { account, region, at: endAt, prefix: settings.prefix })
  const second = inSeconds(endAt).replaceAll(/[-:]/g, '')
  return `${folder}/${account}_CloudTrail-Digest_${region}_${name}_${home}_${second}.json.gz`
}

function extreme(instants: readonly Date[], of: (a: number, b: number) => number): string | null {
  if (instants.length === 0) return null
  return inSeconds(new Date(instants.map((at) => at.getTime()).reduce((a, b) => of(a, b))))
}

function inSeconds(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`
}
