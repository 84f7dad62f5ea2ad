import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { unbound } from '../gateway/bound-policy.ts'
import type { Context } from '../gateway/context.ts'
import { systemRandom } from '../platform/random.ts'
import { blobHeader, parseBlob } from './blob.ts'
import { generateDataKey, type KeyUse, type KmsKey, resolveKey, serviceKey, unwrapDataKey } from './index.ts'
import { keyArn } from './key-id.ts'
import { defaultKeyPolicy } from './key-policies.ts'
import { decrypt, newMaterial } from './material.ts'
import { ROTATE_JOB, rotateMaterial } from './rotation.ts'
import { ACCOUNT, OTHER_ACCOUNT, Scene } from './scene.test-support.ts'

const PLACE = { account: ACCOUNT, region: 'us-east-1' }
const CONTEXT = { SecretARN: 'arn:secret', SecretVersionId: 'v1' }
const VIA: KeyUse = { encryptionContext: CONTEXT, viaService: 'secretsmanager' }
const DIRECT: KeyUse = { encryptionContext: CONTEXT }
const USE = allow('kms:GenerateDataKey', 'kms:Decrypt')

function allow(...actions: string[]): object {
  return { Effect: 'Allow', Action: actions, Resource: '*' }
}

async function newKey(scene: Scene, policy: string = defaultKeyPolicy(ACCOUNT, 'aws')): Promise<KmsKey> {
  const id = systemRandom.uuid()
  const createdAt = scene.clock.now()
  const first = newMaterial(
    { keyring: scene.keyring, random: systemRandom },
    { ...PLACE, id },
    { generation: 1, cause: 'FIRST', createdAt },
  )
  const key = {
    ...PLACE,
    id,
    description: '',
    state: 'Enabled',
    manager: 'CUSTOMER',
    policy: unbound(policy),
    tags: {},
  } as const
  await scene.store.write((tx) =>
    tx.keys.create({ ...key, createdAt, deleteAt: undefined, rotation: undefined }, first),
  )
  return resolveKey(scene.reader(), id)
}

async function wrap(ctx: Context, key: KmsKey, use: KeyUse = VIA): Promise<Uint8Array> {
  const { dataKey, wrapped } = await generateDataKey(ctx, key, use)
  dataKey[Symbol.dispose]()
  return wrapped
}

