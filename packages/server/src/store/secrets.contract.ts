import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { arnOf, insertAll, LONG_AGO, NOW, PLACE, secret } from './secrets.test-support.ts'
import type { Secret, SecretQuery, SecretVersion } from './secrets.ts'
import type { Store } from './store.ts'

function version(id: string, changes: Partial<SecretVersion> = {}): SecretVersion {
  const value = {
    kind: 'string',
    sealed: Buffer.from(`sealed ${id}`),
    wrappedKey: Buffer.from('key'),
  } as const
  return { id, value, createdAt: LONG_AGO, ...changes }
}

function query(changes: Partial<SecretQuery> = {}): SecretQuery {
  return { order: 'name', descending: false, includeDeleted: false, limit: 100, ...changes }
}

async function listed(store: Store, changes: Partial<SecretQuery> = {}, now = NOW): Promise<string[]> {
  return (await store.read.secrets.list(PLACE, now, query(changes))).map(({ name }) => name)
}

/** Without the members that are there but undefined. */
function plain(one: Secret | undefined): unknown {
  return one && Object.fromEntries(Object.entries(one).filter(([, value]) => value !== undefined))
}

/** What every engine must do with secrets. */
export function secretsContract(open: () => Promise<Store>): void {
  describe('secrets', () => {
    test('a secret comes back as it went in, by name and by ARN', async () => {
      await using store = await open()
      const bare = secret('bare')
      const full = secret('full', {
        description: 'über alles',
        kmsKeyId: 'alias/mine',
        kmsKeyArn: 'arn:aws:kms:us-east-1:111122223333:key/1',
        labels: new Map([
          ['AWSCURRENT', 'v1'],
          ['__proto__', 'v2'],
        ]),
        tags: { a: '1', Key: '' },
        policy: { document: '{"a": 1}', bound: '{"a":"1"}', principals: { 'arn:x': 'AIDA1' } },
        rotation: {
          enabled: true,
          lambdaArn: 'arn:f',
          rules: { automaticallyAfterDays: 3 },
          rotatedAt: LONG_AGO,
          nextAt: NOW,
          anchorAt: LONG_AGO,
          run: {
            kind: 'rotation',
            versionId: 'v2',
            step: 'setSecret',
            startedAt: LONG_AGO,
            retryUntil: NOW,
            attempts: 2,
            givenUp: false,
            tokenDigest: 'abc',
          },
        },
        accessedAt: LONG_AGO,
        deletedAt: NOW,
        purgeAt: NOW,
      })
      await insertAll(store, bare, full)
      for (const one of [bare, full]) {
        assert.deepEqual(plain(await store.read.secrets.byName(PLACE, one.name)), one)
        assert.deepEqual(plain(await store.read.secrets.byArn(PLACE, one.arn)), one)
      }
    })

    test('no tags and an empty list of tags are different things', async () => {
      await using store = await open()
      await insertAll(store, secret('never'), secret('emptied', { tags: {} }))
      assert.equal((await store.read.secrets.byName(PLACE, 'never'))?.tags, undefined)
      assert.deepEqual((await store.read.secrets.byName(PLACE, 'emptied'))?.tags, {})
    })

    test('names are told apart by case, account and region', async () => {
      await using store = await open()
      const elsewhere = { account: '111122223333', region: 'eu-west-1' }
      await insertAll(store, secret('db'), secret('DB'), secret('db', elsewhere))
      assert.equal((await store.read.secrets.byName(PLACE, 'DB'))?.name, 'DB')
      assert.equal(await store.read.secrets.byName(PLACE, 'Db'), undefined)
      assert.equal((await store.read.secrets.byName(elsewhere, 'db'))?.arn, arnOf('db', elsewhere))
      assert.equal(await store.read.secrets.byArn(elsewhere, arnOf('db')), undefined)
      await assert.rejects(insertAll(store, secret('db')))
    })

    test('an update changes that secret alone, and neither its creation nor its last access', async () => {
      await using store = await open()
      await insertAll(store, secret('a', { accessedAt: LONG_AGO }), secret('b'))
      const labels = new Map([['AWSCURRENT', 'v1']])
      const changed = secret('a', {
        labels,
        tags: { k: 'v' },
        changedAt: NOW,
        createdAt: NOW,
        accessedAt: NOW,
      })
      await store.write((tx) => tx.secrets.update(changed))
      assert.deepEqual(plain(await store.read.secrets.byName(PLACE, 'a')), {
        ...changed,
        createdAt: LONG_AGO,
        accessedAt: LONG_AGO,
      })
      assert.deepEqual(plain(await store.read.secrets.byName(PLACE, 'b')), secret('b'))
    })
  })

  describe('versions of secrets', () => {
    test('a version comes back as it went in', async () => {
      await using store = await open()
      const value = {
        kind: 'binary',
        kmsKeyArn: 'arn:k',
        sealed: Buffer.from([0, 1, 255]),
        wrappedKey: Buffer.from([2]),
      } as const
      await store.write((tx) => tx.secrets.addVersion(PLACE, 'arn', version('v1', { value })))
      const found = await store.read.secrets.version(PLACE, 'arn', 'v1')
      assert.deepEqual(found?.createdAt, LONG_AGO)
      assert.equal(found?.accessedAt, undefined)
      assert.equal(found?.value?.kind, 'binary')
      assert.equal(found?.value?.kmsKeyArn, 'arn:k')
      assert.deepEqual(Buffer.from(found?.value?.sealed ?? []), value.sealed)
      assert.deepEqual(Buffer.from(found?.value?.wrappedKey ?? []), value.wrappedKey)
      assert.equal(await store.read.secrets.version(PLACE, 'arn', 'v2'), undefined)
      assert.equal(await store.read.secrets.version(PLACE, 'other', 'v1'), undefined)
    })

    test('a reserved version has no value until it is given one', async () => {
      await using store = await open()
      await store.write((tx) => tx.secrets.addVersion(PLACE, 'arn', version('v1', { value: undefined })))
      assert.equal((await store.read.secrets.version(PLACE, 'arn', 'v1'))?.value, undefined)
      assert.equal((await store.read.secrets.versions(PLACE, 'arn'))[0]?.value, undefined)
      const value = { kind: 'string', sealed: Buffer.from('s'), wrappedKey: Buffer.from('w') } as const
      await store.write((tx) => tx.secrets.setValue(PLACE, 'arn', 'v1', value))
      assert.equal((await store.read.secrets.version(PLACE, 'arn', 'v1'))?.value?.kind, 'string')
      assert.equal((await store.read.secrets.versions(PLACE, 'arn'))[0]?.value?.kind, 'string')
    })

    test('versions are listed newest first, then by id, without their values', async () => {
      await using store = await open()
      await store.write(async (tx) => {
        await tx.secrets.addVersion(PLACE, 'arn', version('old'))
        await tx.secrets.addVersion(PLACE, 'arn', version('b', { createdAt: NOW }))
        await tx.secrets.addVersion(PLACE, 'arn', version('a', { createdAt: NOW }))
        await tx.secrets.addVersion(PLACE, 'other', version('c'))
      })
      const versions = await store.read.secrets.versions(PLACE, 'arn')
      assert.deepEqual(
        versions.map(({ id }) => id),
        ['a', 'b', 'old'],
      )
      assert.deepEqual(Object.keys(versions[0]?.value ?? {}), ['kind', 'kmsKeyArn'])
      await store.write((tx) => tx.secrets.removeVersion(PLACE, 'arn', 'a'))
      assert.equal((await store.read.secrets.versions(PLACE, 'arn')).length, 2)
    })

    test('a touch marks the secret and the version, and never goes back', async () => {
      await using store = await open()
      const arn = arnOf('a')
      await insertAll(store, secret('a'))
      await store.write(async (tx) => {
        await tx.secrets.addVersion(PLACE, arn, version('v1'))
        await tx.secrets.touch(PLACE, arn, 'v1', NOW)
        await tx.secrets.touch(PLACE, arn, 'v1', LONG_AGO)
      })
      assert.deepEqual((await store.read.secrets.byName(PLACE, 'a'))?.accessedAt, NOW)
      assert.deepEqual((await store.read.secrets.version(PLACE, arn, 'v1'))?.accessedAt, NOW)
    })
  })

  describe('the end of a secret', () => {
    test('a purge waits for the very instant at which the recovery window ends', async () => {
      await using store = await open()
      const arn = arnOf('a')
      await insertAll(store, secret('a', { deletedAt: LONG_AGO, purgeAt: NOW }))
      await store.write((tx) => tx.secrets.addVersion(PLACE, arn, version('v1')))
      const before = new Date(NOW.getTime() - 1)
      assert.equal(await store.write((tx) => tx.secrets.purge(PLACE, arn, before)), false)
      assert.ok(await store.read.secrets.version(PLACE, arn, 'v1'))
      assert.equal(await store.write((tx) => tx.secrets.purge(PLACE, arn, NOW)), true)
      assert.equal(await store.read.secrets.byName(PLACE, 'a'), undefined)
      assert.equal(await store.read.secrets.version(PLACE, arn, 'v1'), undefined)
      assert.equal(await store.write((tx) => tx.secrets.purge(PLACE, arn, NOW)), false)
    })

    test('a purge never touches a secret that is in use', async () => {
      await using store = await open()
      await insertAll(store, secret('a'))
      assert.equal(await store.write((tx) => tx.secrets.purge(PLACE, arnOf('a'), NOW)), false)
      assert.ok(await store.read.secrets.byName(PLACE, 'a'))
    })

    test('a removal takes the versions along, and no other secret’s', async () => {
      await using store = await open()
      await insertAll(store, secret('a'), secret('b'))
      await store.write(async (tx) => {
        await tx.secrets.addVersion(PLACE, arnOf('a'), version('v1'))
        await tx.secrets.addVersion(PLACE, arnOf('b'), version('v1'))
        await tx.secrets.remove(PLACE, arnOf('a'))
      })
      assert.equal(await store.read.secrets.byArn(PLACE, arnOf('a')), undefined)
      assert.deepEqual(await store.read.secrets.versions(PLACE, arnOf('a')), [])
      assert.equal((await store.read.secrets.versions(PLACE, arnOf('b'))).length, 1)
    })
  })

  describe('lists of secrets', () => {
    test('names are ordered and bounded by their bytes', async () => {
      await using store = await open()
      await insertAll(store, ...['b', 'a', 'B', 'a/c', 'a-b', '_', '0'].map((name) => secret(name)))
      assert.deepEqual(await listed(store), ['0', 'B', '_', 'a', 'a-b', 'a/c', 'b'])
      assert.deepEqual(await listed(store, { descending: true, limit: 2 }), ['b', 'a/c'])
      assert.deepEqual(await listed(store, { namePrefixes: ['a'] }), ['a', 'a-b', 'a/c'])
      assert.deepEqual(await listed(store, { namePrefixes: ['a/', 'B', 'A'] }), ['B', 'a/c'])
      assert.equal((await listed(store, { namePrefixes: [''] })).length, 7)
    })

    test('of each order the next stretch begins where the last one ended, ties included', async () => {
      await using store = await open()
      const at = (ms: number) => new Date(NOW.getTime() + ms)
      await insertAll(
        store,
        secret('a', { createdAt: at(1), changedAt: at(3), accessedAt: at(5) }),
        secret('b', { createdAt: at(1), changedAt: at(2) }),
        secret('c', { createdAt: at(1), changedAt: at(1), accessedAt: at(5) }),
        secret('d', { createdAt: at(0), changedAt: at(3) }),
      )
      const expected = {
        name: ['a', 'b', 'c', 'd'],
        createdAt: ['d', 'a', 'b', 'c'],
        changedAt: ['c', 'b', 'a', 'd'],
        accessedAt: ['b', 'd', 'a', 'c'],
      } as const
      for (const order of ['name', 'createdAt', 'changedAt', 'accessedAt'] as const) {
        for (const descending of [false, true]) {
          const names: string[] = []
          let after: SecretQuery['after']
          for (;;) {
            const page = query({ order, descending, after, limit: 1 })
            const [one] = await store.read.secrets.list(PLACE, NOW, page)
            if (!one) break
            names.push(one.name)
            after = { name: one.name, at: order === 'name' ? 0 : (one[order]?.getTime() ?? 0) }
          }
          assert.deepEqual(names, descending ? expected[order].toReversed() : expected[order], order)
        }
      }
    })

    test('deleted secrets are listed only when asked for, and expired ones never', async () => {
      await using store = await open()
      await insertAll(
        store,
        secret('live'),
        secret('deleted', { deletedAt: LONG_AGO, purgeAt: new Date(NOW.getTime() + 1) }),
        secret('expired', { deletedAt: LONG_AGO, purgeAt: NOW }),
      )
      assert.deepEqual(await listed(store), ['live'])
      assert.deepEqual(await listed(store, { includeDeleted: true }), ['deleted', 'live'])
    })

    test('other accounts and regions are not listed', async () => {
      await using store = await open()
      await insertAll(
        store,
        secret('mine'),
        secret('a', { account: '444455556666' }),
        secret('b', { region: 'eu-west-1' }),
      )
      assert.deepEqual(await listed(store), ['mine'])
    })

    test('lists leave out the policies', async () => {
      await using store = await open()
      await insertAll(store, secret('a', { policy: { document: '{}', bound: '{}', principals: {} } }))
      const [one] = await store.read.secrets.list(PLACE, NOW, query())
      assert.equal(one?.policy, undefined)
    })
  })
}
