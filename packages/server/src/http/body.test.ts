import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Received } from '../gateway/call.ts'
import { type BodyPlace, BodyRoom, FREE_BYTES } from './body-room.ts'
import { OK, openListener, RawClient } from './test-listener.ts'

const ROOM_BYTES = 100_000
const MAX_BYTES = 120_000
/** Fits once, and not twice. */
const LARGE_BYTES = FREE_BYTES + 90_000

function head(bytes: number): string {
  return `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes}\r\n\r\n`
}

/** A listener that answers how many bytes it was given, or why it was not. */
async function open(heard: Received[] = [], release: Promise<void> = Promise.resolve()) {
  return openListener(
    {
      call: async (received) => {
        heard.push(received)
        await release
        const text = received.crowded ? 'crowded' : `${received.body.length} bytes`
        return { ...OK, body: new TextEncoder().encode(`${text}!`) }
      },
    },
    { maxBodyBytes: MAX_BYTES, bodyRoomBytes: ROOM_BYTES },
  )
}

/** A client whose large body has come in but for its last byte. */
async function almost(listener: { readonly url: string }): Promise<RawClient> {
  const client = await RawClient.connect(listener)
  client.send(head(LARGE_BYTES) + 'x'.repeat(LARGE_BYTES - 1))
  await client.arrived()
  return client
}

describe('bodies that come in at once', () => {
  test('beyond the room for all of them, a large one is refused; the first goes on', async () => {
    await using listener = await open()
    using first = await almost(listener)
    using second = await RawClient.connect(listener)
    second.send(head(LARGE_BYTES) + 'x'.repeat(LARGE_BYTES))
    assert.match(await second.hears('!'), /\r\n\r\ncrowded!$/)
    first.send('x')
    assert.match(await first.hears('!'), new RegExp(`${LARGE_BYTES} bytes!$`))
  })

  test('one that was refused is handed on without a byte, and its connection can be used again', async () => {
    const heard: Received[] = []
    await using listener = await open(heard)
    using first = await almost(listener)
    using second = await RawClient.connect(listener)
    second.send(head(LARGE_BYTES) + 'x'.repeat(LARGE_BYTES))
    await second.hears('crowded!')
    assert.equal(heard[0]?.body.length, 0)
    first.send('x')
    await first.hears('!')
    second.send(head(LARGE_BYTES) + 'x'.repeat(LARGE_BYTES))
    assert.match(await second.hears('!'), new RegExp(`${LARGE_BYTES} bytes!$`))
  })

  test('bodies of ordinary size go on while there is no room for large ones', async () => {
    await using listener = await open()
    using _first = await almost(listener)
    for (let i = 0; i < 20; i++) {
      const answer = await fetch(listener.url, { method: 'POST', body: 'x'.repeat(FREE_BYTES) })
      assert.equal(await answer.text(), `${FREE_BYTES} bytes!`)
    }
  })

  test('one that is refused in the midst leaves at once what it had', async () => {
    await using listener = await open()
    using _first = await almost(listener)
    using second = await RawClient.connect(listener)
    second.send(head(LARGE_BYTES) + 'x'.repeat(FREE_BYTES + 5_000))
    await second.arrived()
    second.send('x'.repeat(10_000))
    await second.arrived()
    const third = await fetch(listener.url, { method: 'POST', body: 'x'.repeat(FREE_BYTES + 9_000) })
    assert.equal(await third.text(), `${FREE_BYTES + 9_000} bytes!`)
  })

  test('a body holds its room until its call is answered', async () => {
    const release = Promise.withResolvers<void>()
    const heard: Received[] = []
    await using listener = await open(heard, release.promise)
    using first = await almost(listener)
    first.send('x')
    using second = await almost(listener)
    second.send('x')
    await second.arrived()
    assert.deepEqual(
      heard.map(({ crowded }) => crowded),
      [undefined, true],
    )
    release.resolve()
    await first.hears('!')
    await second.hears('!')
  })

  test('a client that hangs up in the midst of its body leaves its room to others', async () => {
    await using listener = await open()
    for (let i = 0; i < 5; i++) {
      using client = await almost(listener)
      client.socket.resetAndDestroy()
      await client.closed
      await client.arrived()
    }
    const answer = await fetch(listener.url, { method: 'POST', body: 'x'.repeat(LARGE_BYTES) })
    assert.equal(await answer.text(), `${LARGE_BYTES} bytes!`)
  })
})

test('whatever bodies come and go, they never hold more than there is, and all of it is there again in the end', () => {
  const bytes = 100_000
  const places = 3
  const step = fc.record({
    who: fc.nat(9),
    grow: fc.nat(60_000),
    act: fc.constantFrom('grow', 'clear', 'end'),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const room = new BodyRoom(bytes, places)
      const inside = new Map<number, { place: BodyPlace; size: number }>()
      for (const { who, grow, act } of steps) {
        const body = inside.get(who) ?? { place: room.enter(), size: 0 }
        inside.set(who, body)
        if (act === 'grow' && body.place.grow(body.size + grow)) body.size += grow
        if (act === 'clear') {
          body.place.clear()
          body.size = 0
        }
        if (act === 'end') {
          body.place[Symbol.dispose]()
          inside.delete(who)
        }
        const held = [...inside.values()].reduce((sum, { size }) => sum + size, 0)
        assert.ok(held <= bytes + places * FREE_BYTES, `${held} bytes are held`)
      }
      for (const { place } of inside.values()) place[Symbol.dispose]()
      using last = room.enter()
      assert.ok(last.grow(bytes + FREE_BYTES))
      assert.ok(!last.grow(bytes + FREE_BYTES + 1))
    }),
  )
})
