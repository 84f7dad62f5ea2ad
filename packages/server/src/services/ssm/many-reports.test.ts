import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { News } from '../../fleet/dispatch.ts'
import { runCommand } from '../../nodes/run-command.ts'
import { silentLogger } from '../../platform/logger.ts'
import { systemRandom } from '../../platform/random.ts'
import { TEST_ACCOUNT, TEST_REGION, type TestServer } from '../../testing/server.ts'
import { type CommandScene, openCommands, type ScriptedNode } from './commands.test-support.ts'

/** Run Command as the node link has it. */
function linkOf({ house: { store, keyring }, clock }: TestServer) {
  return runCommand({ store, keyring, clock, random: systemRandom, logger: silentLogger })
}

type Ended = Extract<News, { readonly result: unknown }>['result']

/** Lets nodes report their ends at the same moment. */
async function togetherEnd(scene: CommandScene, ended: readonly (readonly [ScriptedNode, Ended])[]) {
  const link = linkOf(scene.server)
  const place = { account: TEST_ACCOUNT, region: TEST_REGION }
  await Promise.all(
    ended.map(([{ id }, result]) => link.takeReport({ ...place, id }, { started: [], results: [result] })),
  )
}

test('what nodes report at the same moment counts as it would one after another: turns are given, errors end the rest', async () => {
  const size = 12
  await using scene = await openCommands(...Array.from({ length: size }, () => ({})))
  const id = await scene.send({ MaxConcurrency: '4', MaxErrors: '1' })
  const end = (node: ScriptedNode, status: 'Success' | 'Failed') =>
    [node, { commandId: id, outcome: 'Completed', steps: [node.step({ status })] }] as const
  const turns = async () => {
    const due = await Promise.all(scene.nodes.map((node) => node.dueIds()))
    return scene.nodes.filter((_, n) => due[n]?.includes(id))
  }
  const first = await turns()
  assert.equal(first.length, 4)
  await togetherEnd(
    scene,
    first.map((node) => end(node, 'Success')),
  )
  const second = await turns()
  assert.equal(second.length, 4)
  assert.equal(second.filter((node) => first.includes(node)).length, 0)
  // One whose turn it is not, and one that has ended before, say nothing.
  const [early, late] = [scene.nodes.find((node) => ![...first, ...second].includes(node)), first[0]]
  assert.ok(early && late)
  await togetherEnd(scene, [
    ...second.map((node, n) => end(node, n < 2 ? 'Failed' : 'Success')),
    end(early, 'Success'),
    end(late, 'Failed'),
  ])
  const { CompletedCount, ErrorCount, StatusDetails } = await scene.command(id)
  assert.deepEqual([CompletedCount, ErrorCount, StatusDetails], [size, 2, 'Failed'])
  const standing = (await scene.standing(id)).slice(1)
  const counted = (status: string) => standing.filter((each) => each === status).length
  assert.deepEqual([counted('Success'), counted('Failed'), counted('Terminated')], [6, 2, 4])
})
