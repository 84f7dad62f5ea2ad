import { type Decoded, header } from './call.ts'
import type { Check } from './context.ts'
import type { Principal } from './principal.ts'

/** The values of a condition key by its lower-case name; undefined where the call has no such key. */
export type KeyLookup = (name: string) => readonly string[] | undefined

type Lookup = (call: Decoded) => string | undefined

/**
 * The keys that every call has, from what authentication proved and the socket saw.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
const GLOBAL_KEYS: Readonly<Record<string, Lookup>> = {
  'aws:principalarn': ({ principal }) => principal.session?.role?.arn ?? principal.arn,
  'aws:principalaccount': ({ principal }) => principal.account,
  'aws:principaltype': ({ principal }) => PRINCIPAL_TYPES[principal.kind],
  'aws:principalisawsservice': () => 'false',
  'aws:userid': ({ principal }) => principal.userId,
  'aws:username': ({ principal }) => principal.userName,
  'aws:sourceip': ({ received }) => received.remoteAddress,
  'aws:securetransport': ({ received }) => String(received.tls !== undefined),
  'aws:currenttime': ({ received }) => received.receivedAt.toISOString(),
  'aws:epochtime': ({ received }) => String(Math.floor(received.receivedAt.getTime() / 1000)),
  'aws:useragent': ({ received }) => header(received, 'user-agent'),
  'aws:referer': ({ received }) => header(received, 'referer'),
  'aws:requestedregion': ({ facts }) => facts.region,
  // Absent for long-term keys, as in AWS: that is what BoolIfExists is for.
  'aws:multifactorauthpresent': ({ principal }) => principal.session && String(principal.session.mfa),
  'aws:tokenissuetime': ({ principal }) => principal.session?.issuedAt.toISOString(),
  'aws:sourceidentity': ({ principal }) => principal.session?.sourceIdentity,
  'aws:viaawsservice': () => 'false',
}

const PRINCIPAL_TYPES: Readonly<Record<Principal['kind'], string>> = {
  root: 'Account',
  user: 'User',
  'user-session': 'User',
  'role-session': 'AssumedRole',
  anonymous: 'Anonymous',
}

const PRINCIPAL_TAG = 'aws:principaltag/'
/** `aws:ResourceTag/K` and the older `<service>:ResourceTag/K`, which mean the same. */
const RESOURCE_TAG = /^[a-z0-9-]+:resourcetag\//

/** The keys of one question, computed only when a policy asks. */
export function keysOf(call: Decoded, check: Check): KeyLookup {
  let own: ReadonlyMap<string, readonly string[]> | undefined
  return (name) => {
    own ??= lowerCased(check)
    const given = own.get(name)
    if (given) return given
    const value = Object.hasOwn(GLOBAL_KEYS, name)
      ? GLOBAL_KEYS[name]?.(call)
      : tagOrAccount(call, check, name)
    return value === undefined ? undefined : [value]
  }
}

function tagOrAccount({ principal }: Decoded, { target }: Check, name: string): string | undefined {
  if (name === 'aws:resourceaccount') return target.account
  if (name.startsWith(PRINCIPAL_TAG)) return tagOf(principal.tags, name.slice(PRINCIPAL_TAG.length))
  const resourceTag = RESOURCE_TAG.exec(name)
  return resourceTag ? tagOf(target.tags ?? {}, name.slice(resourceTag[0].length)) : undefined
}

function tagOf(tags: Readonly<Record<string, string>>, lowerKey: string): string | undefined {
  for (const [key, value] of Object.entries(tags)) if (key.toLowerCase() === lowerKey) return value
  return undefined
}

function lowerCased({ keys }: Check): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, readonly string[]>()
  for (const [name, value] of Object.entries(keys ?? {})) {
    if (value !== undefined) values.set(name.toLowerCase(), typeof value === 'string' ? [value] : value)
  }
  return values
}
