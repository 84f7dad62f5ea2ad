import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtInFunction } from '../functions/built-in.ts'
import { NODE_FLEET_ACTIONS } from '../functions/built-in-role.ts'
import { PLACE } from './scene.test-support.ts'
import { rotationSessionPolicy } from './session-policy.ts'

test('a session that rotates SSH keys leaves of the role what it needs of nodes, and no other rotation’s does', () => {
  const allowed = (name: string) => {
    const record = builtInFunction(PLACE, 'aws', name)
    assert.ok(record)
    const { Statement } = JSON.parse(rotationSessionPolicy(record, 'arn'))
    const actions: readonly string[] = Statement.flatMap(
      ({ Action }: { Action: string | string[] }) => Action,
    )
    return NODE_FLEET_ACTIONS.filter((needed) =>
      actions.some((action) => new RegExp(`^${action.replace('*', '.*')}$`).test(needed)),
    )
  }
  assert.deepEqual(allowed('lockstep-rotate-ssh-key-pair'), NODE_FLEET_ACTIONS)
  assert.deepEqual(allowed('lockstep-rotate-postgresql'), [])
})
