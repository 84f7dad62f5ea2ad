/** Rows 107 and 109 of the acceptance catalogue: the real `aws cloudtrail validate-logs`, and moto's S3 and IAM. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { CreateTrailResponse, GetTrailStatusResponse } from '@aws-sdk/client-cloudtrail'
import { AwsCli } from './aws-cli.ts'
import { needing } from './components.ts'
import { Moto } from './moto.ts'
import { Server } from './server.ts'

const BUCKET = 'audit-of-lockstep'
const VALUE = 'value-that-no-delivered-file-may-hold'
const WAIT_MS = 90_000
const GUIDE = join(import.meta.dirname, '../docs/guides/trail-export.md')

/** An object as plain HTTP shows it; moto asks nobody for a signature unless it is told to. */
interface Stored {
  readonly body: Buffer
  readonly metadata: Readonly<Record<string, string>>
}

/** moto checks no signature, but shows what is private to nobody who has none. */
const SIGNED = {
  authorization:
    'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0',
}

class Objects {
  readonly #url: string
  constructor(url: string) {
    this.#url = `${url}/${BUCKET}`
  }

  async keys(): Promise<readonly string[]> {
    const xml = await (await fetch(`${this.#url}?list-type=2`, { headers: SIGNED })).text()
    return [...xml.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, key = '']) => key)
  }

  async get(key: string): Promise<Stored> {
    // Without being asked for the encoding, fetch would undo it.
    const answer = await fetch(`${this.#url}/${key}`, {
      headers: { ...SIGNED, 'accept-encoding': 'identity' },
    })
    const kept = [...answer.headers].filter(([name]) => name.startsWith('x-amz-meta-'))
    const bytes = Buffer.from(await answer.arrayBuffer())
    const isPlain = bytes[0] !== 0x1f
    return { body: isPlain ? gzipSync(bytes) : bytes, metadata: Object.fromEntries(kept) }
  }

  async put(key: string, { body, metadata }: Stored): Promise<void> {
    const put = { method: 'PUT', body: new Uint8Array(body), headers: { ...SIGNED, ...metadata } }
    assert.equal((await fetch(`${this.#url}/${key}`, put)).status, 200)
  }

  async remove(key: string): Promise<void> {
    assert.equal((await fetch(`${this.#url}/${key}`, { method: 'DELETE', headers: SIGNED })).status, 204)
  }
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + WAIT_MS
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    assert.ok(Date.now() < end, 'it did not happen in time')
    await sleep(250)
  }
}

const PERIODS = ['--trail-delivery-seconds', '1', '--trail-digest-seconds', '3']

function bucketAt(moto: Moto): readonly string[] {
  return ['--trail-buckets', `${BUCKET}=s3:${moto.url}/us-east-1`, ...PERIODS]
}

