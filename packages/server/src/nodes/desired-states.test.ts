import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeAssociation } from '@lockstep/wire'
import { testNode } from '../fleet/nodes.test-support.ts'
import type { Store } from '../store/store.ts'
import { openTestStore } from '../store/test-store.ts'
import { TEST_ACCOUNT, TEST_REGION } from '../testing/server.ts'
import { DesiredStates } from './desired-states.ts'
import { MemoryAssociations } from './doubles.test-support.ts'

const PLACE = { account: TEST_ACCOUNT, region: TEST_REGION }
const NODES = 200

/** The store, and how often it was written to. */
function counting(store: Store): { readonly store: Store; writes: number } {
  const counted = { writes: 0, store }
  counted.store = new Proxy(store, {
    get(target, name) {
      if (name === 'write') counted.writes++
      const member: unknown = Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
  return counted
}

test('a change for hundreds of nodes is one commit, each node has its next generation, and no change is no commit', async () => {
  await using opened = await openTestStore()
  const nodes = Array.from({ length: NODES }, (_, n) => testNode(n + 1, new Date()))
  await opened.write(async (tx) => {
    for (const node of nodes) await tx.nodes.insert(node)
  })
  const ids = nodes.map(({ id }) => id)
  const associations = new MemoryAssociations()
  const want = (version: string, some: readonly string[]) => {
    const association: NodeAssociation = { associationId: 'a', version, steps: [] }
    for (const id of some) associations.wanted.set(id, [association])
  }
  const counted = counting(opened)
  const states = new DesiredStates(counted.store, associations)
  const generations = async () =>
    [...(await states.of(PLACE, ids))].map(
      ([
        ,
        {
          generation,
          associations: [first],
        },
      ]) => [generation, first?.version],
    )

  want('1', ids)
  assert.deepEqual(
    await generations(),
    ids.map(() => [1, '1']),
  )
  assert.equal(counted.writes, 1)
  assert.deepEqual(
    await generations(),
    ids.map(() => [1, '1']),
  )
  assert.equal(counted.writes, 1)
  want('2', ids.slice(0, NODES / 2))
  assert.deepEqual(
    await generations(),
    ids.map((_, n) => (n < NODES / 2 ? [2, '2'] : [1, '1'])),
  )
  assert.equal(counted.writes, 2)
})
