import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from '../../ssh/openssh.test-support.ts'
import { STEPS } from '../rotator.ts'
import { diagnose, mend } from './diagnose.ts'
import { rollBack } from './rollback.ts'
import { openScene } from './scene.ts'
import { KeyWorld } from './world.test-support.ts'

const LATER = { DRAIN_SECONDS: '30' }

/** A rotation that is AWSCURRENT, of which the nodes still have the old key. */
async function promoted(): Promise<KeyWorld> {
  const world = await KeyWorld.start(2, LATER)
  await world.rotate()
  world.remainingMs = 40_000
  await world.rotate()
  world.remainingMs = 120_000
  return world
}

const scene = (world: KeyWorld) => openScene(world.newRun(), world.means)

test('before any node has lost the old key, it becomes AWSCURRENT again, and the new one goes', async () => {
  await using world = await promoted()
  const [old, current] = [await world.pair('AWSPREVIOUS'), await world.pair()]
  const { owed } = await rollBack(await scene(world))
  assert.deepEqual(owed, [])
  assert.deepEqual(await world.pair(), old)
  for (const { sshd } of world.aws.nodes) assert.equal(sshd.keys(), `${old.PublicKey}\n`)
  for (const node of world.aws.nodes) assert.equal((await world.logIn(node, current)).outcome, 'denied')
})

test('a rotation that has not come to its end goes, with its key and AWSPENDING', async () => {
  await using world = await KeyWorld.start(1)
  await world.rotate()
  const before = await world.pair()
  const run = world.newRun()
  await world.rotator.createSecret(run)
  await world.rotator.setSecret(run)
  const { withdrawn } = await rollBack(await scene(world))
  assert.equal(withdrawn, run.clientRequestToken)
  await assert.rejects(world.bench.text('AWSPENDING'), { name: 'ResourceNotFoundException' })
  assert.equal(world.aws.nodes[0]?.sshd.keys(), `${before.PublicKey}\n`)
})

test('there is no way back to a key that has left the nodes, nor to one that a node does not let in', async () => {
  await using world = await KeyWorld.start(1)
  await world.rotate()
  await assert.rejects(rollBack(await scene(world)), /removed from nodes already/)
  await world.rotate()
  const current = await world.bench.text('AWSCURRENT')
  await assert.rejects(rollBack(await scene(world)), /removed from nodes already/)
  assert.equal(await world.bench.text('AWSCURRENT'), current)
})

test('a healthy secret has no findings', async () => {
  await using world = await KeyWorld.start(2)
  await world.rotate()
  assert.deepEqual(await diagnose(await scene(world)), [])
})

test('what holds a rotation up is named, and mended but for what only nodes can do', async () => {
  await using world = await promoted()
  const { PublicKey: old } = await world.pair('AWSPREVIOUS')
  const [refusing, away] = world.aws.nodes
  assert.ok(refusing && away)
  mkdirSync(dirname(refusing.sshd.authorizedKeys), { recursive: true })
  writeFileSync(refusing.sshd.authorizedKeys, `${old}\n`)
  away.isOnline = false
  world.aws.association = undefined
  const found = await diagnose(await scene(world))
  assert.deepEqual(
    found.map(({ kind, nodeId }) => [kind, nodeId]),
    [
      ['refused', refusing.id],
      ['away', away.id],
      ['owed', refusing.id],
      ['association', undefined],
    ],
  )
  const left = await mend(await scene(world))
  assert.deepEqual(
    left.map(({ kind, nodeId }) => [kind, nodeId]),
    [['away', away.id]],
  )
  const { PublicKey: current } = await world.pair()
  assert.equal(refusing.sshd.keys(), `${current}\n`)
  await world.aws.return(away)
  assert.equal(away.sshd.keys(), `${current}\n`)
})

test('of a rotation that is not over its nodes are named, and its keys are left', async () => {
  await using world = await KeyWorld.start(1)
  await world.rotate()
  const run = world.newRun()
  for (const step of STEPS.slice(0, 2)) await world.rotator[step](run)
  const before = world.aws.nodes[0]?.sshd.keys()
  const left = await mend(await scene(world))
  assert.deepEqual(
    left.map(({ kind }) => kind),
    ['pending'],
  )
  assert.match(left[0]?.sentence ?? '', new RegExp(run.clientRequestToken))
  assert.equal(world.aws.nodes[0]?.sshd.keys(), before)
})
