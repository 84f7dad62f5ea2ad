import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { NodeFacts, NodeStep, StepResult } from '@lockstep/wire'
import { Agent, type AgentParts } from './agent.ts'
import { Scratch, TestDoors } from './doors.test-support.ts'
import { newNodeKey, publicKeyOf } from './identity.ts'
import { MemoryJournal, MemoryKeep } from './journal.ts'

const FACTS: NodeFacts = {
  ...{
    hostname: 'web-1',
    ipAddress: '192.0.2.1',
    sshPort: 22,
    platformType: 'Linux',
    platformName: 'Debian',
  },
  ...{ platformVersion: '12', agentVersion: '1.0.0', machineId: 'machine-1', hostKeys: [] },
}
const STEP: NodeStep = {
  ...{
    name: 'one',
    action: 'aws:runShellScript',
    script: ['true'],
    timeoutSeconds: 60,
    workingDirectory: '',
    environment: {},
  },
}

function configOf(stateDirectory: string): AgentParts['config'] {
  return {
    ...{ endpoint: 'http://127.0.0.1:1', serverKey: publicKeyOf(newNodeKey()), stateDirectory },
    ...{ instanceId: 'mi-1', ec2InstanceId: 'i-1', account: '111122223333', region: 'us-east-1' },
  }
}

/** A node that is to be kept at one association, and steps that end when they are cancelled. */
function scene() {
  const doors = new TestDoors()
  const desired = new MemoryKeep()
  const associations = [{ associationId: 'a-1', version: '1', steps: [STEP] }]
  desired.write(JSON.stringify({ state: { generation: 1, associations }, applied: {} }))
  const began = Promise.withResolvers<void>()
  const run = ({ name }: NodeStep, cancelled: AbortSignal) =>
    new Promise<StepResult>((resolve) => {
      began.resolve()
      const at = doors.now().toISOString()
      const ended = { name, exitCode: -1, stdout: '', stderr: '', startedAt: at, endedAt: at }
      cancelled.addEventListener('abort', () => resolve({ ...ended, status: 'Cancelled' }))
    })
  const kept = { ledger: new MemoryJournal(), desired }
  const agent = new Agent({ config: configOf('/nowhere'), doors, facts: () => FACTS, run, kept })
  return { doors, desired, agent, began: began.promise }
}

describe('an agent that is stopped while it brings its node to the desired state', () => {
  test('leaves no alarm, which would keep its process from ending', async () => {
    const { agent, began, doors } = scene()
    agent.start({ report: () => Promise.reject(new Error('nobody is there')) })
    await began
    agent[Symbol.dispose]()
    await new Promise(setImmediate)
    assert.equal(doors.waiting, 0)
  })

  test('notes no end of what it cut off, so that the next one applies it at once', async () => {
    const { agent, began, desired, doors } = scene()
    agent.start({ report: () => Promise.reject(new Error('nobody is there')) })
    await began
    agent[Symbol.dispose]()
    await new Promise(setImmediate)
    assert.deepEqual(JSON.parse(desired.read() ?? '').applied, {})
    assert.deepEqual(doors.logged, [])
  })
})

describe('an agent that is started', () => {
  test('has nothing left of the scripts of one that was killed, and shows them to nobody', () => {
    using scratch = new Scratch()
    mkdirSync(scratch.file('steps/step-abcdef'), { recursive: true })
    writeFileSync(scratch.file('steps/step-abcdef/script'), 'a secret')
    using _agent = new Agent({ config: configOf(scratch.path), doors: new TestDoors(), facts: () => FACTS })
    assert.ok(existsSync(scratch.file('steps')))
    assert.deepEqual(readdirSync(scratch.file('steps')), [])
    assert.equal(statSync(scratch.file('steps')).mode & 0o777, 0o700)
    assert.equal(statSync(scratch.file('ledger')).mode & 0o777, 0o600)
  })
})
