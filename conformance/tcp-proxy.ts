/** Stands between Lockstep and its database, and can be the network that fails. */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { Transform } from 'node:stream'

/** Connections that come while it is `silent` are accepted and hear nothing, and those that are there fall silent. */
export type Weather = 'fair' | 'silent' | 'refusing'

export class TcpProxy implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** Bytes of what the database says, and others of the same length to pass on in their stead. */
  rewrite: readonly [from: string, to: string] | undefined
  #target: number
  #weather: Weather = 'fair'

  private constructor(target: number) {
    this.#target = target
    this.#server = createServer((client) => this.#join(client))
  }

  static async start(target: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(target)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get port(): number {
    const address = this.#server.address()
    if (typeof address !== 'object' || address === null) throw new Error('the proxy does not listen')
    return address.port
  }

  /** What is silent stays so: a black hole tells neither side when it closes. */
  set weather(weather: Weather) {
    this.#weather = weather
    if (weather === 'fair') return
    for (const socket of this.#sockets) {
      if (weather === 'refusing') socket.destroy()
      else {
        socket.unpipe()
        socket.pause()
      }
    }
  }

  /** Whom new connections reach from now on, as after a failover by name; the old ones are cut. */
  redirect(target: number): void {
    this.#target = target
    for (const socket of this.#sockets) socket.destroy()
  }

  #join(client: Socket): void {
    this.#keep(client)
    if (this.#weather === 'refusing') return void client.destroy()
    if (this.#weather === 'silent') return
    const database = connect(this.#target, '127.0.0.1')
    this.#keep(database)
    client.pipe(database)
    database.pipe(this.#rewriting()).pipe(client)
    for (const [one, other] of [
      [client, database],
      [database, client],
    ] as const) {
      one.on('close', () => {
        if (this.#weather !== 'silent') other.destroy()
      })
    }
  }

  #rewriting(): Transform {
    return new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        if (this.rewrite) {
          const [from, to] = this.rewrite
          for (let at = chunk.indexOf(from); at >= 0; at = chunk.indexOf(from, at)) chunk.write(to, at)
        }
        done(null, chunk)
      },
    })
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
