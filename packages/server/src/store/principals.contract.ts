import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { AccessKey, Group, ManagedPolicy, PrincipalWriter, Role, User } from './principals.ts'
import type { Store } from './store.ts'

const A = '111122223333'
const B = '444455556666'
const NAMED = { account: A, path: '/', createdAt: new Date(1000) }

function user(name: string, changes: Partial<User> = {}): User {
  return { ...NAMED, kind: 'user', id: `AIDA-${name}`, name, tags: { __proto: 'ä' }, ...changes }
}

function group(name: string): Group {
  return { ...NAMED, kind: 'group', id: `AGPA-${name}`, name }
}

function role(name: string, changes: Partial<Role> = {}): Role {
  const trust = {
    document: '{}',
    bound: '{"a":1}',
    principals: { [`arn:aws:iam::${A}:user/ada`]: 'AIDA-ada' },
  }
  return {
    ...NAMED,
    kind: 'role',
    id: `AROA-${name}`,
    name,
    trust,
    maxSessionSeconds: 3600,
    tags: {},
    ...changes,
  }
}

function policy(name: string): ManagedPolicy {
  const versions = { defaultVersionId: 'v1', lastVersionNumber: 1, updatedAt: new Date(2000) }
  return { ...NAMED, kind: 'policy', id: `ANPA-${name}`, name, ...versions, tags: {} }
}

function accessKey(id: string, changes: Partial<AccessKey> = {}): AccessKey {
  return {
    account: A,
    id,
    ownerId: 'AIDA-ada',
    sealedSecret: Buffer.from([0, 255]),
    active: true,
    createdAt: new Date(1000),
    ...changes,
  }
}

const VERSION = { document: '{}', createdAt: new Date(3000) }
const ARN = `arn:aws:iam::${A}:policy/p`

async function holding(
  open: () => Promise<Store>,
  fill: (principals: PrincipalWriter) => Promise<void>,
): Promise<Store> {
  const store = await open()
  await store.write((tx) => fill(tx.principals))
  return store
}

/**
 * What every engine must do with accounts, users, groups, roles, policies and access keys. In one file although it is
 * long: the parts are filled with the same users, groups, roles and policies, which stand above.
 */
export function principalContract(open: () => Promise<Store>): void {
  describe('accounts', () => accountTests(open))
  describe('users, groups, roles and policies', () => entityTests(open))
  describe('what hangs on them', () => belongingTests(open))
  describe('access keys', () => keyTests(open))
}

function accountTests(open: () => Promise<Store>): void {
  test('an account comes back, with its alias and without it', async () => {
    await using store = await holding(open, (tx) => tx.addAccount({ id: A, createdAt: new Date(1000) }))
    assert.deepEqual(await store.read.principals.account(A), { id: A, createdAt: new Date(1000) })
    assert.equal(await store.read.principals.account(B), undefined)
    await store.write((tx) => tx.principals.setAlias(A, 'house'))
    assert.equal((await store.read.principals.accountOfAlias('house'))?.id, A)
    await store.write((tx) => tx.principals.setAlias(A, undefined))
    assert.equal(await store.read.principals.accountOfAlias('house'), undefined)
    assert.equal((await store.read.principals.accounts()).length, 1)
  })

  test('an alias belongs to one account', async () => {
    await using store = await holding(open, async (tx) => {
      await tx.addAccount({ id: A, alias: 'house', createdAt: new Date(1000) })
      await tx.addAccount({ id: B, createdAt: new Date(1000) })
    })
    await assert.rejects(store.write((tx) => tx.principals.setAlias(B, 'house')))
  })
}