describe('generateDataKey and unwrapDataKey', () => {
  test('the data key comes back, of 32 bytes, and every one is different', async () => {
    await using scene = await Scene.open()
    const key = await newKey(scene)
    const ctx = scene.reader([USE])
    const one = await generateDataKey(ctx, key, VIA)
    const two = await generateDataKey(ctx, key, VIA)
    assert.equal(one.dataKey.reveal().length, 32)
    assert.notDeepEqual(one.dataKey.reveal(), two.dataKey.reveal())
    assert.notDeepEqual(one.wrapped, two.wrapped)
    const opened = await unwrapDataKey(ctx, one.wrapped, VIA)
    assert.deepEqual(opened.reveal(), one.dataKey.reveal())
  })

  test('the data key is not in what wraps it', async () => {
    await using scene = await Scene.open()
    const { dataKey, wrapped } = await generateDataKey(scene.reader([USE]), await newKey(scene), VIA)
    assert.equal(Buffer.from(wrapped).includes(Buffer.from(dataKey.reveal())), false)
  })

  test('InvalidCiphertextException — for another encryption context', async () => {
    await using scene = await Scene.open()
    const ctx = scene.reader([USE])
    const wrapped = await wrap(ctx, await newKey(scene))
    for (const encryptionContext of [{}, { ...CONTEXT, SecretVersionId: 'v2' }, { ...CONTEXT, more: '' }])
      await assert.rejects(unwrapDataKey(ctx, wrapped, { ...VIA, encryptionContext }), {
        code: 'InvalidCiphertextException',
        message: '',
      })
  })

  test('ValidationException — half a surrogate pair in the encryption context', async () => {
    await using scene = await Scene.open()
    const ctx = scene.reader([USE])
    const key = await newKey(scene)
    await assert.rejects(generateDataKey(ctx, key, { encryptionContext: { a: '\ud800' } }), {
      code: 'ValidationException',
    })
  })

  test('AccessDeniedException — each needs its own permission on the key', async () => {
    await using scene = await Scene.open()
    const key = await newKey(scene)
    const wrapped = await wrap(scene.reader([USE]), key)
    await assert.rejects(generateDataKey(scene.reader([allow('kms:Decrypt')]), key, VIA), {
      code: 'AccessDeniedException',
    })
    await assert.rejects(unwrapDataKey(scene.reader([allow('kms:GenerateDataKey')]), wrapped, VIA), {
      code: 'AccessDeniedException',
    })
    await wrap(scene.reader([allow('kms:GenerateDataKey')]), key)
    await unwrapDataKey(scene.reader([allow('kms:Decrypt')]), wrapped, VIA)
  })

  test('a grant stands in for a permission, within its constraints', async () => {
    await using scene = await Scene.open()
    const key = await newKey(scene)
    const nobody = scene.reader()
    await scene.store.write((tx) =>
      tx.keys.addGrant({
        ...PLACE,
        keyId: key.id,
        id: 'g',
        name: undefined,
        grantee: { arn: nobody.principal.arn, id: nobody.principal.userId },
        retiring: undefined,
        operations: ['GenerateDataKey', 'Decrypt'],
        constraints: { subset: { SecretARN: 'arn:secret' } },
        issuer: ACCOUNT,
        createdAt: scene.clock.now(),
      }),
    )
    await unwrapDataKey(nobody, await wrap(nobody, key), VIA)
    await assert.rejects(generateDataKey(nobody, key, { encryptionContext: { SecretARN: 'other' } }), {
      code: 'AccessDeniedException',
    })
    const denied = scene.reader([{ Effect: 'Deny', Action: 'kms:*', Resource: '*' }])
    await assert.rejects(generateDataKey(denied, key, VIA), { code: 'AccessDeniedException' })
  })

  test('kms:ViaService holds for what the service does for its caller, and not for the caller’s own calls', async () => {
    await using scene = await Scene.open()
    const key = await newKey(scene)
    const Condition = { StringEquals: { 'kms:ViaService': 'secretsmanager.us-east-1.amazonaws.com' } }
    const ctx = scene.reader([{ ...USE, Condition }])
    const wrapped = await wrap(ctx, key)
    await unwrapDataKey(ctx, wrapped, VIA)
    for (const use of [DIRECT, { ...DIRECT, viaService: 'ssm' }] as const) {
      await assert.rejects(generateDataKey(ctx, key, use), { code: 'AccessDeniedException' })
      await assert.rejects(unwrapDataKey(ctx, wrapped, use), { code: 'AccessDeniedException' })
    }
  })

  test('a caller of another account needs the key’s policy and their own', async () => {
    await using scene = await Scene.open()
    const open = await newKey(scene, openTo(OTHER_ACCOUNT))
    const closed = await newKey(scene)
    const permitted = scene.reader([USE], OTHER_ACCOUNT)
    await unwrapDataKey(permitted, await wrap(permitted, open), VIA)
    await assert.rejects(generateDataKey(permitted, closed, VIA), { code: 'AccessDeniedException' })
    await assert.rejects(generateDataKey(scene.reader([], OTHER_ACCOUNT), open, VIA), {
      code: 'AccessDeniedException',
    })
  })

  test('DisabledException and KMSInvalidStateException — for a key out of use, and only to who may use it', async () => {
    await using scene = await Scene.open()
    const key = await newKey(scene)
    const ctx = scene.reader([USE])
    const wrapped = await wrap(ctx, key)
    for (const [state, code] of [
      ['Disabled', 'DisabledException'],
      ['PendingDeletion', 'KMSInvalidStateException'],
    ] as const) {
      await scene.store.write((tx) => tx.keys.save({ ...key, state, deleteAt: new Date(0) }))
      const now = await resolveKey(ctx, key.id)
      await assert.rejects(generateDataKey(ctx, now, VIA), { code })
      await assert.rejects(unwrapDataKey(ctx, wrapped, VIA), { code })
      await assert.rejects(unwrapDataKey(scene.reader(), wrapped, VIA), { code: 'AccessDeniedException' })
    }
    await scene.store.write((tx) => tx.keys.remove(PLACE, key.id, scene.clock.now()))
    await assert.rejects(unwrapDataKey(ctx, wrapped, VIA), { code: 'NotFoundException' })
    await assert.rejects(unwrapDataKey(scene.reader(), wrapped, VIA), { code: 'AccessDeniedException' })
  })

  test('InvalidCiphertextException — the same sealed bytes under another head', async () => {
    await using scene = await Scene.open()
    const ctx = scene.reader([USE])
    const key = await newKey(scene)
    const blob = parseBlob(await wrap(ctx, key))
    const header = blobHeader({ ...blob.name, account: OTHER_ACCOUNT })
    await decrypt(ctx, key, blob, CONTEXT)
    await assert.rejects(decrypt(ctx, key, { ...blob, header }, CONTEXT), {
      code: 'InvalidCiphertextException',
    })
  })

  test('material moved to another key’s row does not open', async () => {
    await using scene = await Scene.open()
    const [one, two] = [await newKey(scene), await newKey(scene)]
    const stolen = await scene.store.read.keys.material(PLACE, one.id, 1)
    assert.ok(stolen)
    await scene.store.write((tx) => tx.keys.addMaterial(PLACE, two.id, { ...stolen, generation: 2 }))
    const moved = await resolveKey(scene.reader(), two.id)
    await assert.rejects(generateDataKey(scene.reader([USE]), moved, VIA), { name: 'OpenFailure' })
  })
})

