import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtInFunction } from '../functions/built-in.ts'
import type { FunctionRecord } from '../store/functions.ts'
import { invokeStep } from './invoke-step.ts'
import { PLACE } from './scene.test-support.ts'

const builtIn = builtInFunction(PLACE, 'aws', 'lockstep-rotate-ssh-key-pair')
assert.ok(builtIn)

async function failureOf(record: FunctionRecord, thrown: object) {
  const functions = {
    invoke: async () => ({
      requestId: 'r',
      payload: new TextEncoder().encode(JSON.stringify(thrown)),
      functionError: 'Unhandled' as const,
      logTail: '',
      durationMs: 1,
    }),
  }
  const step = { secretArn: 'arn', record, step: 'setSecret', versionId: 'v', token: 't' } as const
  return await invokeStep(functions, step)
}

test('what a built-in function says of its failure is passed on, up to a length', async () => {
  const thrown = { errorType: 'RotationError', errorMessage: 'setSecret: 1 node(s): mi-1 (no room)' }
  const failure = await failureOf(builtIn, thrown)
  assert.deepEqual(failure, { reason: 'Threw', ...thrown })
  const long = await failureOf(builtIn, { ...thrown, errorMessage: 'x'.repeat(3_000) })
  assert.equal(long?.errorMessage?.length, 2_000)
})

test('no message is passed on of another class of error, nor of anybody else’s function', async () => {
  const message = 'password hunter2 was refused'
  const directory: FunctionRecord = { ...builtIn, code: { kind: 'directory', path: '/nowhere' } }
  for (const [record, errorType] of [
    [builtIn, 'TypeError'],
    [directory, 'RotationError'],
  ] as const) {
    const failure = await failureOf(record, { errorType, errorMessage: message })
    assert.deepEqual(failure, { reason: 'Threw', errorType })
  }
})
