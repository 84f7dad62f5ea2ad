import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeTold } from './nodes.ts'
import { type CommandsTold, type InvocationTold, nodeStandings, sshRotationLines } from './ssh-rotation.ts'

const PENDING = { current: 'v1', pending: 'v2' }
const OVER = { current: 'v2', pending: undefined }
const NOTHING: CommandsTold = { added: [], removed: [] }

function node(id: string, ping = 'Online'): NodeTold {
  return { id, name: `name-${id}`, ping, platform: '', address: '', tags: {}, lastSeenAt: undefined }
}

function told(nodeId: string, status: string, said?: string): InvocationTold {
  return { nodeId, status, details: status, said }
}

function phase(labels: typeof PENDING | typeof OVER, told: Partial<CommandsTold>, ping?: string) {
  const [found] = nodeStandings(labels, [node('a', ping)], { ...NOTHING, ...told })
  return [found?.phase, found?.holdsUp]
}

test('a node goes from waiting over staging to staged, and holds the rotation up until then', () => {
  assert.deepEqual(phase(PENDING, {}), ['waiting', true])
  assert.deepEqual(phase(PENDING, { added: [told('a', 'InProgress')] }), ['staging', true])
  assert.deepEqual(phase(PENDING, { added: [told('a', 'Success')] }), ['staged', false])
})

test('once the key is current a node goes from done over retiring to done, and holds nothing up', () => {
  const added = [told('a', 'Success')]
  assert.deepEqual(phase(OVER, { added }), ['done', false])
  assert.deepEqual(phase(OVER, { added, removed: [told('a', 'Pending')] }), ['retiring', false])
  assert.deepEqual(phase(OVER, { added, removed: [told('a', 'Success')] }), ['done', false])
  assert.deepEqual(phase(OVER, { added, removed: [told('a', 'Failed')] }), ['failed', false])
})

test('a node that is away holds a rotation up; of one that is over it gets the key when it returns', () => {
  assert.deepEqual(phase(PENDING, { added: [told('a', 'Pending')] }, 'ConnectionLost'), ['away', true])
  assert.deepEqual(phase(OVER, {}, 'ConnectionLost'), ['away', false])
  const added = [told('a', 'Cancelled')]
  assert.deepEqual(phase(PENDING, { added }), ['failed', true])
  assert.deepEqual(phase(OVER, { added }, 'ConnectionLost'), ['away', false])
  assert.deepEqual(phase(OVER, { added }), ['done', false])
})

test('the newest answer of a node counts', () => {
  assert.deepEqual(phase(PENDING, { added: [told('a', 'Success'), told('a', 'Failed')] }), ['staged', false])
})

test('the lines name each node that holds the rotation up, with the reason', () => {
  const nodes = nodeStandings(PENDING, [node('a'), node('b', 'ConnectionLost'), node('c')], {
    added: [told('a', 'Success'), told('c', 'Failed', 'there is no user deploy on this node')],
    removed: [],
  })
  assert.deepEqual(sshRotationLines({ nodes, association: 'keys Success (1 Success)' }), [
    '',
    'NODE  NAME    PHASE',
    'a     name-a  staged',
    'b     name-b  away    its agent is not connected',
    'c     name-c  failed  Failed, there is no user deploy on this node',
    '',
    'Held up by name-b (its agent is not connected), name-c (Failed, there is no user deploy on this node).',
    '',
    'Association: keys Success (1 Success)',
  ])
  assert.match(sshRotationLines({ nodes: [], association: undefined }).join('\n'), /No node has the tag/)
})