describe('aws cloudtrail validate-logs', () => {
  const { test, before, after } = needing('aws-cli', 'moto')
  let moto: Moto
  let server: Server
  let cli: AwsCli
  let objects: Objects
  let arn: string
  const began = `${new Date(Date.now() - 60_000).toISOString().slice(0, 19)}Z`

  before(async () => {
    moto = await Moto.start()
    await new AwsCli(moto.environment).run('s3api create-bucket', { bucket: BUCKET })
    const env = {
      LOCKSTEP_TRAIL_S3_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
      LOCKSTEP_TRAIL_S3_SECRET_ACCESS_KEY: 'x',
    }
    server = await Server.start({ flags: bucketAt(moto), env })
    cli = new AwsCli({ ...(await server.administrator()), AWS_ENDPOINT_URL_S3: moto.url })
    objects = new Objects(moto.url)
    const { TrailARN = '' } = await cli.run<CreateTrailResponse>('cloudtrail create-trail', {
      name: 'main',
      's3-bucket-name': BUCKET,
      's3-key-prefix': 'of/lockstep',
      'enable-log-file-validation': true,
      'is-multi-region-trail': true,
    })
    arn = TrailARN
    await cli.run('cloudtrail start-logging', { name: 'main' })
    for (let i = 0; i < 4; i++) {
      await cli.run('secretsmanager create-secret', { name: `db-${i}`, 'secret-string': VALUE })
      await sleep(1000)
    }
    await cli.run('cloudtrail stop-logging', { name: 'main' })
    // The last digest comes once nothing can be under way any more; then nothing changes under the tests' hands.
    await until(async () => {
      const status = await cli.run<GetTrailStatusResponse>('cloudtrail get-trail-status', { name: 'main' })
      assert.equal(status.LatestDeliveryError, undefined)
      const [stopped, digest] = [status.StopLoggingTime, status.LatestDigestDeliveryTime].map(Number)
      return digest !== undefined && stopped !== undefined && digest > stopped + 9 ? status : undefined
    })
  })
  after(async () => {
    await server?.stop()
    await moto?.[Symbol.asyncDispose]()
  })

  async function validate() {
    const { code, stdout, stderr } = await cli.call('cloudtrail validate-logs --verbose', {
      'trail-arn': arn,
      'start-time': began,
    })
    return { code, text: `${stdout}\n${stderr}` }
  }

  /** Changes something, has it validated, and puts it back. */
  async function tampered(keys: readonly string[], change: () => Promise<void>): Promise<string> {
    const before = await Promise.all(keys.map(async (key) => [key, await objects.get(key)] as const))
    await change()
    const { code, text } = await validate()
    for (const [key, stored] of before) await objects.put(key, stored)
    assert.equal(code, 1, text)
    return text
  }

  async function logs(): Promise<readonly string[]> {
    return (await objects.keys()).filter((key) => key.includes('_CloudTrail_')).toSorted()
  }

  async function digests(): Promise<readonly string[]> {
    return (await objects.keys()).filter((key) => key.includes('-Digest_')).toSorted()
  }

  function at<T>(list: readonly T[], index: number): T {
    const found = list.at(index)
    assert.ok(found !== undefined, `there are only ${list.length}`)
    return found
  }

  test('row 107: the files parse as {"Records":[…]}, hold each event once and no value', async () => {
    const records: { eventID: string; eventName: string }[] = []
    for (const key of await logs()) {
      assert.match(
        key,
        /^of\/lockstep\/AWSLogs\/\d{12}\/CloudTrail\/us-east-1\/\d{4}\/\d\d\/\d\d\/\d{12}_CloudTrail_us-east-1_\d{8}T\d{4}Z_\w{16}\.json\.gz$/,
      )
      const text = gunzipSync((await objects.get(key)).body).toString()
      assert.ok(!text.includes(VALUE))
      records.push(...(JSON.parse(text) as { Records: typeof records }).Records)
    }
    assert.equal(new Set(records.map(({ eventID }) => eventID)).size, records.length)
    const names = records.map(({ eventName }) => eventName)
    assert.equal(names.filter((name) => name === 'CreateSecret').length, 4)
    assert.ok(names.includes('StartLogging') && names.includes('StopLogging'))
  })

  test('row 107: what was delivered is valid, every digest and every log file', async () => {
    const { code, text } = await validate()
    assert.equal(code, 0, text)
    const [digestCount, logCount] = [(await digests()).length, (await logs()).length]
    assert.ok(digestCount >= 3 && logCount >= 3)
    assert.match(text, new RegExp(`\\b${digestCount}/${digestCount} digest files valid`))
    assert.match(text, new RegExp(`\\b${logCount}/${logCount} log files valid`))
    assert.ok(!text.includes('INVALID'))
  })

  test('row 107: a log file that was changed is named', async () => {
    const key = at(await logs(), 1)
    const text = await tampered([key], async () => {
      const { body, metadata } = await objects.get(key)
      const changed = gunzipSync(body).toString().replace('eventVersion', 'eventversion')
      await objects.put(key, { body: gzipSync(changed), metadata })
    })
    assert.match(text, new RegExp(`${BUCKET}/${key}\tINVALID: hash value doesn't match`))
  })

  test('row 107: a log file that was cut off is named', async () => {
    const key = at(await logs(), 1)
    const text = await tampered([key], async () => {
      const { body, metadata } = await objects.get(key)
      await objects.put(key, { body: body.subarray(0, body.length / 2), metadata })
    })
    assert.match(text, new RegExp(`${BUCKET}/${key}\tINVALID`))
  })

  test('row 107: a log file that was deleted is named', async () => {
    const key = at(await logs(), -1)
    const text = await tampered([key], () => objects.remove(key))
    assert.match(text, new RegExp(`${BUCKET}/${key}\tINVALID: not found`))
  })

  test('row 107: two log files in each other’s place are named, both', async () => {
    const [a, b] = [at(await logs(), 0), at(await logs(), 1)]
    const text = await tampered([a, b], async () => {
      const [first, second] = [await objects.get(a), await objects.get(b)]
      await objects.put(a, second)
      await objects.put(b, first)
    })
    for (const key of [a, b]) assert.match(text, new RegExp(`${BUCKET}/${key}\tINVALID: hash`))
  })

  test('row 107: a digest that was changed, deleted or moved is named', async () => {
    const [a, b] = [at(await digests(), 1), at(await digests(), 0)]
    const changed = await tampered([a], async () => {
      const { body, metadata } = await objects.get(a)
      const text = gunzipSync(body)
        .toString()
        .replace(/"logFiles":\[.*\]/, '"logFiles":[]')
      await objects.put(a, { body: gzipSync(text), metadata })
    })
    assert.match(changed, new RegExp(`${BUCKET}/${a}\tINVALID: signature verification failed`))
    const deleted = await tampered([a], () => objects.remove(a))
    assert.match(deleted, new RegExp(`${BUCKET}/${a}\tINVALID: not found`))
    const moved = await tampered([a], async () => objects.put(a, await objects.get(b)))
    assert.match(moved, new RegExp(`${BUCKET}/${a}\tINVALID: has been moved from its original location`))
  })
})

