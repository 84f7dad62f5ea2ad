import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import type { Received } from '../gateway/call.ts'
import { OK, openListener as open, RawClient } from './test-listener.ts'

describe('calls', () => {
  test('the bytes arrive as they were sent: raw path, query and headers', async () => {
    let seen: Received | undefined
    await using listener = await open({
      call: async (received) => {
        seen = received
        return OK
      },
    })
    await fetch(`${listener.url}/a%20b?x=%2B&y`, {
      method: 'POST',
      body: 'body',
      headers: { 'X-Amz-Target': 't' },
    })
    assert.equal(seen?.path, '/a%20b')
    assert.equal(seen?.query, 'x=%2B&y')
    assert.equal(new TextDecoder().decode(seen?.body), 'body')
    assert.ok(seen?.headers.includes('t'))
    assert.equal(seen?.remoteAddress, '127.0.0.1')
    assert.equal(seen?.tls, undefined)
  })

  test('a body over the limit is not handed on, and the connection ends', async () => {
    let seen: Received | undefined
    await using listener = await open({
      call: async (received) => {
        seen = received
        return { ...OK, status: 413 }
      },
    })
    const answer = await fetch(listener.url, { method: 'POST', body: 'x'.repeat(1_001) })
    assert.equal(answer.status, 413)
    assert.equal(answer.headers.get('connection'), 'close')
    assert.equal(seen?.oversized, true)
    assert.equal(seen?.body.length, 0)
  })

  test('a body at the limit is handed on', async () => {
    await using listener = await open({
      call: async ({ body }) => ({ ...OK, status: body.length === 1_000 ? 200 : 500 }),
    })
    assert.equal((await fetch(listener.url, { method: 'POST', body: 'x'.repeat(1_000) })).status, 200)
  })

  test('an answer of any bytes leaves as those bytes', async () => {
    const body = Uint8Array.from({ length: 512 }, (_, i) => i % 256)
    await using listener = await open({ call: async () => ({ ...OK, body }) })
    assert.deepEqual(
      new Uint8Array(await (await fetch(listener.url, { method: 'POST' })).arrayBuffer()),
      body,
    )
  })

  test('every answer has a true Date', async () => {
    await using listener = await open({})
    const answer = await fetch(listener.url, { method: 'POST' })
    assert.ok(Math.abs(Date.parse(answer.headers.get('date') ?? '') - Date.now()) < 5_000)
  })

  test('X-Forwarded-For counts only from a trusted proxy', async () => {
    const address = async ({ remoteAddress }: Received) => ({
      ...OK,
      body: new TextEncoder().encode(remoteAddress),
    })
    const headers = { 'x-forwarded-for': '203.0.113.7, 198.51.100.2' }
    await using plain = await open({ call: address })
    assert.equal(await (await fetch(plain.url, { method: 'POST', headers })).text(), '127.0.0.1')
    await using trusting = await open({ call: address }, { trustedProxies: ['127.0.0.1'] })
    assert.equal(await (await fetch(trusting.url, { method: 'POST', headers })).text(), '198.51.100.2')
  })

  test('headers of more than 32 KiB are refused before anything else', async () => {
    await using listener = await open({})
    const answer = await fetch(listener.url, { method: 'POST', headers: { 'x-long': 'x'.repeat(40_000) } })
    assert.equal(answer.status, 431)
  })

  test('two requests with contradicting lengths in one connection are not both believed', async () => {
    await using listener = await open({})
    const { port } = new URL(listener.url)
    const answer = await new Promise<string>((resolve) => {
      let text = ''
      const socket = connect(Number(port), '127.0.0.1', () =>
        socket.write(
          'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        ),
      )
      socket.on('data', (chunk) => (text += chunk.toString()))
      socket.on('close', () => resolve(text))
    })
    assert.match(answer, /^HTTP\/1.1 400/)
  })
})

describe('pages', () => {
  test('/healthz is 200 while healthy and 503 with the reason when not', async () => {
    let healthy = true
    await using listener = await open({
      health: async () => ({
        healthy,
        page: { status: healthy ? 'ok' : 'failing', checks: { store: 'full' } },
      }),
    })
    assert.equal((await fetch(`${listener.url}/healthz`)).status, 200)
    healthy = false
    const answer = await fetch(`${listener.url}/healthz`)
    assert.equal(answer.status, 503)
    assert.deepEqual(await answer.json(), { status: 'failing', checks: { store: 'full' } })
  })

  test('/metrics is the text of the metrics', async () => {
    await using listener = await open({})
    assert.equal(await (await fetch(`${listener.url}/metrics`)).text(), 'calls_total 1\n')
  })
})

test('a drain lets the call under way end, and takes no further connection', async () => {
  const entered = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  await using listener = await open({
    call: async () => {
      entered.resolve()
      await release.promise
      return OK
    },
  })
  const { url } = listener
  const underWay = fetch(url, { method: 'POST' })
  await entered.promise
  const drained = listener.drain()
  await assert.rejects(fetch(url, { method: 'POST' }))
  release.resolve()
  const answer = await underWay
  assert.equal(await answer.text(), 'done')
  await drained
})

test('an answer that its reader has not taken altogether is not cut by a drain', async () => {
  const body = new Uint8Array(8_000_000)
  const answered = Promise.withResolvers<void>()
  await using listener = await open({
    call: async () => {
      answered.resolve()
      return { ...OK, body }
    },
  })
  using client = await RawClient.connect(listener)
  client.socket.pause()
  client.send()
  await answered.promise
  // Until the answer has been handed to the socket, which cannot take it all.
  await client.arrived()
  const drained = listener.drain()
  client.socket.resume()
  await client.closed
  await drained
  assert.equal(client.text.length - client.text.indexOf('\r\n\r\n') - 4, body.length)
})

test('a request that has come in by half is not cut by a drain', async () => {
  await using listener = await open()
  using client = await RawClient.connect(listener)
  client.send('POST / HTTP/1.1\r\nHost: x\r\n')
  await client.arrived()
  const drained = listener.drain()
  client.send('Content-Length: 0\r\n\r\n')
  assert.match(await client.hears('done'), /^Connection: close/im)
  await drained
})
