import type { KeyObject } from 'node:crypto'
import type { Keyring } from '../keyring/keyring.ts'
import { Recent } from '../platform/recent.ts'
import type { KeyDoors } from './doors.ts'
import type { KmsKey } from './kms-key.ts'

/** How many keys, and how many generations of material, stay ready for use. */
const KEPT = 1_000

/** Keys and their opened material, as the committed rows of one revision have them. */
export interface KeyCache {
  /** By region, account and id. */
  readonly keys: Recent<KmsKey>
  /** By the key's ARN and the generation. */
  readonly materials: Recent<OpenMaterial>
}

/** Material ready for use. */
export interface OpenMaterial {
  readonly id: string
  readonly secret: KeyObject
}

interface Held extends KeyCache {
  readonly revision: number
}

// By keyring, of which a server has one: two servers in one process share nothing.
const caches = new WeakMap<Keyring, Held>()

/**
 * The cache of what is committed now; empty again after every change to a key, so that erased material and
 * yesterday's policy are gone from memory too. Ask for it before reading the store: what was read later may
 * only be newer than the revision says, never older.
 */
export function keyCache(ctx: KeyDoors): KeyCache {
  const revision = ctx.keysRevision()
  const held = caches.get(ctx.keyring)
  if (held?.revision === revision) return held
  const fresh: Held = { revision, keys: new Recent(KEPT), materials: new Recent(KEPT) }
  caches.set(ctx.keyring, fresh)
  return fresh
}
