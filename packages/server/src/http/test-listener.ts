import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Reply } from '../gateway/call.ts'
import { systemClock } from '../platform/clock.ts'
import { silentLogger } from '../platform/logger.ts'
import { systemRandom } from '../platform/random.ts'
import { nextTurn, systemTimer } from '../platform/timer.ts'
import { type Doors, Listener, type ListenerOptions } from './listener.ts'

export const OK: Reply = {
  status: 200,
  headers: { 'content-type': 'text/plain' },
  body: new TextEncoder().encode('done'),
}

/** A listener on loopback that answers everything, but for what a test says otherwise. */
export function openListener(
  doors: Partial<Doors> = {},
  options: Partial<ListenerOptions> = {},
): Promise<Listener> {
  return Listener.open(
    {
      host: '127.0.0.1',
      port: 0,
      maxBodyBytes: 1_000,
      bodyRoomBytes: 1_000_000,
      largeBodyRoomBytes: 10_000_000,
      trustedProxies: [],
      clock: systemClock,
      random: systemRandom,
      timer: systemTimer,
      logger: silentLogger,
      ...options,
    },
    {
      call: async () => OK,
      health: async () => ({ healthy: true, page: { status: 'ok', checks: { store: 'ok' } } }),
      metrics: () => 'calls_total 1\n',
      certificate: async () => undefined,
      ...doors,
    },
  )
}

/** A client that says and hears plain bytes. */
export class RawClient implements Disposable {
  readonly socket: Socket
  /** Everything heard so far. */
  text = ''
  /** The connection has ended, in whatever way. */
  readonly closed: Promise<void>

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      this.text += text
    })
    socket.on('error', () => {})
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
  }

  /** One whose connection the server has accepted, too. */
  static async connect({ url }: { readonly url: string }): Promise<RawClient> {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    await once(socket, 'connect')
    const client = new RawClient(socket)
    await client.arrived()
    return client
  }

  /** Sends a call without a body, or a part of one. */
  send(bytes = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n'): void {
    this.socket.write(bytes)
  }

  /** Waits until the server has read what was sent: both are in one process, and take turns. */
  async arrived(): Promise<void> {
    while (this.socket.writableLength > 0) await nextTurn(systemTimer)
    for (let turn = 0; turn < 50; turn++) await nextTurn(systemTimer)
  }

  /** Waits until `found` is among what was heard; what came up to its end. Throws where the connection ends first. */
  async hears(found: string): Promise<string> {
    while (!this.text.includes(found)) {
      const more = once(this.socket, 'data')
      const isClosed = await Promise.race([more.then(() => false), this.closed.then(() => true)])
      if (isClosed) throw new Error(`the connection ended after ${JSON.stringify(this.text)}`)
    }
    const end = this.text.indexOf(found) + found.length
    const heard = this.text.slice(0, end)
    this.text = this.text.slice(end)
    return heard
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }
}
