import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { FleetNode } from '../store/nodes.ts'
import { openTestStore } from '../store/test-store.ts'
import { testNode, testNodeId } from './nodes.test-support.ts'
import { isSelected, selectedNodes, selectionOf } from './targets.ts'

const AT = new Date(0)
const PLACE = { account: '111122223333', region: 'us-east-1' }

describe('targets', () => {
  test('all must be met, each by one of its values', () => {
    const node = testNode(1, AT, { tags: { team: 'a', env: 'prod' } })
    const meets = (...targets: readonly { readonly Key: string; readonly Values: readonly string[] }[]) => {
      const selection = selectionOf(targets)
      return selection && isSelected(node, selection)
    }
    assert.equal(meets({ Key: 'tag:team', Values: ['b', 'a'] }), true)
    assert.equal(meets({ Key: 'tag:team', Values: ['A'] }), false)
    assert.equal(meets({ Key: 'tag:team', Values: ['a'] }, { Key: 'tag:env', Values: ['test'] }), false)
    assert.equal(meets({ Key: 'tag-key', Values: ['none', 'env'] }), true)
    assert.equal(meets({ Key: 'tag-key', Values: ['toString'] }), false)
    assert.equal(meets({ Key: 'InstanceIds', Values: [testNodeId(1)] }), true)
    assert.equal(meets({ Key: 'InstanceIds', Values: [testNodeId(1).replace('mi-', 'i-')] }), true)
    assert.equal(meets({ Key: 'InstanceIds', Values: [testNodeId(2)] }), false)
    assert.equal(meets({ Key: 'InstanceIds', Values: ['web-1'] }), false)
    assert.equal(meets({ Key: 'InstanceIds', Values: ['*'] }), true)
    assert.equal(
      meets({ Key: 'InstanceIds', Values: [testNodeId(1)] }, { Key: 'InstanceIds', Values: [testNodeId(2)] }),
      false,
    )
  })

  test('a key that means nothing here is not passed over', () => {
    for (const Key of ['resource-groups:Name', 'instanceids', 'Tag:team', ''])
      assert.equal(selectionOf([{ Key, Values: ['a'] }]), undefined, Key)
  })

  test('the store finds the nodes that the rule selects, and no others', async () => {
    const words = fc.constantFrom('a', 'b', 'A', '')
    const tags = fc.dictionary(fc.constantFrom('k', 'l', 'm'), words, { noNullPrototype: true })
    const target = fc.oneof(
      fc.record({ Key: fc.constantFrom('tag:k', 'tag:l'), Values: fc.array(words, { maxLength: 2 }) }),
      fc.record({
        Key: fc.constant('tag-key'),
        Values: fc.array(fc.constantFrom('k', 'm'), { maxLength: 2 }),
      }),
      fc.record({
        Key: fc.constant('InstanceIds'),
        Values: fc.array(fc.constantFrom(testNodeId(1), testNodeId(3), '*', 'web'), { maxLength: 3 }),
      }),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(tags, { minLength: 1, maxLength: 4 }),
        fc.array(target, { maxLength: 3 }),
        async (all, targets) => {
          await using store = await openTestStore()
          const nodes: FleetNode[] = all.map((each, i) => testNode(i + 1, AT, { tags: each }))
          await store.write(async (tx) => {
            for (const each of nodes) await tx.nodes.insert(each)
          })
          const selection = selectionOf(targets) ?? assert.fail()
          const found = await selectedNodes(store.read.nodes, PLACE, selection)
          assert.deepEqual(
            found.map(({ id }) => id),
            nodes.filter((each) => isSelected(each, selection)).map(({ id }) => id),
          )
        },
      ),
      { numRuns: 60 },
    )
  })

  test('a selection of thousands comes whole', async () => {
    await using store = await openTestStore()
    await store.write(async (tx) => {
      for (let i = 1; i <= 2_001; i++) await tx.nodes.insert(testNode(i, AT, { tags: { team: 'a' } }))
    })
    const selection = selectionOf([{ Key: 'tag:team', Values: ['a'] }]) ?? assert.fail()
    assert.equal((await selectedNodes(store.read.nodes, PLACE, selection)).length, 2_001)
  })
})
