import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Store } from './store.ts'

const PLACE = { account: '111122223333', region: 'us-east-1' }
const ELSEWHERE = { ...PLACE, region: 'eu-west-1' }

/** What every engine must do with the generations of what nodes are kept at. */
export function desiredContract(open: () => Promise<Store>): void {
  describe('desired states', () => {
    test('a generation grows with another digest alone, and for its node alone', async () => {
      await using store = await open()
      const note = (digest: string, place = PLACE, id = 'mi-1') =>
        store.write((tx) => tx.desired.note(place, id, digest))
      assert.equal(await note('a'), 1)
      assert.equal(await note('a'), 1)
      assert.equal(await note('b'), 2)
      assert.equal(await note('a'), 3)
      assert.equal(await note('z', ELSEWHERE), 1)
      assert.equal(await note('z', PLACE, 'mi-2'), 1)
      const found = await store.read.desired.ofNodes(PLACE, ['mi-1', 'mi-2', 'mi-3'])
      assert.deepEqual([...found].toSorted(), [
        ['mi-1', { generation: 3, digest: 'a' }],
        ['mi-2', { generation: 1, digest: 'z' }],
      ])
      assert.equal((await store.read.desired.ofNodes(PLACE, [])).size, 0)
    })
  })
}