describe('the caches', () => {
  test('while no key changes, opening a data key reads nothing from the store', async () => {
    await using scene = await Scene.open()
    const ctx = scene.reader([USE])
    const wrapped = await wrap(ctx, await newKey(scene))
    await unwrapDataKey(ctx, wrapped, VIA)
    scene.reads = 0
    for (let i = 0; i < 10; i++) await unwrapDataKey(scene.reader([USE]), wrapped, VIA)
    assert.equal(scene.reads, 0)
  })

  test('a change counts from its commit on: policy, state and rotation', async () => {
    await using scene = await Scene.open()
    const ctx = scene.reader([USE])
    const key = await newKey(scene)
    const wrapped = await wrap(ctx, key)
    await unwrapDataKey(ctx, wrapped, VIA)
    const rooms = { keyring: scene.keyring, random: systemRandom }
    const which = { cause: 'ON_DEMAND', createdAt: scene.clock.now() } as const
    await scene.store.write((tx) => rotateMaterial(tx, rooms, key, which))
    const rotated = await resolveKey(ctx, key.id)
    assert.equal(rotated.generation, 2)
    await unwrapDataKey(ctx, wrapped, VIA)
    await unwrapDataKey(ctx, await wrap(ctx, rotated), VIA)
    await scene.store.write((tx) => tx.keys.save({ ...key, policy: unbound(openTo(OTHER_ACCOUNT)) }))
    await assert.rejects(unwrapDataKey(ctx, wrapped, VIA), { code: 'AccessDeniedException' })
  })

  test('what a transaction saw and did not commit is not kept', async () => {
    await using scene = await Scene.open()
    const key = await newKey(scene)
    const wrapped = await wrap(scene.reader([USE]), key)
    const undone = scene.write(
      async (ctx) => {
        await ctx.store.keys.save({ ...key, state: 'Disabled' })
        await assert.rejects(unwrapDataKey(ctx, wrapped, VIA), { code: 'DisabledException' })
        throw new Error('undone')
      },
      [USE],
    )
    await assert.rejects(undone, { message: 'undone' })
    await unwrapDataKey(scene.reader([USE]), wrapped, VIA)
  })
})

describe('serviceKey', () => {
  test('is made once, with AWS’s alias, words and yearly rotation', async () => {
    await using scene = await Scene.open()
    const key = await scene.write((ctx) => serviceKey(ctx, 'secretsmanager', PLACE.account))
    const again = await scene.write((ctx) => serviceKey(ctx, 'secretsmanager', PLACE.account))
    assert.deepEqual(again, key)
    assert.equal(key.manager, 'AWS')
    assert.deepEqual(key.aliases, ['alias/aws/secretsmanager'])
    assert.equal(
      key.description,
      'Default key that protects my Secrets Manager data when no other key is defined',
    )
    assert.equal(key.rotation?.periodDays, 365)
    const job = await scene.store.read.jobs.find(PLACE, ROTATE_JOB, keyArn(key))
    assert.deepEqual(job?.runAt, key.rotation.nextAt)
    assert.notEqual((await scene.write((ctx) => serviceKey(ctx, 'ssm', PLACE.account))).id, key.id)
    const theirs = await scene.write((ctx) => serviceKey(ctx, 'secretsmanager', OTHER_ACCOUNT))
    assert.equal(theirs.account, OTHER_ACCOUNT)
  })

  test('any principal of the account may use it through its service, and nobody in any other way', async () => {
    await using scene = await Scene.open()
    const key = await scene.write((ctx) => serviceKey(ctx, 'secretsmanager', PLACE.account))
    const nobody = scene.reader()
    await unwrapDataKey(nobody, await wrap(nobody, key), VIA)
    const everything = [allow('*')]
    for (const [ctx, use] of [
      [scene.reader(everything), DIRECT],
      [scene.reader(everything), { ...DIRECT, viaService: 'ssm' }],
      [scene.reader(everything, OTHER_ACCOUNT), VIA],
    ] as const)
      await assert.rejects(generateDataKey(ctx, key, use), { code: 'AccessDeniedException' })
  })
})

function openTo(account: string): string {
  return defaultKeyPolicy(account, 'aws')
}
