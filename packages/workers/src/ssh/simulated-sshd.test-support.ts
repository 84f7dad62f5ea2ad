/** An sshd without a machine: SSH itself is real, and the authorized_keys file is lines in memory. */
import { once } from 'node:events'
import { createServer, type Server as Listener } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import ssh2, { type AuthContext, type Connection, type ParsedKey, type ServerChannel } from 'ssh2'
import { newKeyPair } from '../rotation/ssh-key-pair/key-format.ts'
import { authorizedKeysScript } from './authorized-keys-script.ts'

/** Of a CommonJS module, whose other names Node does not see from outside. */
const { Server, utils } = ssh2

const LOOPBACK = '127.0.0.1'
const HOST = 'simulated-host'
/** What `login.ts` asks for. */
const PROOF = /^echo (lockstep-[0-9a-f]{32})$/
const NO_SUCH_COMMAND = 127

interface Held {
  /** A whole line of authorized_keys. */
  readonly line: string
  readonly key: ParsedKey
}

export class SimulatedSshd {
  readonly port: number
  /** As `ssh-keyscan` prints it, without the host. */
  readonly hostKey: string
  /** By the line that let them in, logins that ran the command which they were to prove themselves with. */
  readonly logins = new Map<string, number>()
  /** Logins with a key that is not held. */
  refused = 0
  readonly #user: string
  readonly #listener: Listener
  #held: readonly Held[] = []

  private constructor(user: string, listener: Listener, hostKey: string) {
    const address = listener.address()
    this.port = typeof address === 'object' && address ? address.port : 0
    this.hostKey = hostKey
    this.#user = user
    this.#listener = listener
  }

  /**
   * Listens on a port of its own, as a host with a key of its own.
   * @param shellMs what the start of a shell is to take
   */
  static async start(user: string, shellMs = 0): Promise<SimulatedSshd> {
    // Not ssh2's own: some of those it cannot read.
    const { privateKey, publicKey } = await newKeyPair({ name: 'ed25519' }, HOST)
    const server = new Server({ hostKeys: [privateKey] })
    // As OpenSSH does: otherwise small packets wait for one another.
    const listener = createServer({ noDelay: true }, (socket) => server.injectSocket(socket))
    listener.listen(0, LOOPBACK)
    await once(listener, 'listening')
    const sshd = new SimulatedSshd(user, listener, publicKey.split(' ').slice(0, 2).join(' '))
    server.on('connection', (connection: Connection) => sshd.#serve(connection, shellMs))
    return sshd
  }

  get lines(): readonly string[] {
    return this.#held.map(({ line }) => line)
  }

  /** Logins from here on are counted anew. */
  forget(): void {
    this.logins.clear()
    this.refused = 0
  }

  close(): void {
    this.#listener.close()
  }

  /**
   * Does what `authorizedKeysScript` would have done on a machine, to the file of this sshd's user. Any other script is
   * none of its business: undefined.
   */
  run(script: readonly string[]): string | undefined {
    const change = readScript(script)
    if (change?.user !== this.#user) return undefined
    const dropped = new Set([...change.removeTokens, ...change.add.map(({ token }) => token)])
    const before = this.lines
    const kept = this.#held.filter(({ line }) => {
      const isAdded = change.add.some((added) => added.line === line)
      return isAdded || !dropped.has(line.split(' ').at(-1) ?? '')
    })
    const missing = change.add.filter(({ line }) => !kept.some((held) => held.line === line))
    this.#held = [...kept, ...missing.map(({ line }) => ({ line, key: parsed(line) }))]
    const isSame = this.lines.join('\n') === before.join('\n')
    return `lockstep: authorized_keys ${isSame ? 'is as it should be' : 'changed'}\n`
  }

  #serve(connection: Connection, shellMs: number): void {
    let held: Held | undefined
    connection.on('authentication', (asked) => {
      held = this.#admitted(asked)
      if (held) asked.accept()
      else asked.reject(['publickey'])
    })
    connection.on('session', (accept) => {
      accept().on('exec', async (open, _, { command }) => {
        const channel = open()
        await sleep(shellMs)
        if (answer(channel, command) && held)
          this.logins.set(held.line, (this.logins.get(held.line) ?? 0) + 1)
      })
    })
    // A client that goes in the middle of something.
    connection.on('error', () => undefined)
  }

  #admitted(asked: AuthContext): Held | undefined {
    if (asked.method !== 'publickey') return undefined
    const { data } = asked.key
    const held = this.#held.find(({ key }) => key.getPublicSSH().equals(data))
    const isWanted = held !== undefined && asked.username === this.#user
    // Without a signature it is only asked whether the key would do.
    const isProved =
      !asked.signature ||
      (asked.blob && held?.key.verify(asked.blob, asked.signature, asked.hashAlgo) === true)
    if (isWanted && isProved) return held
    this.refused++
    return undefined
  }
}

/** Answers whether it was the command of the proof. */
function answer(channel: ServerChannel, command: string): boolean {
  const said = PROOF.exec(command)?.[1]
  if (said !== undefined) channel.write(`${said}\n`)
  channel.exit(said === undefined ? NO_SUCH_COMMAND : 0)
  channel.end()
  return said !== undefined
}

function parsed(line: string): ParsedKey {
  const key = utils.parseKey(line)
  if (key instanceof Error) throw key
  return key
}

/** What a script of `authorizedKeysScript` is to do; undefined unless it is one to the last character. */
function readScript(script: readonly string[]) {
  const text = script.join('\n')
  const value = (name: string) => new RegExp(`^${name}='([^']*)'$`, 'm').exec(text)?.[1]
  const [user, add, remove] = [value('user'), value('add'), value('remove')]
  if (user === undefined || add === undefined || remove === undefined) return undefined
  const change = {
    user,
    add: add.split('\n').flatMap((line) => (line ? [{ line, token: line.split(' ').at(-1) ?? '' }] : [])),
    removeTokens: remove.split(' ').filter((token) => token !== ''),
  }
  return authorizedKeysScript(change).join('\n') === text ? change : undefined
}
