import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { test } from 'node:test'
import { OK, openListener } from './test-listener.ts'

/** More than Node asks the kernel to keep by itself. */
const CONNECTIONS = 900
const TURNS = 20

/** Why the kernel would not keep so many; undefined where it does. */
function noRoom(): string | false {
  try {
    const most = Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'))
    return most <= CONNECTIONS && `net.core.somaxconn is ${most}`
  } catch {
    return 'there is no somaxconn to look at'
  }
}

test('as many connections as a fleet opens at one moment are taken, none is put off by a second', {
  skip: noRoom(),
}, async () => {
  await using listener = await openListener({ call: async () => OK })
  // All of them in one turn: nothing is accepted before the last one has come.
  const port = Number(new URL(listener.url).port)
  const sockets = Array.from({ length: CONNECTIONS }, () => connect({ port, host: '127.0.0.1' }))
  try {
    let connected = 0
    for (const socket of sockets) socket.once('connect', () => connected++)
    const [first] = sockets
    assert.ok(first)
    await once(first, 'connect')
    // What the kernel has dropped is sent again after a second, long after these.
    for (let turn = 0; turn < TURNS; turn++) await new Promise(setImmediate)
    assert.equal(connected, CONNECTIONS)
  } finally {
    for (const socket of sockets) socket.destroy()
  }
})
