/** A real login over SSH, to a host that proves who it is. */
import { randomBytes } from 'node:crypto'
import { Client, type ConnectConfig, type ServerHostKeyAlgorithm } from 'ssh2'
import type { LoginKey } from './fleet.ts'

export interface Address {
  readonly host: string
  readonly port: number
  /** As `ssh-keyscan` prints them, without the host: `ssh-ed25519 AAAA…`. */
  readonly hostKeys: readonly string[]
}

export interface LoginOutcome {
  readonly outcome: 'ok' | 'denied' | 'unreachable'
  /** In words that may be logged. */
  readonly why: string
}

/** Connecting, the handshake and authentication together. Under load a login takes seconds. */
const LOGIN_MS = 20_000
const REPLY_MS = 10_000
const MAX_REPLY_CHARACTERS = 4096

/**
 * Logs in, runs one command and looks at its reply. The host has to have one of the keys: there is no way to
 * connect to a host whose keys are not known.
 */
export function logIn(address: Address, key: LoginKey): Promise<LoginOutcome> {
  const hostKeys = address.hostKeys.flatMap(readHostKey)
  if (hostKeys.length === 0) {
    return Promise.resolve({ outcome: 'denied', why: 'none of its host keys is known' })
  }
  const nonce = randomBytes(16).toString('hex')
  const client = new Client()
  let isOtherHost = false
  return new Promise<LoginOutcome>((resolve) => {
    let timer: NodeJS.Timeout | undefined
    const settle = (outcome: LoginOutcome['outcome'], why: string) => {
      clearTimeout(timer)
      client.destroy()
      resolve({ outcome, why })
    }
    client.on('error', (error) => {
      if (isOtherHost) settle('denied', 'another host answers: its key is none of those that are known')
      else settle(...classify(error))
    })
    client.on('close', () => settle('unreachable', 'the connection was closed'))
    client.on('ready', () => {
      client.setNoDelay(true)
      timer = setReplyLimit(() => settle('denied', 'the login worked, but no command ran in time'))
      // `restrict` in front of a key allows this, as it does no terminal.
      client.exec(`echo lockstep-${nonce}`, (error, stream) => {
        if (error) return settle('denied', 'the login worked, but no command may run')
        let reply = ''
        stream.on('data', (chunk: Buffer) => {
          if (reply.length < MAX_REPLY_CHARACTERS) reply += chunk.toString('latin1')
        })
        stream.stderr.resume()
        stream.on('close', (code: number | null) => {
          const isRight = code === 0 && reply.split(/\r?\n/).includes(`lockstep-${nonce}`)
          if (isRight) settle('ok', '')
          else settle('denied', `the login worked, but a command ended with ${code ?? 'no status'}`)
        })
      })
    })
    try {
      client.connect({ ...configOf(address, key, hostKeys), hostVerifier: verify })
    } catch {
      // What ssh2 says of a key that it cannot read could hold a part of it.
      settle('denied', 'the private key cannot be used')
    }
    function verify(offered: Buffer): boolean {
      isOtherHost = !hostKeys.some(({ blob }) => blob.equals(offered))
      return !isOtherHost
    }
  })
}

function configOf(
  { host, port }: Address,
  { user, privateKey }: LoginKey,
  hostKeys: readonly HostKey[],
): ConnectConfig {
  return {
    host,
    port,
    username: user,
    privateKey: privateKey.reveal(),
    readyTimeout: LOGIN_MS,
    // A host that has several keys is to show one of those that are known.
    algorithms: { serverHostKey: [...new Set(hostKeys.flatMap(({ algorithms }) => algorithms))] },
  }
}

interface HostKey {
  readonly blob: Buffer
  readonly algorithms: readonly ServerHostKeyAlgorithm[]
}

const ALGORITHMS: ReadonlyMap<string, readonly ServerHostKeyAlgorithm[]> = new Map([
  ['ssh-ed25519', ['ssh-ed25519']],
  ['ecdsa-sha2-nistp256', ['ecdsa-sha2-nistp256']],
  ['ecdsa-sha2-nistp384', ['ecdsa-sha2-nistp384']],
  ['ecdsa-sha2-nistp521', ['ecdsa-sha2-nistp521']],
  ['ssh-rsa', ['rsa-sha2-512', 'rsa-sha2-256']],
])

/** Nothing where it is no plain key, as a certificate is none. */
function readHostKey(line: string): readonly HostKey[] {
  const [, type = '', blob = ''] = /^(\S+) ([A-Za-z0-9+/]+={0,2})(?:\s|$)/.exec(line) ?? []
  const algorithms = ALGORITHMS.get(type)
  return algorithms ? [{ blob: Buffer.from(blob, 'base64'), algorithms }] : []
}

/** ssh2 says at which level it failed. */
function classify(error: Error & { readonly level?: string }): readonly [LoginOutcome['outcome'], string] {
  if (error.level === 'client-authentication') return ['denied', 'it does not let the key in']
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.level
  const known = code !== undefined && /^[A-Za-z][A-Za-z0-9_-]{1,40}$/.test(code) ? code : 'no connection'
  return ['unreachable', known]
}

function setReplyLimit(over: () => void): NodeJS.Timeout {
  return setTimeout(over, REPLY_MS)
}