function entityTests(open: () => Promise<Store>): void {
  test('each kind comes back as it was put, by name in whatever case and by id', async () => {
    const full = [
      user('Ada', { boundaryArn: ARN }),
      group('ops'),
      role('r', { description: 'd' }),
      { ...policy('p'), description: 'd' },
    ]
    await using store = await holding(open, async (tx) => {
      for (const entity of full) await tx.put(entity)
    })
    const { principals } = store.read
    for (const entity of full) {
      assert.deepEqual(await principals.find(A, entity.kind, entity.name.toUpperCase()), entity)
      assert.deepEqual(await principals.byId(A, entity.id), entity)
      assert.equal(await principals.find(B, entity.kind, entity.name), undefined)
      assert.equal(await principals.byId(B, entity.id), undefined)
      assert.equal(await principals.count(A, entity.kind), 1)
    }
    assert.equal(await principals.find(A, 'group', 'ada'), undefined)
  })

  test('putting again changes what may change, and a boundary that is taken off is gone', async () => {
    await using store = await holding(open, (tx) => tx.put(user('ada', { boundaryArn: ARN })))
    const changed = user('ada', { name: 'Bob', path: '/x/', boundaryArn: undefined, tags: {} })
    await store.write((tx) => tx.principals.put(changed))
    const found = await store.read.principals.find(A, 'user', 'bob')
    assert.deepEqual([found?.path, found?.boundaryArn, found?.tags], ['/x/', undefined, {}])
    assert.equal(await store.read.principals.find(A, 'user', 'ada'), undefined)
    assert.deepEqual(await store.read.principals.boundedBy(A, ARN), [])
  })

  test('a name that is taken is refused, whatever its case; in another kind or account it is free', async () => {
    await using store = await holding(open, (tx) => tx.put(user('ada')))
    await assert.rejects(store.write((tx) => tx.principals.put(user('ADA', { id: 'AIDA-2' }))))
    await store.write(async (tx) => {
      await tx.principals.put(group('ada'))
      await tx.principals.put(user('ada', { account: B, id: 'AIDA-3' }))
    })
  })

  test('lists come in the order of names, in pages, under a path taken letter by letter', async () => {
    await using store = await holding(open, async (tx) => {
      for (const name of ['carol', 'Bob', 'ada']) await tx.put(user(name, { path: '/a_b/' }))
      await tx.put(user('dan', { path: '/axb/' }))
    })
    const names = async (page: { after?: string; limit: number; pathPrefix?: string }) =>
      (await store.read.principals.list(A, 'user', { pathPrefix: '/a_', ...page })).map(({ name }) => name)
    assert.deepEqual(await names({ limit: 2 }), ['ada', 'Bob'])
    assert.deepEqual(await names({ limit: 2, after: 'BOB' }), ['carol'])
    assert.deepEqual(await names({ limit: 9, pathPrefix: '/' }), ['ada', 'Bob', 'carol', 'dan'])
  })
}

