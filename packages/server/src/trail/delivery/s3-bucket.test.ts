import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { describe, test } from 'node:test'
import { Plaintext } from '../../platform/plaintext.ts'
import { S3Bucket } from './s3-bucket.ts'

interface Seen {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** An S3 service that answers everything in one way. */
async function startS3(status: number, body = '') {
  const seen: Seen[] = []
  const server = createServer(async (request, response) => {
    const chunks = await Array.fromAsync<Buffer>(request)
    seen.push({
      method: request.method,
      url: request.url,
      headers: request.headers,
      body: Buffer.concat(chunks),
    })
    response.writeHead(status, { 'content-type': 'application/xml' }).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const bucket = new S3Bucket({
    bucket: 'audit',
    region: 'eu-west-1',
    endpoint: `http://127.0.0.1:${address.port}`,
    pathStyle: true,
    keys: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: Plaintext.fromText('secret') },
  })
  return {
    seen,
    bucket,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function errorXml(code: string): string {
  return `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`
}

const OBJECT = { key: 'AWSLogs/1/a.json.gz', body: Buffer.from('body'), metadata: { signature: 'abcd' } }

describe('a bucket of an S3 service', () => {
  test('gets each object in one conditional PUT, with its checksum and metadata', async () => {
    await using s3 = await startS3(200)
    await s3.bucket.put(OBJECT)
    assert.equal(s3.seen.length, 1)
    const [{ method, url, headers, body } = {} as Seen] = s3.seen
    assert.equal(method, 'PUT')
    assert.match(url ?? '', /^\/audit\/AWSLogs\/1\/a\.json\.gz(\?|$)/)
    assert.equal(headers['if-none-match'], '*')
    assert.equal(headers['x-amz-meta-signature'], 'abcd')
    assert.equal(headers['content-encoding'], 'gzip')
    assert.equal(headers['x-amz-checksum-sha256'], createHash('sha256').update('body').digest('base64'))
    assert.match(
      headers.authorization ?? '',
      /Credential=AKIAIOSFODNN7EXAMPLE\/\d{8}\/eu-west-1\/s3\/aws4_request/,
    )
    assert.equal(body.toString(), 'body')
  })

  test('that has the object already is content', async () => {
    await using s3 = await startS3(412, errorXml('PreconditionFailed'))
    await s3.bucket.put(OBJECT)
    assert.equal(s3.seen.length, 1)
  })

  for (const [status, code] of [
    [403, 'AccessDenied'],
    [404, 'NoSuchBucket'],
    [409, 'ConditionalRequestConflict'],
  ] as const) {
    test(`that answers ${code} has not taken the file, and the code says why`, async () => {
      await using s3 = await startS3(status, errorXml(code))
      await assert.rejects(s3.bucket.put(OBJECT), { name: 'DeliveryFailed', code })
    })
  }

  test('that is not there has not taken it either', async () => {
    const bucket = new S3Bucket({
      ...{ bucket: 'audit', region: 'eu-west-1', endpoint: 'http://127.0.0.1:1', pathStyle: true },
      keys: { accessKeyId: 'A', secretAccessKey: Plaintext.fromText('secret') },
    })
    await assert.rejects(bucket.put(OBJECT), { name: 'DeliveryFailed' })
  })
})
