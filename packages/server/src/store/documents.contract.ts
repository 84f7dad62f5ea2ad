import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { StoredDocument, StoredDocumentVersion } from './documents.ts'
import type { Store } from './store.ts'

const PLACE = { account: '111122223333', region: 'us-east-1' }
const ELSEWHERE = [
  { ...PLACE, account: '444455556666' },
  { ...PLACE, region: 'eu-west-1' },
]

function document(changes: Partial<StoredDocument> = {}): StoredDocument {
  return {
    ...PLACE,
    name: 'greet',
    defaultVersion: 1,
    latestVersion: 1,
    tags: { team: 'a' },
    createdAt: new Date(1000),
    ...changes,
  }
}

function version(number: number, changes: Partial<StoredDocumentVersion> = {}): StoredDocumentVersion {
  return {
    number,
    format: 'JSON',
    content: `{"n":${number}}`,
    schemaVersion: '2.2',
    platformTypes: ['Linux'],
    createdAt: new Date(1000 + number),
    ...changes,
  }
}

/** What every engine's documents must do. */
export function documentsContract(open: () => Promise<Store>): void {
  async function holding(...documents: readonly StoredDocument[]): Promise<Store> {
    const store = await open()
    for (const each of documents) await store.write((tx) => tx.documents.insert(each, version(1)))
    return store
  }

  describe('documents', () => {
    test('a document comes back as it was added and as it was changed, in its place only', async () => {
      await using store = await holding(document())
      const { documents } = store.read
      assert.deepEqual(await documents.find(PLACE, 'greet'), document())
      for (const place of ELSEWHERE) {
        assert.equal(await documents.find(place, 'greet'), undefined)
        assert.equal(await documents.version(place, 'greet', 1), undefined)
        assert.equal(await documents.count(place), 0)
        assert.deepEqual(await documents.list(place, { after: undefined, limit: 9 }), [])
      }
      const named = version(2, { versionName: 'two', displayName: 'Two', targetType: '/', format: 'YAML' })
      const changed = document({ latestVersion: 2, tags: {} })
      await store.write((tx) => tx.documents.addVersion(changed, named))
      assert.deepEqual(await documents.find(PLACE, 'greet'), changed)
      assert.deepEqual(await documents.version(PLACE, 'greet', 2), named)
      assert.deepEqual(await documents.versionNamed(PLACE, 'greet', 'two'), named)
      assert.equal(await documents.versionNamed(PLACE, 'greet', 'three'), undefined)
      const has = (content: string) => documents.hasContent(PLACE, 'greet', content)
      assert.deepEqual(
        [await has('{"n":1}'), await has('{"n":2}'), await has('{"n":3}')],
        [true, true, false],
      )
    })

    test('a list shows each document with its default version, in pages', async () => {
      await using store = await holding(document(), document({ name: 'a' }), document({ name: 'z' }))
      await store.write(async (tx) => {
        await tx.documents.addVersion(document({ latestVersion: 2 }), version(2))
        await tx.documents.addVersion(
          document({ name: 'z', latestVersion: 2, defaultVersion: 2 }),
          version(2),
        )
      })
      const shown = async (after?: string) =>
        (await store.read.documents.list(PLACE, { after, limit: 2 })).map((each) => [
          each.document.name,
          each.version.number,
        ])
      assert.deepEqual(await shown(), [
        ['a', 1],
        ['greet', 1],
      ])
      assert.deepEqual(await shown('greet'), [['z', 2]])
      assert.equal(await store.read.documents.count(PLACE), 3)
    })

    test('versions come from the newest down, in pages, and can be removed one by one', async () => {
      await using store = await holding(document())
      for (const number of [2, 3])
        await store.write((tx) =>
          tx.documents.addVersion(document({ latestVersion: number }), version(number)),
        )
      const numbers = async (before?: number) =>
        (await store.read.documents.versions(PLACE, 'greet', { before, limit: 2 })).map((each) => each.number)
      assert.deepEqual(await numbers(), [3, 2])
      assert.deepEqual(await numbers(2), [1])
      await store.write((tx) => tx.documents.removeVersion(document(), 2))
      assert.deepEqual(await numbers(), [3, 1])
    })

    test('a removed document takes its versions with it, and no other’s', async () => {
      await using store = await holding(document(), document({ name: 'other' }))
      await store.write((tx) => tx.documents.remove(document()))
      assert.equal(await store.read.documents.find(PLACE, 'greet'), undefined)
      assert.equal(await store.read.documents.version(PLACE, 'greet', 1), undefined)
      assert.deepEqual(await store.read.documents.version(PLACE, 'other', 1), version(1))
    })

    test('each change tells those that follow associations', async () => {
      await using store = await holding()
      let before = store.revision('associations')
      for (const change of [
        (): Promise<void> => store.write((tx) => tx.documents.insert(document(), version(1))),
        () => store.write((tx) => tx.documents.addVersion(document({ latestVersion: 2 }), version(2))),
        () => store.write((tx) => tx.documents.update(document())),
        () => store.write((tx) => tx.documents.removeVersion(document(), 2)),
        () => store.write((tx) => tx.documents.remove(document())),
      ]) {
        await change()
        const after = store.revision('associations')
        assert.ok(after > before)
        before = after
      }
    })
  })
}
