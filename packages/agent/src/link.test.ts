import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { TestDoors } from './doors.test-support.ts'
import { newNodeKey } from './identity.ts'
import { FIRST_LINE_MS, Link, POLLS, SILENCE_MS } from './link.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A server that answers as a test says, and a link to it whose time the test moves. */
async function scene(answer: Answer) {
  const asked: string[] = []
  const lines: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    request.resume()
    answer(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const doors = new TestDoors()
  const facts = { hostname: 'a', ipAddress: '192.0.2.1', sshPort: 22, platformType: 'Linux' } as const
  const more = { platformName: 'x', platformVersion: '1', agentVersion: '1', machineId: 'm', hostKeys: [] }
  const link = new Link({
    server: { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    ...{ node: '111122223333/us-east-1/mi-1', key: newNodeKey(), doors },
    listen: () => ({ facts: { ...facts, ...more }, session: 's', desiredGeneration: 0 }),
    onLine: (line) => lines.push(line),
  })
  const running = link.run()
  return {
    ...{ asked, lines, doors, server, link },
    /** Waits for real I/O until `held` does. */
    async until(held: () => boolean): Promise<void> {
      const endsAtMs = performance.now() + 10_000
      while (!held()) {
        if (performance.now() > endsAtMs) throw new Error(`asked ${asked}, heard ${lines}`)
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
    },
    async [Symbol.asyncDispose]() {
      link.close()
      server.closeAllConnections()
      await running
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const STREAM = '/agent/v1/stream'
const POLL = '/agent/v1/poll'

describe('a link', () => {
  test('hears each line of a stream as it comes, however it is cut into pieces', async () => {
    await using it = await scene((_, response) => {
      response.write('one\ntw')
      setImmediate(() => response.write('o\n\nthree\n'))
    })
    await it.until(() => it.lines.length === 3)
    assert.deepEqual(it.lines, ['one', 'two', 'three'])
  })

  test('takes a stream for dead after a silence, and opens another', async () => {
    await using it = await scene((_, response) => void response.write('x\n'))
    await it.until(() => it.lines.length === 1)
    it.doors.advance(SILENCE_MS - 1)
    assert.equal(it.asked.length, 1)
    it.doors.advance(1)
    await it.until(() => it.doors.logged.length === 1 && it.doors.waiting === 1)
    it.doors.advance(1_000)
    await it.until(() => it.asked.length === 2)
    assert.deepEqual(it.asked, [STREAM, STREAM])
  })

  test('polls where something between keeps the stream back, and tries a stream again after thirty polls', async () => {
    await using it = await scene(({ url }, response) => {
      if (url === POLL) response.end('x\n')
    })
    await it.until(() => it.asked.length === 1)
    it.doors.advance(FIRST_LINE_MS)
    await it.until(() => it.doors.logged.length === 1 && it.doors.waiting === 1)
    it.doors.advance(1_000)
    await it.until(() => it.asked.length === POLLS + 2)
    assert.deepEqual(it.asked, [STREAM, ...Array(POLLS).fill(POLL), STREAM])
  })

  test('polls where a proxy refuses or cuts the stream', async () => {
    for (const cut of [
      (response: ServerResponse) => response.writeHead(502).end(),
      (response: ServerResponse) => response.writeHead(200).end(),
    ]) {
      await using it = await scene(({ url }, response) => {
        if (url === STREAM) cut(response)
        else response.write('x\n')
      })
      // The wait before the next try, and not the look out for silence, which is longer.
      await it.until(() => it.asked.length === 1 && it.doors.waiting === 1 && it.doors.nextMs <= 1_000)
      it.doors.advance(1_000)
      await it.until(() => it.lines.length === 1)
      assert.deepEqual(it.asked, [STREAM, POLL])
    }
  })

  test('tries for ever, with waits that grow to half a minute and no further', async () => {
    await using it = await scene((_, response) => response.writeHead(503).end('{}'))
    const waits: number[] = []
    for (let i = 1; i <= 12; i++) {
      await it.until(() => it.asked.length === i && it.doors.logged.length === i && it.doors.waiting === 1)
      waits.push(it.doors.nextMs)
      it.doors.advance(it.doors.nextMs)
    }
    assert.ok(it.asked.every((path) => path === STREAM))
    assert.deepEqual(waits.slice(0, 4), [500, 750, 1_250, 2_250])
    assert.ok(waits.every((wait) => wait <= 31_000))
    assert.equal(waits.at(-1), 15_250)
  })

  test('hangs up where what it brought was not the server’s, and tries again later and later', async () => {
    await using it = await scene((_, response) => void response.write('x\n'))
    const waits: number[] = []
    for (let i = 1; i <= 4; i++) {
      await it.until(() => it.lines.length === i)
      it.link.distrust()
      await it.until(() => it.doors.logged.length === i && it.doors.waiting === 1)
      assert.match(String(it.doors.logged.at(-1)?.fields.error), /not signed by the key that was pinned/)
      waits.push(it.doors.nextMs)
      it.doors.advance(it.doors.nextMs)
    }
    assert.ok(it.asked.every((path) => path === STREAM))
    assert.deepEqual(waits, [500, 750, 1_250, 2_250])
  })

  test('is not kept by an endless line', async () => {
    await using it = await scene((_, response) => {
      const block = 'x'.repeat(1_000_000)
      for (let i = 0; i < 6; i++) response.write(block)
    })
    await it.until(() => it.doors.logged.length === 1)
    assert.match(String(it.doors.logged[0]?.fields.error), /too long/)
  })
})
