import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { hashOf } from './digest.ts'
import { SIGNATURE_END } from './directory-bucket.ts'

/** What became of files that were delivered into a directory. */
export interface DeliveredVerdict {
  readonly digests: number
  /** Log files that a digest names. */
  readonly logs: number
  /** Those that none names: not yet, or not any more. */
  readonly unnamed: number
  /** What is wrong, each a sentence that begins with the file. */
  readonly faults: readonly string[]
}

/** The members of a digest that are looked at. Read from a directory that somebody may have edited. */
interface DigestMembers {
  readonly digestEndTime?: unknown
  readonly digestS3Bucket?: unknown
  readonly digestS3Object?: unknown
  readonly previousDigestS3Object?: unknown
  readonly previousDigestHashValue?: unknown
  readonly previousDigestSignature?: unknown
  readonly logFiles?: unknown
}

/**
 * Verifies a directory that trails delivered into, as `aws cloudtrail validate-logs` verifies a bucket: every digest's
 * signature and place, the digest before it, and every log file that it names. The newest digest of a chain vouches
 * for all before it; that it is the newest, only its date tells.
 *
 * @param key PEM, or base64 of PKCS #1 in DER as ListPublicKeys answers it.
 */
export async function verifyDelivered(root: string, key: string): Promise<DeliveredVerdict> {
  const publicKey = keyIn(key)
  const names = await readdir(root, { recursive: true })
  const digests = names.filter((name) => /_CloudTrail-Digest_[^/]*\.json\.gz$/.test(name)).sort()
  const logs = new Set(names.filter((name) => /_CloudTrail_[^/]*\.json\.gz$/.test(name)))
  // A folder of nothing vouches for nothing.
  const faults: string[] = digests.length === 0 ? [`${root}: there is no digest in it`] : []
  const named = new Set<string>()
  for (const object of digests) {
    const text = await contentOf(join(root, object))
    const members = text === undefined ? undefined : membersIn(text)
    if (text === undefined || !members || !(await isSigned(root, object, { text, members }, publicKey))) {
      faults.push(`${object}: its signature is not that of its content and place`)
      continue
    }
    faults.push(...(await faultsBefore(root, object, members)))
    for (const [log, hash] of logsOf(members)) {
      named.add(log)
      const content = await contentOf(join(root, log))
      if (content === undefined) faults.push(`${log}: is not there, or cannot be read`)
      else if (hashOf(content) !== hash) faults.push(`${log}: was changed`)
    }
  }
  return { digests: digests.length, logs: named.size, unnamed: logs.difference(named).size, faults }
}

async function isSigned(
  root: string,
  object: string,
  { text, members }: { readonly text: string; readonly members: DigestMembers },
  key: KeyObject,
): Promise<boolean> {
  if (members.digestS3Object !== object) return false
  const previous = members.previousDigestSignature ?? 'null'
  const place = `${members.digestS3Bucket}/${object}`
  const signed = [members.digestEndTime, place, hashOf(text), previous].join('\n')
  return verify('RSA-SHA256', Buffer.from(signed), key, Buffer.from(await signatureOf(root, object), 'hex'))
}

async function faultsBefore(
  root: string,
  object: string,
  { previousDigestS3Object: before, previousDigestHashValue: hash, previousDigestSignature }: DigestMembers,
): Promise<readonly string[]> {
  if (typeof before !== 'string') return []
  const text = await contentOf(join(root, before))
  if (text === undefined) return [`${before}: is not there, or cannot be read, and ${object} follows it`]
  const isTheSame = hashOf(text) === hash && (await signatureOf(root, before)) === previousDigestSignature
  return isTheSame ? [] : [`${before}: is not the one that ${object} follows`]
}

function logsOf({ logFiles }: DigestMembers): readonly (readonly [string, string])[] {
  if (!Array.isArray(logFiles)) return []
  return logFiles.map(({ s3Object, hashValue }) => [String(s3Object), String(hashValue)] as const)
}

function membersIn(text: string): DigestMembers | undefined {
  try {
    return Object(JSON.parse(text)) as DigestMembers // each member is looked at where it is used
  } catch {
    return undefined
  }
}

async function signatureOf(root: string, object: string): Promise<string> {
  return (await readFile(join(root, object + SIGNATURE_END), 'utf8').catch(() => '')).trim()
}

/** Nothing for a file that is not there or was cut off. */
async function contentOf(path: string): Promise<string | undefined> {
  try {
    return gunzipSync(await readFile(path)).toString()
  } catch {
    return undefined
  }
}

function keyIn(text: string): KeyObject {
  if (text.includes('-----BEGIN')) return createPublicKey(text)
  return createPublicKey({ key: Buffer.from(text.trim(), 'base64'), format: 'der', type: 'pkcs1' })
}
