import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Where everything is that an agent keeps; written by `enrol`, read at each start. */
export interface AgentConfig {
  readonly endpoint: string
  /** PEM file of who signs the server's certificate; absent: whom the system trusts. */
  readonly caFile?: string
  /** The key whose signature commands carry, pinned when the node was enrolled. */
  readonly serverKey: string
  readonly instanceId: string
  readonly ec2InstanceId: string
  readonly account: string
  readonly region: string
  /** Journal, desired state, the node's key. */
  readonly stateDirectory: string
  /** Who speaks with the network, where the agent runs as root. */
  readonly networkUser?: string
  /** What the server is told, where the agent cannot find it out or another is wanted. */
  readonly hostname?: string
  readonly ipAddress?: string
  readonly sshPort?: number
  readonly hostKeyFiles?: readonly string[]
}

/** What the node is called in its requests: the server keeps nodes by account and region. */
export function nodeName({ account, region, instanceId }: AgentConfig): string {
  return `${account}/${region}/${instanceId}`
}

export const DEFAULT_CONFIG = '/etc/lockstep/agent.json'
/** Not the server's, which is `/var/lib/lockstep`: a machine may have both. */
export const DEFAULT_STATE = '/var/lib/lockstep-agent'

export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/** @throws ConfigError naming the file, and what to do */
export function readAgentConfig(path: string): AgentConfig {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    throw new ConfigError(`${path} cannot be read: enrol this node first (lockstep-agent enrol --help)`)
  }
  const config = JSON.parse(text) as Partial<AgentConfig> // written by `enrol`
  for (const name of ['endpoint', 'serverKey', 'account', 'region', 'instanceId', 'stateDirectory'] as const)
    if (typeof config[name] !== 'string')
      throw new ConfigError(`${path} has no ${name}: enrol this node again`)
  return config as AgentConfig
}

/** Beside, and then in its place; only its owner may read it. */
export function writeAgentConfig(path: string, config: AgentConfig): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
  const beside = `${path}.new`
  writeFileSync(beside, `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600 })
  chmodSync(beside, 0o600)
  renameSync(beside, path)
}
