import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname, networkInterfaces } from 'node:os'
import { join } from 'node:path'
import type { NodeFacts } from '@lockstep/wire'
import { type AgentConfig, DEFAULT_STATE } from './config.ts'
import type { Doors } from './platform.ts'

export const AGENT_VERSION = '0.1.0'
const HOST_KEYS = '/etc/ssh/ssh_host_*_key.pub'
const DEFAULT_SSH_PORT = 22

type Told = Pick<AgentConfig, 'hostname' | 'ipAddress' | 'sshPort' | 'hostKeyFiles' | 'stateDirectory'>

/** What the node tells of itself, read anew each time: addresses and host keys change. */
export function factsOf(told: Told, doors: Pick<Doors, 'hex'>): NodeFacts {
  const system = osRelease()
  return {
    hostname: told.hostname ?? hostname(),
    ipAddress: told.ipAddress ?? firstAddress(),
    sshPort: told.sshPort ?? DEFAULT_SSH_PORT,
    platformType: 'Linux',
    platformName: system.get('NAME') ?? 'Linux',
    platformVersion: system.get('VERSION_ID') ?? '',
    agentVersion: AGENT_VERSION,
    machineId: machineId(told.stateDirectory, doors),
    hostKeys: hostKeys(told.hostKeyFiles ?? globSync(HOST_KEYS)),
  }
}

/** sshd's public keys without their comments. */
function hostKeys(files: readonly string[]): readonly string[] {
  return files.flatMap((file) => {
    if (!existsSync(file)) return []
    const [type, blob] = readFileSync(file, 'utf8').trim().split(/\s+/)
    return type && blob ? [`${type} ${blob}`] : []
  })
}

/** @see https://www.freedesktop.org/software/systemd/man/latest/os-release.html */
function osRelease(): ReadonlyMap<string, string> {
  const file = ['/etc/os-release', '/usr/lib/os-release'].find((path) => existsSync(path))
  const lines = file ? readFileSync(file, 'utf8').split('\n') : []
  return new Map(
    lines.flatMap((line) => {
      const [, name, value] = /^([A-Z_]+)=["']?(.*?)["']?$/.exec(line) ?? []
      return name !== undefined && value !== undefined ? [[name, value] as const] : []
    }),
  )
}

function firstAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  const outward = all.find(({ family, internal }) => family === 'IPv4' && !internal)
  return outward?.address ?? '127.0.0.1'
}

/** The machine's own id, or one of ours where there is none; several agents on a machine have one each in tests. */
function machineId(stateDirectory: string, doors: Pick<Doors, 'hex'>): string {
  const own = join(stateDirectory, 'machine-id')
  if (existsSync(own)) return readFileSync(own, 'utf8').trim()
  const system = '/etc/machine-id'
  if (stateDirectory === DEFAULT_STATE && existsSync(system)) return readFileSync(system, 'utf8').trim()
  const made = doors.hex(16)
  writeFileSync(own, `${made}\n`, { mode: 0o600 })
  return made
}
