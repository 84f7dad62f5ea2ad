import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import { silentLogger } from '../platform/logger.ts'
import { ManualTimer } from '../testing/manual-timer.ts'
import { selfSigned, type TestCertificate } from './test-certificate.ts'
import { openListener, RawClient } from './test-listener.ts'

const MINUTE_MS = 60_000

/** A directory as Kubernetes mounts a secret: `..data` is a link that is swung to a new directory. */
class MountedSecret implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'lockstep-tls-'))
  #count = 0

  write({ cert, key }: TestCertificate): void {
    const version = mkdtempSync(join(this.path, `..${this.#count++}`))
    writeFileSync(join(version, 'tls.crt'), cert)
    writeFileSync(join(version, 'tls.key'), key)
    symlinkSync(version, join(this.path, '..new'))
    renameSync(join(this.path, '..new'), join(this.path, '..data'))
  }

  get files() {
    return { certFile: join(this.path, '..data/tls.crt'), keyFile: join(this.path, '..data/tls.key') }
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true })
  }
}

/** Shakes hands and answers the certificate that was shown, once it is known to be good for 127.0.0.1. */
async function shown(url: string, trusted: string): Promise<string> {
  const socket = await new Promise<TLSSocket>((resolve, reject) => {
    const client = connect({ host: '127.0.0.1', port: Number(new URL(url).port), ca: trusted })
    client.once('secureConnect', () => resolve(client)).once('error', reject)
  })
  const { fingerprint256 } = socket.getPeerCertificate()
  socket.destroy()
  return fingerprint256
}

function fingerprintOf({ cert }: TestCertificate): string {
  return new X509Certificate(cert).fingerprint256
}

async function open(secret: MountedSecret) {
  const timer = new ManualTimer()
  const problems: string[] = []
  const logger = { ...silentLogger, error: (event: string) => void problems.push(event) }
  const listener = await openListener({}, { tls: secret.files, timer, logger })
  return {
    listener,
    problems,
    /** A minute passes, and the files have been looked at. */
    async minute() {
      timer.pass(MINUTE_MS)
      while (timer.waiting === 0) await sleep(1)
    },
  }
}

describe('a certificate', () => {
  test('that is renewed is shown within a minute, without a restart and without ending a connection', async () => {
    using secret = new MountedSecret()
    const [old, renewed] = [selfSigned(), selfSigned()]
    secret.write(old)
    const { listener, minute } = await open(secret)
    await using _listener = listener
    const kept = connect({ host: '127.0.0.1', port: Number(new URL(listener.url).port), ca: old.cert })
    await new Promise((resolve) => kept.once('secureConnect', resolve))
    assert.equal(await shown(listener.url, old.cert), fingerprintOf(old))
    secret.write(renewed)
    await minute()
    assert.equal(await shown(listener.url, renewed.cert), fingerprintOf(renewed))
    kept.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n')
    const answer = await new Promise<Buffer>((resolve) => kept.once('data', resolve))
    assert.match(answer.toString(), /^HTTP\/1.1 200/)
    kept.destroy()
  })

  test('that cannot be used leaves the old one in use and is told to the log each minute; one that can is taken later', async () => {
    using secret = new MountedSecret()
    const [old, other, renewed] = [selfSigned(), selfSigned(), selfSigned()]
    secret.write(old)
    const { listener, minute, problems } = await open(secret)
    await using _listener = listener
    const broken = [
      { cert: other.cert, key: old.key },
      { cert: other.cert.slice(0, 100), key: other.key },
      { cert: '', key: '' },
    ]
    for (const files of broken) {
      secret.write(files)
      await minute()
      await minute()
      assert.equal(await shown(listener.url, old.cert), fingerprintOf(old))
    }
    rmSync(join(secret.path, '..data'))
    await minute()
    assert.equal(await shown(listener.url, old.cert), fingerprintOf(old))
    assert.deepEqual(problems, Array(2 * broken.length + 1).fill('tls.not-renewed'))
    secret.write(renewed)
    await minute()
    assert.equal(await shown(listener.url, renewed.cert), fingerprintOf(renewed))
  })

  test('that is renewed does not bring an older TLS back', async () => {
    using secret = new MountedSecret()
    secret.write(selfSigned())
    const { listener, minute } = await open(secret)
    await using _listener = listener
    const renewed = selfSigned()
    secret.write(renewed)
    await minute()
    const port = Number(new URL(listener.url).port)
    const ended = new Promise<string>((resolve) => {
      const old = connect({
        host: '127.0.0.1',
        port,
        ca: renewed.cert,
        minVersion: 'TLSv1.1',
        maxVersion: 'TLSv1.1',
        ciphers: 'DEFAULT@SECLEVEL=0',
      })
      old.once('secureConnect', () => resolve('connected')).once('error', () => resolve('refused'))
    })
    assert.equal(await ended, 'refused')
  })
})

test('the key and the certificate that a server starts with must be of one pair', async () => {
  using secret = new MountedSecret()
  secret.write({ cert: selfSigned().cert, key: selfSigned().key })
  await assert.rejects(openListener({}, { tls: secret.files }), /key values mismatch/)
})

test('a call over TLS says which version and cipher it came by', async () => {
  using secret = new MountedSecret()
  const certificate = selfSigned()
  secret.write(certificate)
  let version: string | undefined
  await using listener = await openListener(
    {
      call: async ({ tls }) => {
        version = tls?.version
        return { status: 200, headers: {}, body: new Uint8Array() }
      },
    },
    { tls: secret.files },
  )
  await new Promise((resolve) => {
    const call = request(listener.url, { method: 'POST', ca: certificate.cert, agent: false }, resolve)
    call.end()
  })
  assert.equal(version, 'TLSv1.3')
})

test('a connection that never ends its TLS handshake does not outlast a cut', {
  timeout: 5_000,
}, async () => {
  using secret = new MountedSecret()
  secret.write(selfSigned())
  await using listener = await openListener({}, { tls: secret.files })
  using client = await RawClient.connect(listener)
  const drained = listener.drain()
  listener.cut()
  await drained
  await client.closed
})