describe('a role that may only write', () => {
  const { test } = needing('aws-cli', 'moto')

  test('row 109: is enough to deliver, and with it nobody reads, lists or deletes what was delivered', async () => {
    await using moto = await Moto.start()
    const operator = new AwsCli(moto.environment)
    await operator.run('s3api create-bucket', { bucket: BUCKET })
    const trust = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }],
    }
    const { Role } = await operator.run<{ Role: { Arn: string } }>('iam create-role', {
      'role-name': 'lockstep-trail',
      'assume-role-policy-document': trust,
    })
    await operator.run('iam put-role-policy', {
      'role-name': 'lockstep-trail',
      'policy-name': 'write-only',
      'policy-document': policyOfGuide(),
    })
    const { Credentials: session } = await operator.run<{
      Credentials: { AccessKeyId: string; SecretAccessKey: string; SessionToken: string }
    }>('sts assume-role', { 'role-arn': Role.Arn, 'role-session-name': 'exporter' })
    const auditor = await newReader(operator)
    await moto.enforce()

    await using server = await Server.start({
      flags: bucketAt(moto),
      env: {
        LOCKSTEP_TRAIL_S3_ACCESS_KEY_ID: session.AccessKeyId,
        LOCKSTEP_TRAIL_S3_SECRET_ACCESS_KEY: session.SecretAccessKey,
        LOCKSTEP_TRAIL_S3_SESSION_TOKEN: session.SessionToken,
      },
    })
    const cli = new AwsCli(await server.administrator())
    await cli.run('cloudtrail create-trail', {
      name: 'main',
      's3-bucket-name': BUCKET,
      'enable-log-file-validation': true,
    })
    await cli.run('cloudtrail start-logging', { name: 'main' })
    await until(async () => {
      const status = await cli.run<GetTrailStatusResponse>('cloudtrail get-trail-status', { name: 'main' })
      assert.equal(status.LatestDeliveryError, undefined)
      return status.LatestDigestDeliveryTime
    })

    const listed = await operator.as(auditor).run<{ Contents: { Key: string }[] }>('s3api list-objects-v2', {
      bucket: BUCKET,
    })
    const key = listed.Contents.find(({ Key }) => Key.includes('_CloudTrail_'))?.Key ?? ''
    const role = operator.as({
      accessKeyId: session.AccessKeyId,
      secretAccessKey: session.SecretAccessKey,
      sessionToken: session.SessionToken,
    })
    const object = { bucket: BUCKET, key }
    await operator.as(auditor).run('s3api head-object', object)
    for (const [call, parameters] of [
      ['s3api delete-object', object],
      ['s3api list-objects-v2', { bucket: BUCKET }],
      ['s3api get-object-tagging', object],
    ] as const)
      assert.equal((await role.refused(call, parameters)).code, 'AccessDenied', call)
    const read = await role.call(`s3api get-object --bucket ${BUCKET} --key ${key} /dev/null`)
    assert.notEqual(read.code, 0)
    assert.match(read.stderr, /AccessDenied|403|Forbidden/)
  })

  /** The policy as the guide shows it, for this bucket. */
  function policyOfGuide(): string {
    const guide = readFileSync(GUIDE, 'utf8')
    const text = /<!-- write-only role -->\n```json\n([\s\S]*?)```/.exec(guide)?.[1] ?? ''
    return JSON.stringify(JSON.parse(text.replaceAll('amzn-s3-demo-bucket', BUCKET)))
  }

  async function newReader(operator: AwsCli) {
    await operator.run('iam create-user', { 'user-name': 'auditor' })
    await operator.run('iam put-user-policy', {
      'user-name': 'auditor',
      'policy-name': 'read',
      'policy-document': {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: ['s3:ListBucket', 's3:GetObject'], Resource: '*' }],
      },
    })
    const { AccessKey } = await operator.run<{
      AccessKey: { AccessKeyId: string; SecretAccessKey: string }
    }>('iam create-access-key', { 'user-name': 'auditor' })
    return { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey }
  }
})
