import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemRandom } from '../platform/random.ts'
import { ec2IdOf, newNodeId, nodeIdOf } from './node-id.ts'

test('both ids of a node name it, by the same digits', () => {
  const id = newNodeId(systemRandom)
  assert.match(id, /^mi-[0-9a-f]{17}$/)
  assert.equal(nodeIdOf(id), id)
  assert.equal(nodeIdOf(ec2IdOf(id)), id)
  assert.match(ec2IdOf(id), /^i-[0-9a-f]{17}$/)
})

test('what no node can be called is no id', () => {
  const short = `mi-${'0'.repeat(16)}`
  for (const text of [
    '',
    'mi-',
    short,
    `${short}g`,
    `${short}00`,
    `${short}0\n`,
    `mmi-${'0'.repeat(17)}`,
    `I-${'0'.repeat(17)}`,
  ])
    assert.equal(nodeIdOf(text), undefined, text)
})
