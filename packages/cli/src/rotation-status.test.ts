import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type RotationEvent, rotationStatus, statusLines, type Told } from './rotation-status.ts'

const NOW = new Date('2026-01-15T10:00:00Z')
const CURRENT = { id: 'v1', labels: ['AWSCURRENT'] }
const PENDING = { id: 'v2', labels: ['AWSPENDING'] }
const STARTED: RotationEvent = {
  at: '2026-01-15T09:00:00Z',
  name: 'RotationStarted',
  data: { VersionId: 'v2', Step: 'createSecret', Attempt: 1 },
}
const FAILED: RotationEvent = {
  at: '2026-01-15T09:30:00Z',
  name: 'RotationFailed',
  data: { VersionId: 'v2', Step: 'setSecret', Attempt: 2, Reason: 'Threw', ErrorType: 'ValueError' },
}
const RETRIED = { ...FAILED, data: { ...FAILED.data, NextAttemptAt: '2026-01-15T10:05:00.000Z' } }
const SUCCEEDED: RotationEvent = { at: '2026-01-14T09:30:00Z', name: 'RotationSucceeded', data: {} }

function status(told: Partial<Told>) {
  const known = {
    name: 'db',
    arn: 'arn:db',
    enabled: true,
    isDeleted: false,
    versions: [CURRENT],
    events: [],
  }
  return rotationStatus({ ...known, ...told }, NOW)
}

test('each state is told by labels and events', () => {
  const versions = [CURRENT, PENDING]
  assert.equal(status({}).state, 'idle')
  assert.equal(status({ enabled: false }).state, 'off')
  assert.equal(status({ isDeleted: true, versions }).state, 'deleting')
  assert.equal(status({ versions, events: [STARTED, SUCCEEDED] }).state, 'rotating')
  assert.equal(status({ versions, events: [RETRIED, STARTED] }).state, 'retrying')
  assert.equal(status({ versions, events: [FAILED, RETRIED, STARTED] }).state, 'failed')
  assert.equal(status({ versions, events: [SUCCEEDED] }).state, 'stuck')
  assert.equal(status({ versions, enabled: false, events: [STARTED] }).state, 'stuck')
  assert.equal(status({ versions: [{ id: 'v1', labels: ['AWSCURRENT', 'AWSPENDING'] }] }).state, 'idle')
})

test('a rotation of which no event is found is stuck only after some minutes, and at once where it was abandoned', () => {
  const at = (createdAt: string) => [CURRENT, { ...PENDING, createdAt }]
  assert.equal(status({ versions: at('2026-01-15T09:55:01.000Z'), events: [SUCCEEDED] }).state, 'rotating')
  assert.equal(status({ versions: at('2026-01-15T09:55:00.000Z'), events: [SUCCEEDED] }).state, 'stuck')
  const abandoned: RotationEvent = { ...STARTED, name: 'RotationAbandoned' }
  const versions = at('2026-01-15T09:59:59.000Z')
  assert.equal(status({ versions, events: [abandoned, STARTED] }).state, 'stuck')
})

test('a failed attempt is told with its step, its class and the next try', () => {
  const found = status({ versions: [CURRENT, PENDING], events: [RETRIED, STARTED] })
  assert.equal(found.step, 'setSecret')
  assert.equal(found.attempts, 2)
  assert.equal(found.lastError, 'Threw: ValueError')
  assert.equal(found.nextAttemptAt, '2026-01-15T10:05:00.000Z')
  const ErrorMessage = 'testSecret: 1 node(s): mi-1 (no login)'
  const worded = { ...RETRIED, data: { ...RETRIED.data, ErrorMessage } }
  const { lastError } = status({ versions: [CURRENT, PENDING], events: [worded] })
  assert.equal(lastError, `Threw: ValueError: ${ErrorMessage}`)
})

test('events of other versions, and of tests, say nothing of the pending one', () => {
  const other = { ...FAILED, data: { ...FAILED.data, VersionId: 'v0' } }
  const tested = { ...FAILED, name: 'TestRotationFailed' }
  assert.equal(status({ versions: [CURRENT, PENDING], events: [tested, other, STARTED] }).state, 'rotating')
})

test('a promise that is over is overdue', () => {
  assert.equal(status({ nextRotationBy: '2026-01-15T09:59:59Z' }).isOverdue, true)
  assert.equal(status({ nextRotationBy: '2026-01-15T10:00:01Z' }).isOverdue, false)
})

test('the table has a line for what is known and none for what is not', () => {
  const lines = statusLines(
    status({
      versions: [CURRENT, PENDING],
      events: [FAILED],
      schedule: 'rate(1 day)',
      nextRotationBy: '2026-01-15T09:00:00Z',
    }),
  )
  assert.deepEqual(lines, [
    'Secret            db',
    'State             failed',
    'Step              setSecret',
    'Attempts          2',
    'Last error        Threw: ValueError, at 2026-01-15T09:30:00Z',
    'Schedule          rate(1 day)',
    'Next rotation by  2026-01-15T09:00:00Z (overdue)',
    'Last rotated      never',
    'Function          none',
    'AWSCURRENT        v1',
    'AWSPENDING        v2',
  ])
})
