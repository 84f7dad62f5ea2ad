/** OpenSSH's known_hosts, for hosts that no server keeps a record of. */
import { createHmac } from 'node:crypto'

const DEFAULT_PORT = 22

/**
 * The keys of one host: plain and hashed names, patterns, `[host]:port`. Lines of certificate authorities say nothing about
 * a plain key, and a key that is marked as revoked is none, whatever other lines say.
 *
 * @see https://man.openbsd.org/sshd.8#SSH_KNOWN_HOSTS_FILE_FORMAT
 */
export function knownHostKeys(text: string, host: string, port: number): readonly string[] {
  const name = (port === DEFAULT_PORT ? host : `[${host}]:${port}`).toLowerCase()
  const keys = new Set<string>()
  const revoked = new Set<string>()
  for (const line of text.split(/\r?\n/)) {
    const [, marker, names, type, blob] =
      /^\s*(?:(@[a-z-]+)\s+)?([^\s#@]\S*)\s+([a-z0-9@.-]+)\s+([A-Za-z0-9+/]+={0,2})(?:\s|$)/.exec(line) ?? []
    if (names === undefined || !isNamed(names, name)) continue
    if (marker === '@revoked') revoked.add(`${type} ${blob}`)
    else if (marker === undefined) keys.add(`${type} ${blob}`)
  }
  return [...keys].filter((key) => !revoked.has(key))
}

function isNamed(names: string, name: string): boolean {
  if (names.startsWith('|1|')) return isHashOf(names, name)
  const patterns = names.toLowerCase().split(',')
  const isExcluded = patterns.some((each) => each.startsWith('!') && matches(each.slice(1), name))
  return !isExcluded && patterns.some((each) => matches(each, name))
}

/** `|1|salt|hash`, as HashKnownHosts writes names. */
function isHashOf(hashed: string, name: string): boolean {
  const [, , salt = '', hash = ''] = hashed.split('|')
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash
}

/** `*` and `?`, in time that grows with the product of the lengths at most. */
function matches(pattern: string, name: string): boolean {
  let [at, inName, star, starName] = [0, 0, -1, 0]
  while (inName < name.length) {
    if (pattern[at] === '*') {
      star = at++
      starName = inName
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === name[inName])) {
      at++
      inName++
    } else if (star >= 0) {
      at = star + 1
      inName = ++starName
    } else return false
  }
  while (pattern[at] === '*') at++
  return at === pattern.length
}
