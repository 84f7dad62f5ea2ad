/**
 * SSH with a key that Secrets Manager keeps, for programs: the key is read into memory, used, and wiped. Nothing of it is
 * on a disk, and a rotation needs no change here.
 *
 * ```ts
 * const host = await findHost(new EC2Client({}), 'WorkerServer1')
 * await connectWithSecret({ secrets, secretId: '/dev/ssh', user: 'deploy', host }, (session) =>
 *   session.upload('report.csv', 'inbox/report.csv'))
 * ```
 */
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import type { Client } from 'ssh2'
import { type Address, connect, SshError } from './connect.ts'
import { readSecretKey, type SecretKey } from './secret-key.ts'
import { type Progress, upload } from './upload.ts'

export interface SecretLogin {
  readonly secrets: SecretsManagerClient
  /** Name or ARN of a secret whose JSON has `PrivateKey`. */
  readonly secretId: string
  readonly user: string
  /** With the host's keys: see `findHost` and `knownHostKeys`. */
  readonly host: Address
  /** Ends the connection, and with it what is under way. */
  readonly signal?: AbortSignal
}

export interface SecretSession {
  /** Wiped when the function that has the session ends. */
  readonly key: SecretKey
  /** The key of the secret's this version let us in. */
  readonly versionId: string
  /** A file's copy under another name is complete before it has the name. */
  upload(from: string, to: string, progress?: Progress): Promise<{ readonly bytes: number }>
}

/**
 * Logs in and calls `use`. A key that the host does not let in is read once more: it may have been rotated away in that moment.
 *
 * @throws SshError, KeyError, what GetSecretValue and `use` threw.
 */
export async function connectWithSecret<Result>(
  login: SecretLogin,
  use: (session: SecretSession) => Promise<Result>,
): Promise<Result> {
  const { secrets, secretId, signal } = login
  signal?.throwIfAborted()
  using key = await readSecretKey(secrets, secretId)
  let client: Client
  try {
    client = await logIn(login, key)
  } catch (error) {
    if (!(error instanceof SshError) || error.kind !== 'denied') throw error
    using newer = await readSecretKey(secrets, secretId)
    if (newer.versionId === key.versionId) throw error
    return await session(await logIn(login, newer), newer, { use, signal })
  }
  return await session(client, key, { use, signal })
}

function logIn({ host, user }: SecretLogin, key: SecretKey): Promise<Client> {
  return connect(host, { user, privateKey: key.reveal() })
}

interface Using<Result> {
  readonly use: (session: SecretSession) => Promise<Result>
  readonly signal: AbortSignal | undefined
}

async function session<Result>(
  client: Client,
  key: SecretKey,
  { use, signal }: Using<Result>,
): Promise<Result> {
  const lost = Promise.withResolvers<never>()
  const fail = () => lost.reject(new SshError('unreachable', 'the connection was lost'))
  client.on('error', fail).on('close', fail)
  const abort = () => lost.reject(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  if (signal?.aborted) abort()
  try {
    const used = use({
      key,
      versionId: key.versionId,
      upload: (from, to, progress) => upload(client, { from, to }, progress),
    })
    return await Promise.race([used, lost.promise])
  } finally {
    signal?.removeEventListener('abort', abort)
    lost.promise.catch(() => undefined)
    client.destroy()
  }
}
