import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { RotationRun, Secret, VersionListing } from '../store/secrets.ts'
import { mirrorOf, planReplica, replicaLabels, standingOf } from './replica-plan.ts'

const AT = new Date('2026-01-10T12:00:00Z')
const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/1'

function version(id: string, kmsKeyArn?: string): VersionListing {
  return { id, createdAt: AT, value: { kind: 'string', kmsKeyArn } }
}

function reserved(id: string): VersionListing {
  return { id, createdAt: AT }
}

const labels = new Map([
  ['AWSCURRENT', 'b'],
  ['AWSPENDING', 'c'],
])

describe('what a replica lacks', () => {
  const plan = (
    primary: readonly VersionListing[],
    held: readonly VersionListing[],
    replica: { kmsKeyArn?: string; reseals?: boolean } = {},
  ) => {
    const { seal, remove } = planReplica({ labels, versions: primary }, held, replica)
    return { seal: seal.map(({ id, isThere, isLabelled }) => [id, isThere, isLabelled]), remove }
  }

  test('every version with a value that it has not, those with a label first', () => {
    assert.deepEqual(plan([version('a'), version('b'), reserved('c')], []), {
      seal: [
        ['b', false, true],
        ['a', false, false],
      ],
      remove: [],
    })
  })

  test('nothing of what it has', () => {
    assert.deepEqual(plan([version('a'), version('b')], [version('b', KEY), version('a')]), {
      seal: [],
      remove: [],
    })
  })

  test('under another key only what is to be sealed again', () => {
    const held = [version('a', KEY), version('b')]
    const both = [version('a'), version('b')]
    assert.deepEqual(plan(both, held, { kmsKeyArn: KEY }).seal, [])
    assert.deepEqual(plan(both, held, { kmsKeyArn: KEY, reseals: true }).seal, [['b', true, true]])
  })

  test('a version whose id came back, which may have another value', () => {
    const before = { ...version('a'), createdAt: new Date(0) }
    assert.deepEqual(plan([version('a'), version('b')], [before, version('b')]), {
      seal: [['a', true, false]],
      remove: [],
    })
  })

  test('what the primary has not, or not any more with a value, goes', () => {
    assert.deepEqual(plan([version('b'), reserved('c')], [version('a'), version('b'), version('c')]).remove, [
      'a',
      'c',
    ])
  })

  test('no label of a version without a value', () => {
    assert.deepEqual([...replicaLabels(labels, [version('b'), reserved('c')])], [['AWSCURRENT', 'b']])
  })
})

describe('what has the replica’s name', () => {
  const found: Secret = {
    account: '111122223333',
    region: 'eu-west-1',
    name: 'db',
    arn: 'arn',
    labels: new Map(),
    createdAt: AT,
    changedAt: AT,
  }
  const stands = (secret: Secret | undefined, expected: { isReplica?: boolean; overwrites?: boolean } = {}) =>
    standingOf(secret, { isReplica: false, overwrites: false, now: AT, ...expected })
  const later = new Date(AT.getTime() + 1)

  test('nothing, the replica, or a secret that stays or makes way', () => {
    assert.equal(stands(undefined), 'free')
    assert.equal(stands(found, { isReplica: true }), 'replica')
    assert.equal(stands(found), 'taken')
    assert.equal(stands(found, { overwrites: true }), 'replaced')
  })

  test('one in its recovery window stays; at its end it does not exist', () => {
    assert.equal(stands({ ...found, deletedAt: AT, purgeAt: later }), 'taken')
    assert.equal(stands({ ...found, deletedAt: AT, purgeAt: AT }), 'replaced')
  })

  test('neither another primary’s replica nor a primary makes way', () => {
    const replicas = [{ region: 'ap-south-1', status: 'InSync' }] as const
    assert.equal(stands({ ...found, primaryRegion: 'us-east-1' }, { overwrites: true }), 'taken')
    assert.equal(stands({ ...found, replicas }, { overwrites: true }), 'taken')
  })

  test('a replica shows its primary’s rotation and holds nothing of one under way', () => {
    const run: RotationRun = {
      ...{ kind: 'rotation', versionId: 'c', step: 'createSecret', attempts: 1, givenUp: false },
      ...{ startedAt: AT, retryUntil: AT, tokenDigest: 'secret' },
    }
    const rotation = { enabled: true, lambdaArn: 'arn:f', rotatedAt: AT, run }
    const primary = { ...found, region: 'us-east-1', rotation }
    const as = { arn: 'there', labels, createdAt: AT }
    const mirror = mirrorOf(primary, { region: 'eu-west-1', status: 'InProgress' }, as)
    assert.deepEqual([mirror.region, mirror.primaryRegion, mirror.arn], ['eu-west-1', 'us-east-1', 'there'])
    assert.equal(mirror.rotation?.lambdaArn, 'arn:f')
    assert.ok(!JSON.stringify(mirror).includes('secret'))
  })
})
