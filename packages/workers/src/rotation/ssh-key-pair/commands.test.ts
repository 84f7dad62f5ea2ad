import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SSMClient } from '@aws-sdk/client-ssm'
import { runCommand } from './commands.ts'

const NODES = ['mi-1', 'mi-2', 'mi-3']
const COMMAND = { comment: 'add_key t', script: ['true'], maxErrors: '100%' }

interface Look {
  readonly Status: string
  /** Absent: whoever answers has no such member. */
  readonly CompletedCount?: number
  /** Of the nodes, in order; the last one is that of the rest. */
  readonly nodes: readonly string[]
}

/** Systems Manager that answers what it is asked of a command with one look after another, the last one again and again. */
function course(looks: readonly Look[], nodesOf = (_commandId: string): readonly string[] => NODES) {
  const calls: string[] = []
  const sleptMs: number[] = []
  let nowMs = 0
  let at = -1
  let sent = 0
  const look = () => looks[Math.min(at, looks.length - 1)]
  const ssm = new SSMClient({ region: 'us-east-1' })
  const answers: Readonly<Record<string, (commandId: string) => object>> = {
    SendCommandCommand: () => ({ Command: { CommandId: `c${++sent}` } }),
    ListCommandsCommand: () => {
      at++
      const { Status, CompletedCount } = look() ?? {}
      return { Commands: at < 0 ? [] : [{ Status, CompletedCount }] }
    },
    ListCommandInvocationsCommand: (commandId) => ({
      CommandInvocations: nodesOf(commandId).map((InstanceId, n) => {
        const Status = look()?.nodes[n] ?? look()?.nodes.at(-1)
        return { InstanceId, Status, StatusDetails: Status }
      }),
    }),
  }
  ssm.middlewareStack.add(
    (_, { commandName = '' }) =>
      async ({ input }) => {
        const isSearch = 'Filters' in input
        calls.push(isSearch ? 'search' : commandName)
        return {
          output: isSearch ? { Commands: [] } : (answers[commandName]?.(commandIdIn(input)) ?? {}),
          response: {},
        } as never
      },
    { step: 'initialize' },
  )
  const pace = {
    now: () => nowMs,
    sleep: async (ms: number) => {
      sleptMs.push(ms)
      nowMs += ms
    },
  }
  return { of: { ssm, pace, tag: { Key: 'tag:a', Values: ['b'] } }, calls, sleptMs }
}

function commandIdIn(input: object): string {
  return 'CommandId' in input ? String(input.CommandId) : ''
}

test('while a command goes on its own row is looked at, and those of its nodes once enough of them have ended', async () => {
  const world = course([
    { Status: 'InProgress', CompletedCount: 0, nodes: ['Pending'] },
    { Status: 'InProgress', CompletedCount: 1, nodes: ['Success', 'Pending'] },
    { Status: 'InProgress', CompletedCount: 2, nodes: ['Success', 'Success', 'InProgress'] },
    { Status: 'Success', CompletedCount: 3, nodes: ['Success'] },
  ])
  const results = await runCommand(world.of, COMMAND, { awaited: NODES, waitMs: 60_000 })
  assert.deepEqual(
    [...results.values()].map(({ state }) => state),
    ['done', 'done', 'done'],
  )
  assert.equal(world.calls.filter((name) => name === 'ListCommandsCommand').length, 4)
  assert.equal(world.calls.filter((name) => name === 'ListCommandInvocationsCommand').length, 1)
  // Nothing is missed by long while nodes come to their ends.
  assert.ok(world.sleptMs.every((ms) => ms <= 500))
})

test('as many ends as nodes are awaited may be those of others: it is waited on', async () => {
  const world = course([
    { Status: 'InProgress', CompletedCount: 2, nodes: ['Success', 'InProgress', 'Success'] },
    { Status: 'InProgress', CompletedCount: 2, nodes: ['Success', 'Success', 'InProgress'] },
  ])
  const options = { awaited: ['mi-1', 'mi-2'], waitMs: 60_000 }
  const results = await runCommand(world.of, COMMAND, options)
  assert.equal(results.get('mi-2')?.state, 'done')
  assert.equal(results.get('mi-3')?.state, 'waiting')
  assert.equal(world.sleptMs.length, 1)
})

test('what is known of each node when the time is over is answered, and a wait for nothing becomes slow', async () => {
  const world = course([{ Status: 'InProgress', CompletedCount: 1, nodes: ['Success', 'Pending'] }])
  const results = await runCommand(world.of, COMMAND, { awaited: NODES, waitMs: 60_000 })
  assert.deepEqual(
    [...results.values()].map(({ state }) => state),
    ['done', 'waiting', 'waiting'],
  )
  assert.equal(world.calls.filter((name) => name === 'ListCommandInvocationsCommand').length, 1)
  assert.equal(Math.max(...world.sleptMs), 3_000)
})

test('where the number of ends is not told, every look is at the nodes', async () => {
  const world = course([
    { Status: 'InProgress', nodes: ['Pending'] },
    { Status: 'InProgress', nodes: ['Success'] },
  ])
  const results = await runCommand(world.of, COMMAND, { awaited: NODES, waitMs: 60_000 })
  assert.ok([...results.values()].every(({ state }) => state === 'done'))
})

test('of more nodes than one command takes, each command is waited for as long as its own nodes take', async () => {
  const ids = Array.from({ length: 120 }, (_, n) => `mi-${n}`)
  const nodesOf = (commandId: string) => {
    const from = (Number(commandId.slice(1)) - 1) * 50
    return ids.slice(from, from + 50)
  }
  const world = course([{ Status: 'Success', CompletedCount: 50, nodes: ['Success'] }], nodesOf)
  const options = { awaited: ids, waitMs: 60_000 }
  const results = await runCommand(world.of, { ...COMMAND, nodeIds: ids }, options)
  assert.deepEqual([...results.keys()].toSorted(), ids.toSorted())
  assert.equal(world.calls.filter((name) => name === 'SendCommandCommand').length, 3)
  assert.deepEqual(world.sleptMs, [])
})
