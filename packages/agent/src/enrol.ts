import { createPrivateKey, type KeyObject } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RegisterAnswer, ServerKey } from '@lockstep/wire'
import { type AgentConfig, ConfigError } from './config.ts'
import { factsOf } from './facts.ts'
import { answerOf, type Sent, type Server, send } from './http.ts'
import { fingerprintOf, newNodeKey, registerRequest } from './identity.ts'
import type { Doors } from './platform.ts'
import { idsOf } from './users.ts'

const MAX_ANSWER_BYTES = 64 * 1024
const LIMIT_MS = 30_000

export interface Enrolment
  extends Pick<
      AgentConfig,
      'endpoint' | 'caFile' | 'stateDirectory' | 'networkUser' | 'hostname' | 'ipAddress'
    >,
    Pick<AgentConfig, 'sshPort' | 'hostKeyFiles'> {
  readonly activationId: string
  readonly activationCode: string
  /** `SHA256:…` of the server's key, as whoever made the activation was told. */
  readonly serverFingerprint: string
}

/**
 * Makes this machine a node: a key made here, whose private half stays here, and the server's key pinned: the one whose
 * fingerprint the operator gave. That the server is the one which TLS says keeps the activation's code from others.
 *
 * @throws ConfigError where the server is another, or plain HTTP would carry the activation code over a network
 */
export async function enrol(enrolment: Enrolment, doors: Doors): Promise<AgentConfig> {
  const { activationId, activationCode, serverFingerprint, ...kept } = enrolment
  demandPrivate(kept.endpoint)
  mkdirSync(kept.stateDirectory, { recursive: true, mode: 0o700 })
  if (kept.networkUser !== undefined) idsOf(kept.networkUser)
  const key = nodeKey(kept.stateDirectory)
  const facts = factsOf(kept, doors)
  const body = JSON.stringify(registerRequest(key, { activationId, activationCode, facts }))
  const ca = kept.caFile === undefined ? undefined : readFileSync(kept.caFile, 'utf8')
  const server = { endpoint: kept.endpoint, ca }
  // First, so that a server which is another by mistake is not told the code.
  demandKey(
    kept.endpoint,
    await ask<ServerKey>(server, { path: '/agent/v1/server-key' }, doors),
    serverFingerprint,
  )
  const answer = await ask<RegisterAnswer>(server, { path: '/agent/v1/register', body }, doors)
  demandKey(kept.endpoint, answer, serverFingerprint)
  const { serverKey, instanceId, ec2InstanceId, account, region } = answer
  return { ...kept, serverKey, instanceId, ec2InstanceId, account, region }
}

/** What the server answers; the caller looks at what matters in it. */
async function ask<Answer>(
  server: Server,
  asked: Pick<Sent, 'path' | 'body'>,
  doors: Doors,
): Promise<Answer> {
  const limit = new AbortController()
  using _ = doors.after(LIMIT_MS, () => limit.abort())
  const response = await send(server, { ...asked, signal: limit.signal })
  return JSON.parse(await answerOf(response, MAX_ANSWER_BYTES)) as Answer
}

function demandKey(endpoint: string, { serverKey }: Pick<ServerKey, 'serverKey'>, fingerprint: string): void {
  const found = fingerprintOf(String(serverKey))
  if (found === fingerprint) return
  throw new ConfigError(
    `${endpoint} has the key ${found}, and not ${fingerprint}: this is another server. Nothing was set up.`,
  )
}

/** The key that the node has already, or a new one. */
function nodeKey(stateDirectory: string): KeyObject {
  const path = join(stateDirectory, 'node.key')
  if (existsSync(path)) return createPrivateKey(readFileSync(path))
  const key = newNodeKey()
  writeFileSync(path, key.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' })
  return key
}

function demandPrivate(endpoint: string): void {
  const { protocol, hostname } = new URL(endpoint)
  const isLoopback = /^(127\.|localhost$|\[::1\]$)/.test(hostname)
  if (protocol !== 'https:' && !isLoopback)
    throw new ConfigError(`${endpoint} is plain HTTP: everybody on the way could read the activation code`)
}
