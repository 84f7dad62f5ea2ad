import { createHash } from 'node:crypto'
import type { Environment } from '../password-options.ts'
import { RotationError } from '../rotation-error.ts'

export type KeyType = { readonly name: 'ed25519' } | { readonly name: 'rsa'; readonly bits: number }

/**
 * What becomes of a rotation while nodes are away: switched off, disconnected, or not to be reached for a login.
 * A node that is there and fails stops it whatever the policy.
 */
export type OfflinePolicy =
  /** Every node has to be there in the end. */
  | { readonly name: 'wait' }
  /** Every node has to be there from the beginning; else nothing is changed anywhere. */
  | { readonly name: 'abort' }
  /** So many of a hundred nodes have to have the new key; the rest get it when they return. */
  | { readonly name: 'quorum'; readonly percent: number }
  /** One node is enough. */
  | { readonly name: 'debt' }

export interface Settings {
  /** The account on the nodes. */
  readonly user: string
  readonly tagName: string
  readonly tagValue: string
  readonly offline: OfflinePolicy
  /** How long both keys stay valid after the new one is AWSCURRENT. */
  readonly drainSeconds: number
  readonly keyType: KeyType
  /** Of the State Manager association that keeps the nodes at the secret's keys. */
  readonly associationName: string
}

/** Longer than the slowest login to be expected, with the time that a client takes between reading and using a key. */
const DEFAULT_DRAIN_SECONDS = 60
const MAX_DRAIN_SECONDS = 86_400
const USER = /^[a-z_][a-z0-9_-]{0,31}$/i

/**
 * Each setting is the environment's, or that of the secret's tag, which goes before it: a built-in function has no
 * environment of its own.
 *
 * @throws RotationError naming the setting that is wrong.
 */
export function readSettings(
  environment: Environment,
  tags: ReadonlyMap<string, string>,
  secretArn: string,
): Settings {
  const setting = (tag: string, variable: string): string | undefined =>
    tags.get(`lockstep:ssh-${tag}`) || environment[variable] || undefined
  const user = setting('user', 'USERNAME') ?? 'ec2-user'
  demand(USER.test(user), 'the user (lockstep:ssh-user, USERNAME) is no name of an account')
  return {
    user,
    tagName: setting('tag-name', 'TAGNAME') ?? 'RotateSSHKeys',
    tagValue: setting('tag-value', 'TAGVALUE') ?? 'True',
    offline: readOffline(setting('offline', 'OFFLINE') ?? 'wait'),
    drainSeconds: readDrain(setting('drain-seconds', 'DRAIN_SECONDS')),
    keyType: readKeyType(setting('key-type', 'KEY_TYPE') ?? 'ed25519', environment.KEY_BITS),
    associationName: associationName(secretArn),
  }
}

function readOffline(text: string): OfflinePolicy {
  if (text === 'wait' || text === 'abort' || text === 'debt') return { name: text }
  const percent = Number(/^quorum:(\d{1,3})%?$/.exec(text)?.[1])
  demand(
    percent >= 1 && percent <= 100,
    'what becomes of nodes that are away (lockstep:ssh-offline, OFFLINE) is one of wait, abort, debt, quorum:N%',
  )
  return { name: 'quorum', percent }
}

function readDrain(text: string | undefined): number {
  if (text === undefined) return DEFAULT_DRAIN_SECONDS
  demand(
    /^\d{1,5}$/.test(text) && Number(text) <= MAX_DRAIN_SECONDS,
    `the time that both keys are valid (lockstep:ssh-drain-seconds, DRAIN_SECONDS) is from 0 to ${MAX_DRAIN_SECONDS} seconds`,
  )
  return Number(text)
}

/** `rsa-3072` as a tag, or `rsa` and KEY_BITS. */
function readKeyType(text: string, bitsText: string | undefined): KeyType {
  if (text === 'ed25519') return { name: 'ed25519' }
  const [, own] = /^rsa(?:-(\d{4}))?$/i.exec(text) ?? []
  const isRsa = /^rsa(?:-\d{4})?$/i.test(text)
  const bits = Number(own ?? (bitsText || 2048))
  demand(
    isRsa && Number.isInteger(bits) && bits >= 2048 && bits <= 4096 && bits % 8 === 0,
    'the kind of key (lockstep:ssh-key-type, KEY_TYPE, KEY_BITS) is ed25519, or rsa of 2048 to 4096 bits',
  )
  return { name: 'rsa', bits }
}

/** The same for every rotation of a secret, another for every other secret. */
function associationName(secretArn: string): string {
  const name = secretArn.split(':')[6] ?? ''
  const readable = name.replaceAll(/[^A-Za-z0-9_.-]+/g, '-').slice(0, 64)
  return `lockstep-ssh-keys-${createHash('sha256').update(secretArn).digest('hex').slice(0, 16)}-${readable}`
}

function demand(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new RotationError(`A setting is wrong: ${sentence}.`)
}