function belongingTests(open: () => Promise<Store>): void {
  test('inline policies are replaced by name, listed by name and removed once', async () => {
    await using store = await holding(open, async (tx) => {
      await tx.putInlinePolicy(A, 'x', { name: 'two', document: '{}' })
      await tx.putInlinePolicy(A, 'x', { name: 'one', document: '{}' })
      await tx.putInlinePolicy(A, 'x', { name: 'one', document: '{"b":1}' })
    })
    assert.deepEqual(await store.read.principals.inlinePolicies(A, 'x'), [
      { name: 'one', document: '{"b":1}' },
      { name: 'two', document: '{}' },
    ])
    assert.deepEqual(await store.read.principals.inlinePolicies(B, 'x'), [])
    assert.equal(await store.write((tx) => tx.principals.removeInlinePolicy(A, 'x', 'one')), true)
    assert.equal(await store.write((tx) => tx.principals.removeInlinePolicy(A, 'x', 'one')), false)
  })

  test('attachments are seen from both ends, once each', async () => {
    const attachment = { ownerKind: 'role', ownerId: 'AROA-r', policyArn: ARN } as const
    await using store = await holding(open, async (tx) => {
      await tx.attach(A, attachment)
      await tx.attach(A, attachment)
    })
    assert.deepEqual(await store.read.principals.attachmentsOf(A, 'AROA-r'), [ARN])
    assert.deepEqual(await store.read.principals.attachmentsTo(A, ARN), [attachment])
    assert.deepEqual(await store.read.principals.attachmentsTo(B, ARN), [])
    assert.equal(await store.write((tx) => tx.principals.detach(A, 'AROA-r', ARN)), true)
    assert.equal(await store.write((tx) => tx.principals.detach(A, 'AROA-r', ARN)), false)
  })

  test('memberships are seen from both ends', async () => {
    await using store = await holding(open, async (tx) => {
      for (const entity of [user('ada'), user('Bob'), group('ops'), group('dev')]) await tx.put(entity)
      for (const name of ['Bob', 'ada', 'ada']) await tx.addMember(A, 'AGPA-ops', `AIDA-${name}`)
      await tx.addMember(A, 'AGPA-dev', 'AIDA-ada')
    })
    const { principals } = store.read
    assert.deepEqual(
      (await principals.membersOf(A, 'AGPA-ops')).map(({ name }) => name),
      ['ada', 'Bob'],
    )
    assert.deepEqual(
      (await principals.groupsOf(A, 'AIDA-ada')).map(({ name }) => name),
      ['dev', 'ops'],
    )
    assert.equal(await store.write((tx) => tx.principals.removeMember(A, 'AGPA-ops', 'AIDA-ada')), true)
    assert.equal(await store.write((tx) => tx.principals.removeMember(A, 'AGPA-ops', 'AIDA-ada')), false)
  })

  test('versions come newest first, by number', async () => {
    await using store = await holding(open, async (tx) => {
      for (const versionId of ['v9', 'v10', 'v2'])
        await tx.addPolicyVersion(A, 'ANPA-p', { ...VERSION, versionId })
    })
    const { principals } = store.read
    assert.deepEqual(
      (await principals.policyVersions(A, 'ANPA-p')).map(({ versionId }) => versionId),
      ['v10', 'v9', 'v2'],
    )
    assert.deepEqual(await principals.policyVersion(A, 'ANPA-p', 'v9'), { ...VERSION, versionId: 'v9' })
    for (const none of ['v1', '9', 'v09', 'v9.0']) {
      assert.equal(await principals.policyVersion(A, 'ANPA-p', none), undefined)
    }
    await store.write((tx) => tx.principals.removePolicyVersion(A, 'ANPA-p', 'v9'))
    assert.equal(await principals.policyVersion(A, 'ANPA-p', 'v9'), undefined)
  })

  test('whatever is removed takes along what hangs on it, and nothing else', async () => {
    await using store = await holding(open, async (tx) => {
      for (const entity of [user('ada'), user('bob'), group('ops'), policy('p')]) await tx.put(entity)
      for (const ownerId of ['AIDA-ada', 'AIDA-bob']) {
        await tx.putInlinePolicy(A, ownerId, { name: 'one', document: '{}' })
        await tx.attach(A, { ownerKind: 'user', ownerId, policyArn: ARN })
        await tx.addMember(A, 'AGPA-ops', ownerId)
      }
      await tx.addPolicyVersion(A, 'ANPA-p', { ...VERSION, versionId: 'v1' })
      await tx.remove(A, 'AIDA-ada')
      await tx.remove(A, 'ANPA-p')
    })
    const { principals } = store.read
    assert.equal(await principals.byId(A, 'AIDA-ada'), undefined)
    assert.deepEqual(await principals.policyVersions(A, 'ANPA-p'), [])
    for (const [ownerId, left] of [
      ['AIDA-ada', 0],
      ['AIDA-bob', 1],
    ] as const) {
      assert.equal((await principals.inlinePolicies(A, ownerId)).length, left)
      assert.equal((await principals.attachmentsOf(A, ownerId)).length, left)
      assert.equal((await principals.groupsOf(A, ownerId)).length, left)
    }
  })
}

