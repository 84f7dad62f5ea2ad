import type { Place } from '../store/store.ts'
import type { KeyDoors } from './doors.ts'
import { aliasNotFound, keyNotFound } from './errors.ts'
import { keyCache } from './key-cache.ts'
import { aliasArn, type KeyName, keyArn } from './key-id.ts'
import type { KmsKey } from './kms-key.ts'

/** The key with this id, or nothing; none of another region is ever found. */
export async function findKey(
  ctx: KeyDoors,
  { account, region, id }: Place & { readonly id: string },
): Promise<KmsKey | undefined> {
  if (region !== ctx.region) return undefined
  const { keys } = keyCache(ctx)
  const name = `${region}/${account}/${id}`
  const held = ctx.access === 'read' ? keys.get(name) : undefined
  if (held) return held
  const record = await ctx.store.keys.find({ account, region }, id)
  if (!record) return undefined
  const key = { ...record, arn: keyArn(record) }
  if (ctx.access === 'read') keys.set(name, key)
  return key
}

/** The key that a name names. @throws NotFoundException in AWS's words for an id or for an alias. */
export async function findNamed(ctx: KeyDoors, name: KeyName): Promise<KmsKey> {
  const { account, region } = name
  if (name.kind === 'key') {
    const key = await findKey(ctx, name)
    if (!key) throw keyNotFound(keyArn(name))
    return key
  }
  const alias = await ctx.store.keys.alias({ account, region }, name.alias)
  const key = alias && (await findKey(ctx, { account, region, id: alias.keyId }))
  if (!key) throw aliasNotFound(aliasArn(name, name.alias))
  return key
}
