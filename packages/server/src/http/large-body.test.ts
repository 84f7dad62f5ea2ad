import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { OK, openListener, RawClient } from './test-listener.ts'

const FUNCTIONS = '/2015-03-31/functions'
const MAX_BYTES = 20_000
const ROOM_BYTES = 100_000
/** More than any call's, and fits into the room for such bodies once. */
const LARGE_BYTES = 80_000

function head(method: string, path: string, bytes: number): string {
  return `${method} ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes}\r\n\r\n`
}

/** A listener that answers how many bytes it was given, or why it was not. */
function open() {
  return openListener(
    {
      call: async ({ oversized, crowded, body }) => {
        const text = oversized ? 'oversized' : crowded ? 'crowded' : `${body.length} bytes`
        return { ...OK, body: new TextEncoder().encode(`${text}!`) }
      },
    },
    { maxBodyBytes: MAX_BYTES, bodyRoomBytes: ROOM_BYTES, largeBodyRoomBytes: ROOM_BYTES },
  )
}

async function answered(
  listener: { readonly url: string },
  method: string,
  path: string,
  bytes = LARGE_BYTES,
) {
  using client = await RawClient.connect(listener)
  client.send(head(method, path, bytes) + 'x'.repeat(bytes))
  return (await client.hears('!')).split('\r\n\r\n')[1]
}

/** A client whose large body has come in but for its last byte. */
async function almost(listener: { readonly url: string }, path: string, bytes: number): Promise<RawClient> {
  const client = await RawClient.connect(listener)
  client.send(head('POST', path, bytes) + 'x'.repeat(bytes - 1))
  await client.arrived()
  return client
}

describe('a body larger than any call’s', () => {
  test('is taken where a function’s code or payload comes', async () => {
    await using listener = await open()
    for (const [method, path] of [
      ['POST', FUNCTIONS],
      ['PUT', `${FUNCTIONS}/f/code`],
      ['POST', `${FUNCTIONS}/f/invocations?Qualifier=1`],
    ] as const)
      assert.equal(await answered(listener, method, path), `${LARGE_BYTES} bytes!`, path)
  })

  test('is too large everywhere else', async () => {
    await using listener = await open()
    for (const [method, path] of [
      ['POST', '/'],
      ['PUT', FUNCTIONS],
      ['PUT', `${FUNCTIONS}/f/configuration`],
      ['POST', `${FUNCTIONS}/f/invocations/more`],
      ['POST', `/${FUNCTIONS}`],
    ] as const)
      assert.equal(await answered(listener, method, path), 'oversized!', path)
  })

  test('is too large where it does not say beforehand how large it is', async () => {
    await using listener = await open()
    using client = await RawClient.connect(listener)
    client.send(`POST ${FUNCTIONS} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`)
    client.send(`${LARGE_BYTES.toString(16)}\r\n${'x'.repeat(LARGE_BYTES)}\r\n0\r\n\r\n`)
    assert.match(await client.hears('!'), /\r\n\r\noversized!$/)
  })

  test('waits for room among its like, and takes none of other calls’', async () => {
    await using listener = await open()
    using first = await almost(listener, FUNCTIONS, LARGE_BYTES)
    assert.equal(await answered(listener, 'POST', FUNCTIONS), 'crowded!')
    const others = await Promise.all(Array.from({ length: 12 }, () => almost(listener, '/', MAX_BYTES)))
    for (const other of others) {
      other.send('x')
      assert.match(await other.hears('!'), new RegExp(`${MAX_BYTES} bytes!$`))
      other[Symbol.dispose]()
    }
    first.send('x')
    assert.match(await first.hears('!'), new RegExp(`${LARGE_BYTES} bytes!$`))
    assert.equal(await answered(listener, 'POST', FUNCTIONS), `${LARGE_BYTES} bytes!`)
  })
})

test('an answer without content says no length', async () => {
  await using listener = await openListener({
    call: async () => ({ status: 204, headers: {}, body: new Uint8Array() }),
  })
  using client = await RawClient.connect(listener)
  client.send()
  const heard = await client.hears('\r\n\r\n')
  assert.match(heard, /^HTTP\/1\.1 204 /)
  assert.doesNotMatch(heard, /content-length/i)
  client.send()
  assert.match(await client.hears('\r\n\r\n'), /^HTTP\/1\.1 204 /)
})
