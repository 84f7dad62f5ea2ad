import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { VersionListing } from '../store/secrets.ts'
import { MIN_VERSION_AGE_MS, versionsToPurge } from './spare-versions.ts'

const NOW = new Date('2026-01-10T00:00:00Z')

/** `count` versions v0, v1, …, the first the oldest; the youngest is `youngestMs` old. */
function versions(count: number, youngestMs: number): VersionListing[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `v${index}`,
    createdAt: new Date(NOW.getTime() - youngestMs - (count - 1 - index)),
  }))
}

test('nothing goes while there is room for one more', () => {
  assert.deepEqual(versionsToPurge(versions(99, 2 * MIN_VERSION_AGE_MS), new Map(), NOW), [])
})

test('the oldest versions without a label go, as many as are too many', () => {
  const labels = new Map([
    ['AWSPREVIOUS', 'v0'],
    ['AWSCURRENT', 'v101'],
  ])
  assert.deepEqual(versionsToPurge(versions(102, 2 * MIN_VERSION_AGE_MS), labels, NOW), ['v1', 'v2', 'v3'])
})

test('a version that is a day old to the millisecond still stays', () => {
  const youngest = MIN_VERSION_AGE_MS - 99
  assert.equal(versionsToPurge(versions(100, youngest), new Map(), NOW), undefined)
  assert.deepEqual(versionsToPurge(versions(100, youngest + 1), new Map(), NOW), ['v0'])
})

test('labelled versions alone fill the quota', () => {
  const all = versions(100, 2 * MIN_VERSION_AGE_MS)
  const labels = new Map(all.map(({ id }) => [`on ${id}`, id]))
  assert.equal(versionsToPurge(all, labels, NOW), undefined)
})
