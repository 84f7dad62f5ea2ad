import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { selfSignedCertificate } from '../notify/certificate.ts'
import { systemTimer } from '../platform/timer.ts'
import { eventually } from '../testing/eventually.ts'
import { ManualTimer } from '../testing/manual-timer.ts'
import { WebReceiver } from '../testing/web-receiver.ts'
import { AddressRules } from './address-rules.ts'
import { Outbound, type Resolve } from './outbound.ts'

const LOOPBACK = new AddressRules(['127.0.0.0/8'])
const LIMIT_MS = 15_000

function* endless(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(64 * 1024)
}

function outbound(resolve?: Resolve, rules = LOOPBACK): Outbound {
  return new Outbound({ rules, timer: systemTimer, ...(resolve && { resolve }) })
}

function post(sender: Outbound, url: string): Promise<number> {
  return sender.post({ url: new URL(url), headers: { 'x-test': 'yes' }, body: 'hello' })
}

function portOf(url: string): string {
  return new URL(url).port
}

describe('posting', () => {
  test('arrives with its headers, its Host and its body', async () => {
    await using web = await WebReceiver.open()
    assert.equal(
      await post(
        outbound(async () => ['127.0.0.1']),
        `http://hooks.example.com:${portOf(web.url)}/a?b=c`,
      ),
      200,
    )
    const [received] = web.received
    assert.equal(received?.path, '/a?b=c')
    assert.equal(received?.headers.host, `hooks.example.com:${portOf(web.url)}`)
    assert.equal(received?.headers['x-test'], 'yes')
    assert.equal(received?.body, 'hello')
  })

  test('goes to the address that was looked at, though the name points elsewhere a moment later', async () => {
    await using web = await WebReceiver.open()
    const answers = ['127.0.0.1', '10.0.0.1']
    let asked = 0
    const rebinding: Resolve = async () => [answers[asked++] ?? '']
    assert.equal(await post(outbound(rebinding), `http://rebind.example.com:${portOf(web.url)}/`), 200)
    assert.equal(asked, 1)
  })

  test('is refused where one of a name’s addresses is not allowed, and nobody is connected to', async () => {
    await using web = await WebReceiver.open()
    const mixed: Resolve = async () => ['127.0.0.1', '10.0.0.1']
    await assert.rejects(post(outbound(mixed), `http://mixed.example.com:${portOf(web.url)}/`), {
      reason: 'address-not-allowed',
    })
    assert.deepEqual(web.received, [])
  })

  test('is refused for an address in the URL, which no lookup would look at', async () => {
    await using web = await WebReceiver.open()
    await assert.rejects(post(outbound(undefined, new AddressRules()), web.url), {
      reason: 'address-not-allowed',
    })
    await assert.rejects(post(outbound(undefined, new AddressRules()), 'http://[::1]:1/'), {
      reason: 'address-not-allowed',
    })
    assert.deepEqual(web.received, [])
  })

  test('does not follow a redirect', async () => {
    await using web = await WebReceiver.open()
    web.answer = (response) => void response.writeHead(307, { location: '/elsewhere' }).end()
    assert.equal(await post(outbound(), web.url), 307)
    assert.equal(web.received.length, 1)
  })

  test('fails for a name that does not exist and a port where nobody listens', async () => {
    await assert.rejects(
      post(
        outbound(async () => {
          throw new Error('ENOTFOUND')
        }),
        'http://none.example.com/',
      ),
      { reason: 'name-not-found' },
    )
    await assert.rejects(
      post(
        outbound(async () => []),
        'http://none.example.com/',
      ),
      { reason: 'name-not-found' },
    )
    await assert.rejects(post(outbound(), 'http://127.0.0.1:1/'), { reason: 'connection-failed' })
  })
})

describe('a receiver cannot hold us', () => {
  test('that never answers, or answers a name’s lookup never, is given up after 15 seconds', async () => {
    await using web = await WebReceiver.open()
    web.answer = () => {}
    const timer = new ManualTimer()
    const silent = post(new Outbound({ rules: LOOPBACK, timer }), web.url)
    const failed = assert.rejects(silent, { reason: 'timeout' })
    await eventually(async () => assert.equal(web.received.length, 1))
    timer.pass(LIMIT_MS - 1)
    timer.pass(LIMIT_MS)
    await failed
    const unresolved = post(
      new Outbound({ rules: LOOPBACK, timer, resolve: () => new Promise(() => {}) }),
      'http://slow.example.com/',
    )
    const alsoFailed = assert.rejects(unresolved, { reason: 'timeout' })
    timer.pass(LIMIT_MS)
    await alsoFailed
  })

  test('that answers without end is cut off, and its status counts', async () => {
    await using web = await WebReceiver.open()
    let isCut = false
    web.answer = (response) => {
      response.writeHead(200)
      response.on('close', () => {
        isCut = true
      })
      Readable.from(endless()).pipe(response)
    }
    assert.equal(await post(outbound(), web.url), 200)
    await eventually(async () => assert.ok(isCut))
  })

  test('that sends more headers than 16 KiB has given no answer', async () => {
    await using web = await WebReceiver.open()
    web.answer = (response) => void response.writeHead(200, { 'x-much': 'y'.repeat(20_000) }).end()
    await assert.rejects(post(outbound(), web.url), { reason: 'bad-response' })
  })
})

describe('TLS', () => {
  async function secure(host: string) {
    const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const now = Date.parse('2020-01-01T00:00:00Z')
    const cert = selfSignedCertificate(keys, {
      commonName: host,
      serial: Buffer.from('01', 'hex'),
      notBefore: new Date(now),
      notAfter: new Date(now + 60 * 365 * 86_400_000),
    })
    const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' })
    const server = createTlsServer({ key, cert }, (_, response) => void response.end())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo // a TCP listener's address is always this
    return {
      cert,
      url: `https://${host}:${port}/`,
      async [Symbol.asyncDispose]() {
        server.closeAllConnections()
        await new Promise<void>((resolve) => server.close(() => resolve()))
      },
    }
  }

  test('a certificate that nobody vouches for is refused, and taken where the operator vouches for it', async () => {
    await using server = await secure('hooks.example.com')
    const resolve: Resolve = async () => ['127.0.0.1']
    await assert.rejects(post(outbound(resolve), server.url), { reason: 'tls-failed' })
    const trusting = new Outbound({ rules: LOOPBACK, timer: systemTimer, resolve, ca: server.cert })
    assert.equal(await post(trusting, server.url), 200)
  })

  test('a certificate of another name is refused, whoever vouches for it', async () => {
    await using server = await secure('other.example.com')
    const url = server.url.replace('other', 'hooks')
    const trusting = new Outbound({
      rules: LOOPBACK,
      timer: systemTimer,
      resolve: async () => ['127.0.0.1'],
      ca: server.cert,
    })
    await assert.rejects(post(trusting, url), { reason: 'tls-failed' })
  })
})
