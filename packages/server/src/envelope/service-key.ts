import { unbound } from '../gateway/bound-policy.ts'
import type { WriteContext } from '../gateway/context.ts'
import type { KeyDoors } from './doors.ts'
import { findNamed } from './find-key.ts'
import { keyArn } from './key-id.ts'
import { serviceKeyDescription, serviceKeyPolicy, type ViaService } from './key-policies.ts'
import type { KmsKey } from './kms-key.ts'
import { newMaterial } from './material.ts'
import { DEFAULT_ROTATION_DAYS, daysAfter, queueRotation } from './rotation.ts'

/** The alias of a service's own key. */
function serviceAlias(service: ViaService): string {
  return `alias/aws/${service}`
}

/**
 * The account's `aws/<service>` key, made at first use: every principal of the account may use it through
 * the service, nobody directly, and nobody may change it. AWS rotates it every year.
 *
 * @param account Whose key; that of the secret's owner.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-key
 */
export async function serviceKey(
  ctx: KeyDoors & Pick<WriteContext, 'store' | 'partition' | 'clock'>,
  service: ViaService,
  account: string,
): Promise<KmsKey> {
  const { region, partition, random } = ctx
  const now = ctx.clock.now()
  const place = { account, region }
  const name = serviceAlias(service)
  const id = random.uuid()
  // The alias first: of two servers that both find no key, only one gets it.
  const alias = { ...place, name, keyId: id, createdAt: now, updatedAt: now }
  const found = await ctx.store.keys.alias(place, name)
  if (!found && (await ctx.store.keys.addAlias(alias))) {
    const rotation = { periodDays: DEFAULT_ROTATION_DAYS, nextAt: daysAfter(now, DEFAULT_ROTATION_DAYS) }
    await ctx.store.keys.create(
      {
        ...place,
        id,
        description: serviceKeyDescription(service),
        state: 'Enabled',
        manager: 'AWS',
        policy: unbound(serviceKeyPolicy(service, { ...place, partition })),
        tags: {},
        createdAt: now,
        deleteAt: undefined,
        rotation,
      },
      newMaterial(ctx, { ...place, id }, { generation: 1, cause: 'FIRST', createdAt: now }),
    )
    await queueRotation(ctx.store, random, { ...place, arn: keyArn({ ...place, id }) }, rotation.nextAt)
  }
  return findNamed(ctx, { kind: 'alias', alias: name, ...place })
}
