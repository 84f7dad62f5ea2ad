/** A real login over SSH, to a host that proves who it is. */
import { randomBytes } from 'node:crypto'
import type { Client } from 'ssh2'
import { type Address, connect, SshError } from '../../ssh/connect.ts'
import type { LoginKey } from './fleet.ts'

export type { Address } from '../../ssh/connect.ts'

export interface LoginOutcome {
  readonly outcome: 'ok' | 'denied' | 'unreachable'
  /** In words that may be logged. */
  readonly why: string
}

const REPLY_MS = 10_000
const MAX_REPLY_CHARACTERS = 4096

/**
 * Logs in, runs one command and looks at its reply. The host has to have one of the keys: there is no way to
 * connect to a host whose keys are not known.
 */
export async function logIn(address: Address, { user, privateKey }: LoginKey): Promise<LoginOutcome> {
  let client: Client
  try {
    client = await connect(address, { user, privateKey: privateKey.reveal() })
  } catch (error) {
    if (!(error instanceof SshError)) throw error
    return { outcome: error.kind === 'unreachable' ? 'unreachable' : 'denied', why: error.message }
  }
  try {
    return await proved(client)
  } finally {
    client.destroy()
  }
}

function proved(client: Client): Promise<LoginOutcome> {
  const nonce = randomBytes(16).toString('hex')
  return new Promise((resolve) => {
    const settle = (outcome: LoginOutcome['outcome'], why: string) => {
      clearTimeout(timer)
      resolve({ outcome, why })
    }
    const timer = setReplyLimit(() => settle('denied', 'the login worked, but no command ran in time'))
    client.on('error', () => settle('unreachable', 'the connection was lost'))
    client.on('close', () => settle('unreachable', 'the connection was closed'))
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
}

function setReplyLimit(over: () => void): NodeJS.Timeout {
  return setTimeout(over, REPLY_MS)
}
