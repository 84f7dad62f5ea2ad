import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Received } from '../gateway/call.ts'
import type { Listener } from './listener.ts'
import { OK, openListener } from './test-listener.ts'

async function connected({ url }: Listener): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  await new Promise((resolve) => socket.once('connect', resolve))
  // Until the server has accepted it, too.
  for (let turn = 0; turn < 20; turn++) await setImmediate()
  return socket
}

test('a call whose sender has reset the connection does not run as a call from nowhere', async () => {
  const addresses: string[] = []
  await using listener = await openListener({
    call: async ({ remoteAddress }: Received) => {
      addresses.push(remoteAddress)
      return OK
    },
  })
  for (let i = 0; i < 5; i++) {
    const socket = await connected(listener)
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody')
    socket.resetAndDestroy()
  }
  assert.equal((await fetch(listener.url, { method: 'POST' })).status, 200)
  assert.deepEqual([...new Set(addresses)], ['127.0.0.1'])
})

test('a drain does not wait for a connection that never asked for anything', { timeout: 5_000 }, async () => {
  await using listener = await openListener()
  const socket = await connected(listener)
  await listener.drain()
  socket.destroy()
})

test('a request target may be a whole URL', async () => {
  let seen: Received | undefined
  await using listener = await openListener({
    call: async (received) => {
      seen = received
      return OK
    },
  })
  const socket = await connected(listener)
  socket.write('GET http://lockstep.example?Action=x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  await new Promise((resolve) => socket.resume().once('close', resolve))
  assert.equal(seen?.path, '/')
  assert.equal(seen?.query, 'Action=x')
})

test('HEAD /healthz is the page, not an AWS call', async () => {
  await using listener = await openListener({ call: () => assert.fail('the pipeline was entered') })
  assert.equal((await fetch(`${listener.url}/healthz`, { method: 'HEAD' })).status, 200)
})
