/** Goes back to the key before, as long as no node has lost it. For people, whose rotations never do this by themselves. */
import { RotationError } from '../rotation-error.ts'
import { changeStage } from '../secret-versions.ts'
import { naming, type Standing, whileStaging } from './plan.ts'
import { drainAndRetire } from './retire.ts'
import { knownTokens, recallOthers, type Scene, scriptFor, tokensIn } from './scene.ts'
import { verify } from './stage.ts'

export interface RolledBack {
  /** The version that is AWSCURRENT now. Absent: there is none with a key, since this was the first rotation. */
  readonly current: string | undefined
  /** The version whose key has gone from the nodes. */
  readonly withdrawn: string
  /** Nodes that may still have it, and get rid of it when they return. */
  readonly owed: readonly Standing[]
}

/**
 * Before the new key is AWSCURRENT: takes AWSPENDING off it, which ends the rotation, and the key off the nodes. After:
 * makes the old one AWSCURRENT again, waits for the readers of the new one, and takes that off the nodes. It may be
 * repeated where it died.
 *
 * @throws RotationError where there is nothing to go back from, or to: once a node that is there does not let the old
 *   key in, a new rotation is the way.
 */
export async function rollBack(scene: Scene): Promise<RolledBack> {
  const { labels, run } = scene
  const { current, pending, previous } = labels
  if (pending !== undefined && pending !== current) {
    await changeStage(run, { stage: 'AWSPENDING', from: pending })
    return await withdraw({ ...scene, labels: { ...labels, pending: undefined } }, current, pending)
  }
  if (current === undefined || previous === undefined) {
    throw new RotationError('There is no rotation to go back from: no version is AWSPENDING or AWSPREVIOUS.')
  }
  await demandOldKey(scene, previous)
  // AWSPREVIOUS goes to the version that loses AWSCURRENT, by itself.
  await changeStage(run, { stage: 'AWSCURRENT', from: current, to: previous })
  const after = { current: previous, previous: current, pending: undefined }
  return await withdraw({ ...scene, labels: after }, previous, current)
}

/** The association knows of removals before any node does. */
async function demandOldKey(scene: Scene, previous: string): Promise<void> {
  const associated = tokensIn((await scene.fleet.association()) ?? [])
  if (!associated.includes(previous)) {
    throw new RotationError(
      'The old key has been removed from nodes already. Rotate the secret once more instead.',
    )
  }
  const refusing = (await verify(scene, previous)).filter(({ is, isOnline }) => isOnline && is !== 'ok')
  if (refusing.length === 0) return
  throw new RotationError(`The old key is not to be gone back to. ${naming(refusing)}`)
}

async function withdraw(scene: Scene, current: string | undefined, withdrawn: string): Promise<RolledBack> {
  const known = new Set([...(await knownTokens(scene)), withdrawn])
  // A node that is away would otherwise take the key when it returns, maybe after it was told to be rid of it.
  await recallOthers(scene)
  if (current === undefined) {
    const nodes = await scene.fleet.nodes()
    const owed = nodes.map(({ id, isOnline }) => ({
      nodeId: id,
      isOnline,
      is: 'away' as const,
      why: 'not asked',
    }))
    await scene.fleet.associate(await scriptFor(scene, { present: [], absent: [...known] }))
    return { current, withdrawn, owed }
  }
  // Both keys while readers of the new one are left, also on nodes that return meanwhile.
  await scene.fleet.associate(await scriptFor(scene, { ...whileStaging(scene.labels, withdrawn, known) }))
  const standings = await verifyOrNone(scene, current)
  await drainAndRetire(scene, current, standings)
  return { current, withdrawn, owed: standings.filter(({ is }) => is !== 'ok') }
}

/** A version without a key, as `{}` is, has nothing that nodes could refuse. */
async function verifyOrNone(scene: Scene, current: string): Promise<readonly Standing[]> {
  const script = await scriptFor(scene, { present: [current], absent: [] })
  if (tokensIn(script).length > 0) return await verify(scene, current)
  const nodes = await scene.fleet.nodes()
  return nodes.map(({ id, isOnline }) => ({ nodeId: id, isOnline, is: isOnline ? 'ok' : 'away', why: '' }))
}
