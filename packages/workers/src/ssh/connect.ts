/** A connection over SSH, to a host that proves who it is: the one way in which anything here logs in to a node. */
import { Client, type ConnectConfig, type ServerHostKeyAlgorithm } from 'ssh2'

export interface Address {
  readonly host: string
  readonly port: number
  /** As `ssh-keyscan` prints them, without the host: `ssh-ed25519 AAAA…`. */
  readonly hostKeys: readonly string[]
}

export interface Credentials {
  readonly user: string
  /** PEM, or as OpenSSH writes keys. */
  readonly privateKey: string | Buffer
}

/** Why there is no connection, in words that may be logged. */
export class SshError extends Error {
  override readonly name = 'SshError'
  /** `host-key`: whoever answers is not the host that was asked for, or nobody knows how to tell. */
  readonly kind: 'denied' | 'host-key' | 'key' | 'unreachable'

  constructor(kind: SshError['kind'], why: string) {
    super(why)
    this.kind = kind
  }
}

/** Connecting, the handshake and authentication together. Under load a login takes seconds. */
const LOGIN_MS = 20_000

/**
 * Logs in. The host has to have one of the keys: there is no way to connect to a host whose keys are not known.
 *
 * @throws SshError
 */
export function connect(address: Address, credentials: Credentials): Promise<Client> {
  const hostKeys = address.hostKeys.flatMap(readHostKey)
  if (hostKeys.length === 0) {
    return Promise.reject(new SshError('host-key', 'none of its host keys is known'))
  }
  const client = new Client()
  let isOtherHost = false
  return new Promise<Client>((resolve, reject) => {
    const fail = (kind: SshError['kind'], why: string) => {
      client.destroy()
      reject(new SshError(kind, why))
    }
    client.on('error', (error) => {
      if (isOtherHost) fail('host-key', 'another host answers: its key is none of those that are known')
      else fail(...classify(error))
    })
    client.on('close', () => fail('unreachable', 'the connection was closed'))
    client.on('ready', () => resolve(client))
    try {
      client.connect({ ...configOf(address, credentials, hostKeys), hostVerifier: verify })
      // From the first packet on: small ones that wait for each other make a login twice as long, a transfer fifty times.
      client.setNoDelay(true)
    } catch {
      // What ssh2 says of a key that it cannot read could hold a part of it.
      fail('key', 'the private key cannot be used')
    }
    function verify(offered: Buffer): boolean {
      isOtherHost = !hostKeys.some(({ blob }) => blob.equals(offered))
      return !isOtherHost
    }
  })
}

function configOf(
  { host, port }: Address,
  { user, privateKey }: Credentials,
  hostKeys: readonly HostKey[],
): ConnectConfig {
  return {
    host,
    port,
    username: user,
    privateKey,
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
function classify(error: Error & { readonly level?: string }): readonly [SshError['kind'], string] {
  if (error.level === 'client-authentication') return ['denied', 'it does not let the key in']
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.level
  const known = code !== undefined && /^[A-Za-z][A-Za-z0-9_-]{1,40}$/.test(code) ? code : 'no connection'
  return ['unreachable', known]
}
