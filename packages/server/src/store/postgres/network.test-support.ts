import net from 'node:net'
import { TEST_POSTGRES } from './test-database.ts'

/** What becomes of something that a server sends. */
export type Fate =
  | 'pass'
  /** The connection is cut, and the database never hears of it. */
  | 'cut before'
  /** The database gets it and answers; the connection is cut before the answer arrives. */
  | 'cut after'
  /** It is swallowed, as is everything after it, and the connection stays open. */
  | 'swallow'

/** A network between a store and its PostgreSQL that breaks where a test says. */
export class Network implements AsyncDisposable {
  readonly #server: net.Server
  readonly #sockets = new Set<net.Socket>()
  /** Asked of every packet on its way to the database, as Latin-1 text. */
  fate: (sent: string) => Fate = () => 'pass'

  private constructor(server: net.Server) {
    this.#server = server
  }

  static async open(): Promise<Network> {
    const server = net.createServer()
    const network = new Network(server)
    server.on('connection', (client) => network.#join(client))
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    return network
  }

  /** The address of the same database by way of this network. */
  urlOf(database: string): string {
    const url = new URL(database)
    const at = this.#server.address()
    if (at === null || typeof at === 'string') throw new Error('The network is closed')
    url.host = `127.0.0.1:${at.port}`
    return url.href
  }

  /** Deals so with the next packet that holds `text`; all others pass. */
  once(text: string, fate: Fate): void {
    this.fate = (sent) => {
      if (!sent.includes(text)) return 'pass'
      this.fate = () => 'pass'
      return fate
    }
  }

  #join(client: net.Socket): void {
    const { hostname, port } = new URL(TEST_POSTGRES ?? '')
    const database = net.connect(Number(port || 5432), hostname)
    const both = [client, database]
    const end = () => {
      for (const socket of both) socket.destroy()
    }
    for (const socket of both) {
      this.#sockets.add(socket)
      socket.on('error', end)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        end()
      })
    }
    let last: Fate = 'pass'
    client.on('data', (bytes) => {
      if (last === 'swallow') return
      last = this.fate(bytes.toString('latin1'))
      if (last === 'cut before') end()
      else if (last !== 'swallow') database.write(bytes)
    })
    database.on('data', (bytes) => {
      if (last === 'cut after') end()
      else if (last === 'pass') client.write(bytes)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
