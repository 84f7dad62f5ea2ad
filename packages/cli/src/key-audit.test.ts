import assert from 'node:assert/strict'
import { test } from 'node:test'
import { auditedNodes, auditLines } from './key-audit.ts'
import type { NodeTold } from './nodes.ts'

function node(id: string, name: string, ping = 'Online'): NodeTold {
  return { id, name, ping, platform: '', address: '', tags: {}, lastSeenAt: undefined }
}

const KEY = {
  user: 'deploy',
  file: '/home/deploy/.ssh/authorized_keys',
  line: 1,
  changedAt: new Date('2026-01-15T10:00:00.000Z'),
  type: 'ED25519',
  fingerprint: 'SHA256:a',
  comment: 'v2',
  options: '',
  lastUsed: undefined,
}

test('each key is a line with its owner, and a node that could not be asked is one whose keys are not known', () => {
  const managed = [
    { name: '/dev/ssh', versionIds: new Set(['v1', 'v2']), wanted: new Map([['v2', 'SHA256:a']]) },
  ]
  const keys = [
    KEY,
    { ...KEY, line: 2, comment: 'v1' },
    { ...KEY, line: 3, fingerprint: 'SHA256:b' },
    { ...KEY, line: 4, comment: '', options: 'restrict', lastUsed: '2026-01-15T09:00:00' },
  ]
  const audits = [{ nodeId: 'mi-1', keys, notes: ['authorizedkeyscommand /usr/lib/x'], failure: undefined }]
  const all = auditedNodes([node('mi-1', 'web'), node('mi-2', '', 'ConnectionLost')], audits, managed)
  assert.deepEqual(
    all.map(({ failure }) => failure),
    [undefined, 'its agent is not connected (ConnectionLost)'],
  )
  assert.deepEqual(auditLines(all), [
    'NODE  USER    TYPE     FINGERPRINT  OWNER                COMMENT  FILE                                 FILE CHANGED          LAST USED            OPTIONS',
    'web   deploy  ED25519  SHA256:a     managed by /dev/ssh  v2       /home/deploy/.ssh/authorized_keys:1  2026-01-15T10:00:00Z  -                    -',
    'web   deploy  ED25519  SHA256:a     retired of /dev/ssh  v1       /home/deploy/.ssh/authorized_keys:2  2026-01-15T10:00:00Z  -                    -',
    'web   deploy  ED25519  SHA256:b     FALSE NAME           v2       /home/deploy/.ssh/authorized_keys:3  2026-01-15T10:00:00Z  -                    -',
    'web   deploy  ED25519  SHA256:a     stray                -        /home/deploy/.ssh/authorized_keys:4  2026-01-15T10:00:00Z  2026-01-15T09:00:00  restrict',
    'web also asks: authorizedkeyscommand /usr/lib/x',
  ])
})
