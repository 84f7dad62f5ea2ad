import assert from 'node:assert/strict'
import { Agent, type IncomingMessage, request } from 'node:http'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemTimer } from '../platform/timer.ts'
import { ManualTimer } from '../testing/manual-timer.ts'
import { leave } from './leave.ts'
import type { Listener } from './listener.ts'
import { OK, openListener, RawClient } from './test-listener.ts'

const LAME_DUCK_MS = 30_000
const DRAIN_MS = 8_000

/** Leaves by a clock of the test's own. */
function begin(listener: Listener, hurried: Promise<unknown> = new Promise(() => {})) {
  const timer = new ManualTimer()
  const left = leave(listener, { lameDuckMs: LAME_DUCK_MS, drainMs: DRAIN_MS, timer, hurried })
  return { timer, left }
}

describe('as a lame duck', () => {
  test('health is red at once, with the reason beside the other checks', async () => {
    await using listener = await openListener()
    assert.equal((await fetch(`${listener.url}/healthz`)).status, 200)
    begin(listener)
    const answer = await fetch(`${listener.url}/healthz`)
    assert.equal(answer.status, 503)
    assert.equal(answer.headers.get('connection'), 'close')
    assert.deepEqual(await answer.json(), {
      status: 'stopping',
      checks: { store: 'ok', server: 'The server was asked to stop and will take no more calls soon.' },
    })
    assert.equal((await fetch(`${listener.url}/healthz`, { method: 'HEAD' })).status, 503)
  })

  test('a connection that was idle when it began is still answered on, and only then closed', async () => {
    await using listener = await openListener()
    using client = await RawClient.connect(listener)
    client.send()
    assert.match(await client.hears('done'), /^Connection: keep-alive/im)
    begin(listener)
    await client.arrived()
    client.send()
    assert.match(await client.hears('done'), /^Connection: close/im)
    await client.closed
  })

  test('a connection that never asked for anything is still answered on', async () => {
    await using listener = await openListener()
    using client = await RawClient.connect(listener)
    begin(listener)
    await client.arrived()
    client.send()
    assert.match(await client.hears('done'), /^Connection: close/im)
  })

  test('a new connection is taken until the time is over, and none after it', async () => {
    await using listener = await openListener()
    const { url } = listener
    const { timer, left } = begin(listener)
    assert.equal((await fetch(url, { method: 'POST' })).status, 200)
    timer.pass(LAME_DUCK_MS)
    await left
    await assert.rejects(fetch(url, { method: 'POST' }))
  })

  test('a connection that stayed idle all the time does not hold the end up', async () => {
    await using listener = await openListener()
    using client = await RawClient.connect(listener)
    client.send()
    await client.hears('done')
    const { timer, left } = begin(listener)
    timer.pass(LAME_DUCK_MS)
    await left
    await client.closed
  })

  test('whoever is in a hurry ends it', async () => {
    await using listener = await openListener()
    const hurried = Promise.withResolvers<void>()
    const { left } = begin(listener, hurried.promise)
    hurried.resolve()
    await left
  })
})

test('without a lame duck the listener closes at once', async () => {
  await using listener = await openListener()
  const { url } = listener
  const timer = new ManualTimer()
  await leave(listener, { lameDuckMs: 0, drainMs: DRAIN_MS, timer, hurried: new Promise(() => {}) })
  await assert.rejects(fetch(url, { method: 'POST' }))
})

test('a call that does not end is cut when its time is over', async () => {
  const entered = Promise.withResolvers<void>()
  await using listener = await openListener({
    call: () => {
      entered.resolve()
      return new Promise(() => {})
    },
  })
  using client = await RawClient.connect(listener)
  client.send()
  await entered.promise
  const timer = new ManualTimer()
  const left = leave(listener, { lameDuckMs: 0, drainMs: DRAIN_MS, timer, hurried: new Promise(() => {}) })
  timer.pass(DRAIN_MS)
  await left
  await client.closed
})

/** A client as SDKs are: connections kept, ended where the server says so, and elsewhere once health is red. */
class Caller implements Disposable {
  readonly #url: string
  readonly #agent = new Agent({ keepAlive: true })
  readonly closings: boolean[] = []

  constructor(url: string) {
    this.#url = url
  }

  async call(method: string, path: string): Promise<number> {
    const { statusCode, headers } = await new Promise<IncomingMessage>((resolve, reject) => {
      const asked = request(this.#url + path, { method, agent: this.#agent }, (answer) => {
        answer.on('error', reject).on('end', () => resolve(answer))
        answer.resume()
      })
      asked.on('error', reject).end()
    })
    this.closings.push(headers.connection === 'close')
    return statusCode ?? 0
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }
}

test('of many clients that follow Connection: close and health none sees a failed call through a whole stop', async () => {
  await using listener = await openListener({
    call: async () => {
      await sleep(Math.random() * 5)
      return OK
    },
  })
  async function callsUntilRed(): Promise<{ statuses: Set<number>; toldToClose: number }> {
    using caller = new Caller(listener.url)
    using checker = new Caller(listener.url)
    const statuses = new Set<number>()
    for (let turn = 0; ; turn++) {
      // Health is looked at now and then, as balancers do; idle in between, so that idle connections are met too.
      if (turn % 4 === 3 && (await checker.call('GET', '/healthz')) === 503) break
      statuses.add(await caller.call('POST', '/'))
      await sleep(Math.random() * 10)
    }
    return { statuses, toldToClose: caller.closings.filter(Boolean).length }
  }
  const callers = Array.from({ length: 20 }, callsUntilRed)
  await sleep(100)
  const hurried = new Promise(() => {})
  const [ends] = await Promise.all([
    Promise.all(callers),
    leave(listener, { lameDuckMs: 2_000, drainMs: DRAIN_MS, timer: systemTimer, hurried }),
  ])
  for (const { statuses } of ends) assert.deepEqual([...statuses], [200])
  assert.ok(ends.some(({ toldToClose }) => toldToClose > 0))
})
