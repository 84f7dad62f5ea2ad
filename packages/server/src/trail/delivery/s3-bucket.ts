import { createHash } from 'node:crypto'
import type { S3Client } from '@aws-sdk/client-s3'
import type { Plaintext } from '../../platform/plaintext.ts'
import { type Bucket, DeliveryFailed, type NewObject } from './bucket.ts'

/** An object is a few megabytes at most. A delivery that fails is tried again later, so the SDK need not insist. */
const CONNECT_MS = 5_000
const ANSWER_MS = 15_000
const ATTEMPTS = 2

/** Keys of the S3 service, where they are not left to the AWS way of finding them. */
export interface S3Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: Plaintext
  readonly sessionToken?: Plaintext
}

export interface S3Place {
  readonly bucket: string
  readonly region: string
  /** Absent: Amazon's own. */
  readonly endpoint?: string
  /** `https://host/bucket/key` rather than `https://bucket.host/key`. */
  readonly pathStyle: boolean
  readonly keys?: S3Keys | undefined
}

/**
 * A bucket of an S3 service. Needs s3:PutObject and nothing else.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export class S3Bucket implements Bucket {
  readonly #place: S3Place
  #client: Promise<S3Client> | undefined

  constructor(place: S3Place) {
    this.#place = place
  }

  async put({ key, body, metadata }: NewObject): Promise<void> {
    try {
      const { PutObjectCommand } = await import('@aws-sdk/client-s3')
      this.#client ??= connect(this.#place)
      const client = await this.#client
      await client.send(
        new PutObjectCommand({
          Bucket: this.#place.bucket,
          Key: key,
          Body: body,
          ContentType: 'application/json',
          ContentEncoding: 'gzip',
          Metadata: { ...metadata },
          // Buckets that lock their objects demand a checksum; and whatever the network did is noticed.
          ChecksumSHA256: createHash('sha256').update(body).digest('base64'),
          IfNoneMatch: '*',
        }),
      )
    } catch (error) {
      const code = error instanceof Error ? error.name : 'InternalError'
      // Only an earlier attempt of ours can have used this name.
      if (code === 'PreconditionFailed') return
      throw new DeliveryFailed(code, { cause: error })
    }
  }
}

/** The SDK's client is loaded when the first file goes out: a server without such a bucket never needs it. */
async function connect({ region, endpoint, pathStyle, keys }: S3Place): Promise<S3Client> {
  const { S3Client: Client } = await import('@aws-sdk/client-s3')
  return new Client({
    region,
    ...(endpoint !== undefined && { endpoint }),
    forcePathStyle: pathStyle,
    maxAttempts: ATTEMPTS,
    // The one checksum that is sent is our own: others than Amazon's S3 refuse what they do not know.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      requestTimeout: ANSWER_MS,
      throwOnRequestTimeout: true,
    },
    ...(keys && {
      credentials: {
        accessKeyId: keys.accessKeyId,
        secretAccessKey: keys.secretAccessKey.text(),
        ...(keys.sessionToken && { sessionToken: keys.sessionToken.text() }),
      },
    }),
  })
}