function keyTests(open: () => Promise<Store>): void {
  test('a key is found by its id alone, and listed with its owner, oldest first', async () => {
    const newer = accessKey('AKIA-1', { createdAt: new Date(2000) })
    const older = accessKey('AKIA-2', { active: false })
    await using store = await holding(open, async (tx) => {
      await tx.addAccessKey(newer)
      await tx.addAccessKey(older)
    })
    const found = await store.read.principals.accessKey('AKIA-2')
    assert.deepEqual({ ...found, sealedSecret: Buffer.from(found?.sealedSecret ?? []) }, older)
    assert.deepEqual(
      (await store.read.principals.accessKeysOf(A, 'AIDA-ada')).map(({ id }) => id),
      ['AKIA-2', 'AKIA-1'],
    )
    await store.write((tx) => tx.principals.setAccessKeyActive(A, 'AKIA-2', true))
    assert.equal((await store.read.principals.accessKey('AKIA-2'))?.active, true)
    await store.write((tx) => tx.principals.removeAccessKey(B, 'AKIA-2'))
    assert.ok(await store.read.principals.accessKey('AKIA-2'))
    await store.write((tx) => tx.principals.removeAccessKey(A, 'AKIA-2'))
    assert.equal(await store.read.principals.accessKey('AKIA-2'), undefined)
  })

  test('a key id is given once in the whole installation', async () => {
    await using store = await holding(open, (tx) => tx.addAccessKey(accessKey('AKIA-1')))
    await assert.rejects(store.write((tx) => tx.principals.addAccessKey(accessKey('AKIA-1', { account: B }))))
  })

  test('the last use is the newest that was noted', async () => {
    const first = { at: new Date(1000), region: 'us-east-1', service: 'kms' }
    const second = { at: new Date(2000), region: 'eu-west-1', service: 'sts' }
    await using store = await holding(open, async (tx) => {
      await tx.noteUse(A, 'AKIA-1', first)
      await tx.noteUse(A, 'AKIA-1', second)
    })
    assert.deepEqual(await store.read.principals.lastUse(A, 'AKIA-1'), second)
    assert.equal(await store.read.principals.lastUse(B, 'AKIA-1'), undefined)
  })

  test('every change that a decision could depend on is a new revision, and a last use is none', async () => {
    await using store = await holding(open, (tx) => tx.put(user('ada')))
    const changes: ((tx: PrincipalWriter) => Promise<unknown>)[] = [
      (tx) => tx.addAccount({ id: A, createdAt: new Date(1) }),
      (tx) => tx.put(group('ops')),
      (tx) => tx.addPolicyVersion(A, 'ANPA-p', { ...VERSION, versionId: 'v1' }),
      (tx) => tx.removePolicyVersion(A, 'ANPA-p', 'v1'),
      (tx) => tx.putInlinePolicy(A, 'AIDA-ada', { name: 'p', document: '{}' }),
      (tx) => tx.removeInlinePolicy(A, 'AIDA-ada', 'p'),
      (tx) => tx.attach(A, { ownerKind: 'user', ownerId: 'AIDA-ada', policyArn: ARN }),
      (tx) => tx.detach(A, 'AIDA-ada', ARN),
      (tx) => tx.addMember(A, 'AGPA-ops', 'AIDA-ada'),
      (tx) => tx.removeMember(A, 'AGPA-ops', 'AIDA-ada'),
      (tx) => tx.addAccessKey(accessKey('AKIA-1')),
      (tx) => tx.setAccessKeyActive(A, 'AKIA-1', false),
      (tx) => tx.removeAccessKey(A, 'AKIA-1'),
      (tx) => tx.remove(A, 'AIDA-ada'),
    ]
    for (const change of changes) {
      const before = store.revision('principals')
      await store.write((tx) => change(tx.principals))
      assert.ok(store.revision('principals') > before, String(change))
    }
    const before = store.revision('principals')
    await store.write((tx) => tx.principals.noteUse(A, 'x', { at: new Date(1), region: 'r', service: 's' }))
    assert.equal(store.revision('principals'), before)
  })
}
