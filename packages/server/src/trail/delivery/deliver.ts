import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Keyring } from '../../keyring/keyring.ts'
import type { Timer } from '../../platform/timer.ts'
import type { DeliveredFile, DeliveryTrail, LastDigest, Plan } from '../../store/deliveries.ts'
import type { Store } from '../../store/store.ts'
import type { TrailRow } from '../../store/trail.ts'
import { type Bucket, type Buckets, DeliveryFailed } from './bucket.ts'
import { digestOf, hashOf, SIGNATURE_ALGORITHM } from './digest.ts'
import { digestKey } from './digest-key.ts'
import { logFiles } from './log-files.ts'

const compressed = promisify(gzip)

export interface DeliveryRooms {
  readonly store: Store
  readonly keyring: Keyring
  readonly timer: Timer
  readonly buckets: Buckets
}

/** What is durable in the bucket now, and not yet known to be. */
export interface Delivered {
  readonly files: readonly DeliveredFile[]
  readonly events: number
}

/** What the next digests are made of. */
export interface Chain {
  readonly files: readonly DeliveredFile[]
  readonly last: readonly LastDigest[]
}

type FilesPlan = Extract<Plan, { kind: 'files' }>
type DigestsPlan = Extract<Plan, { kind: 'digests' }>

/**
 * Writes what a plan says. The same plan and rows write the same objects, so it may be done again.
 * @throws DeliveryFailed
 */
export async function deliverFiles(
  trail: DeliveryTrail,
  plan: FilesPlan,
  rows: readonly TrailRow[],
  { buckets }: Pick<DeliveryRooms, 'buckets'>,
): Promise<Delivered> {
  const { settings, nonce } = plan
  const files: DeliveredFile[] = []
  let events = 0
  const naming = { nonce, at: new Date(plan.at), prefix: settings.prefix }
  for (const file of logFiles(trail, naming, rows)) {
    const { content, object, region, oldestAt, newestAt } = file
    await bucketOf(buckets, settings.bucket).put({ key: object, body: await compressed(content) })
    files.push({ region, bucket: settings.bucket, object, hash: hashOf(content), oldestAt, newestAt })
    events += file.events
  }
  return { files, events }
}

/**
 * Writes one digest for each region, those without files included.
 * @throws DeliveryFailed, OpenFailure
 */
export async function deliverDigests(
  trail: DeliveryTrail,
  plan: DigestsPlan,
  { store, keyring, buckets, chain }: DeliveryRooms & { readonly chain: Chain },
): Promise<readonly LastDigest[]> {
  const { settings } = plan
  const { files, last } = chain
  const endAt = new Date(plan.endAt)
  const key = await digestKey(store, keyring, endAt)
  const made: LastDigest[] = []
  for (const region of plan.regions) {
    const facts = {
      ...{ trail, settings, region, endAt },
      startAt: new Date(plan.startAt),
      files: files.filter((file) => file.region === region),
      previous: last.find((digest) => digest.region === region),
    }
    const { content, ...digest } = digestOf(facts, key)
    await bucketOf(buckets, settings.bucket).put({
      key: digest.object,
      body: await compressed(content),
      metadata: { signature: digest.signature, 'signature-algorithm': SIGNATURE_ALGORITHM },
    })
    made.push(digest)
  }
  return made
}

/** The operator may have taken a bucket away that a trail still names. */
function bucketOf(buckets: Buckets, name: string): Bucket {
  const bucket = buckets.get(name)
  if (!bucket) throw new DeliveryFailed('NoSuchBucket')
  return bucket
}
