import type { NodeFacts } from '@lockstep/wire'

const MAX_TEXT = 255
const MAX_HOST_KEYS = 16
/** RSA keys of 16,384 bits are some 2,800 characters long. */
const MAX_HOST_KEY = 4096
/** One OpenSSH line without options and without a comment. */
const HOST_KEY = /^(ssh|ecdsa|sk-ssh|sk-ecdsa)-[a-z0-9@.-]+ [A-Za-z0-9+/]+={0,2}$/
/** Printable, and nothing that a terminal or a shell would take for more. */
const PRINTABLE = /^[\p{L}\p{N} ._:@+/()~-]*$/u
const HOSTNAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9])?$/
const ADDRESS = /^[0-9A-Fa-f:.]{2,45}$/
const MACHINE_ID = /^[0-9a-f]{32}$/
const MAX_PORT = 65_535

/**
 * What a node tells of itself, or nothing where it is not in form: it ends up in lists, in known_hosts files and in
 * commands of others, and root on one node must not reach further by what its hostname says.
 */
export function factsIn(value: unknown): NodeFacts | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const told = value as Readonly<Record<string, unknown>> // looked at member by member
  const { hostname, ipAddress, sshPort, platformType, machineId, hostKeys } = told
  const texts = [told.platformName, told.platformVersion, told.agentVersion]
  const [platformName, platformVersion, agentVersion] = texts.map(shownText)
  if (platformName === undefined || platformVersion === undefined || agentVersion === undefined)
    return undefined
  if (platformType !== 'Linux' || !isPort(sshPort) || !areHostKeys(hostKeys)) return undefined
  if (!isText(hostname, HOSTNAME) || !isText(ipAddress, ADDRESS) || !isText(machineId, MACHINE_ID))
    return undefined
  const platform = { platformType, platformName, platformVersion, agentVersion } as const
  return { hostname, ipAddress, sshPort, ...platform, machineId, hostKeys }
}

function isText(value: unknown, form: RegExp): value is string {
  return typeof value === 'string' && form.test(value)
}

function shownText(value: unknown): string | undefined {
  return isText(value, PRINTABLE) && value.length <= MAX_TEXT ? value : undefined
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= MAX_PORT
}

function areHostKeys(value: unknown): value is readonly string[] {
  if (!Array.isArray(value) || value.length > MAX_HOST_KEYS) return false
  return value.every((key) => isText(key, HOST_KEY) && key.length <= MAX_HOST_KEY)
}

/** The same whatever order the members came in. */
export function sameFacts(a: Omit<NodeFacts, 'hostKeys'>, b: Omit<NodeFacts, 'hostKeys'>): boolean {
  return (
    a.hostname === b.hostname &&
    a.ipAddress === b.ipAddress &&
    a.sshPort === b.sshPort &&
    a.platformName === b.platformName &&
    a.platformVersion === b.platformVersion &&
    a.agentVersion === b.agentVersion &&
    a.machineId === b.machineId
  )
}
