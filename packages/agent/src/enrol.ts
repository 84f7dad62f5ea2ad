import { createPrivateKey, type KeyObject } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RegisterAnswer } from '@lockstep/wire'
import { type AgentConfig, ConfigError } from './config.ts'
import { factsOf } from './facts.ts'
import { answerOf, post } from './http.ts'
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
 * Makes this machine a node: a key made here, whose private half stays here, and the server's key pinned. The server is
 * believed only if it has the key whose fingerprint the operator gave.
 *
 * @throws ConfigError where the server is another, or plain HTTP would carry the activation code over a network
 */
export async function enrol(enrolment: Enrolment, doors: Doors): Promise<AgentConfig> {
  const { activationId, activationCode, serverFingerprint, ...kept } = enrolment
  demandPrivate(kept.endpoint)
  mkdirSync(kept.stateDirectory, { recursive: true, mode: 0o700 })
  giveTo(kept.stateDirectory, kept.networkUser)
  const key = nodeKey(kept.stateDirectory, kept.networkUser)
  const facts = factsOf(kept, doors)
  const body = JSON.stringify(registerRequest(key, { activationId, activationCode, facts }))
  const ca = kept.caFile === undefined ? undefined : readFileSync(kept.caFile, 'utf8')
  const limit = new AbortController()
  using _ = doors.after(LIMIT_MS, () => limit.abort())
  const response = await post(
    { endpoint: kept.endpoint, ca },
    { path: '/agent/v1/register', body, headers: {}, signal: limit.signal },
  )
  // The server that answered; its word is the endpoint's.
  const answer = JSON.parse(await answerOf(response, MAX_ANSWER_BYTES)) as RegisterAnswer
  const found = fingerprintOf(answer.serverKey)
  if (found !== serverFingerprint)
    throw new ConfigError(
      `${kept.endpoint} has the key ${found}, and not ${serverFingerprint}: this is another server. Nothing was set up.`,
    )
  const { serverKey, instanceId, ec2InstanceId, account, region } = answer
  return { ...kept, serverKey, instanceId, ec2InstanceId, account, region }
}

/** The key that the node has already, or a new one. */
function nodeKey(stateDirectory: string, networkUser: string | undefined): KeyObject {
  const path = join(stateDirectory, 'node.key')
  if (existsSync(path)) return createPrivateKey(readFileSync(path))
  const key = newNodeKey()
  writeFileSync(path, key.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' })
  giveTo(path, networkUser)
  return key
}

/** Who speaks with the network holds the key; what root is asked to do is the server's signature's to say. */
function giveTo(path: string, networkUser: string | undefined): void {
  if (networkUser === undefined || process.getuid?.() !== 0) return
  const { uid, gid } = idsOf(networkUser)
  chownSync(path, uid, gid)
}

function demandPrivate(endpoint: string): void {
  const { protocol, hostname } = new URL(endpoint)
  const isLoopback = /^(127\.|localhost$|\[::1\]$)/.test(hostname)
  if (protocol !== 'https:' && !isLoopback)
    throw new ConfigError(`${endpoint} is plain HTTP: everybody on the way could read the activation code`)
}
