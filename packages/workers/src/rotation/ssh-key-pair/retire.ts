/** Takes old keys off the nodes once nobody uses them any more. */
import { RotationError } from '../rotation-error.ts'
import {
  AFTER_DRAIN_MS,
  afterDraining,
  fits,
  naming,
  retirement,
  type Standing,
  whileStaging,
} from './plan.ts'
import { knownTokens, recallOthers, type Scene, scriptFor } from './scene.ts'

/** A node that cannot keeps what it has; many that cannot are a reason to look before going on. */
const MAX_ERRORS = '10%'
const LONGEST_COMMAND_MS = 300_000

/**
 * Waits until readers of the old key are done with it and removes it, with whatever else rotations that never ended have
 * left. A wait for which there is no time left is not begun: the old key stays until the next rotation.
 *
 * @param standings Of the nodes that the current key was tried on.
 * @throws RotationError naming the nodes that let the new key in and still have the old one.
 */
export async function drainAndRetire(
  scene: Scene,
  current: string,
  standings: readonly Standing[],
): Promise<void> {
  const { pace, settings, log, run, remainingMs } = scene
  const { absent } = afterDraining(current, await knownTokens(scene))
  if (absent.length > 0 && settings.drainSeconds > 0) {
    if (!fits(settings.drainSeconds, remainingMs())) {
      const drainSeconds = String(settings.drainSeconds)
      log({ event: 'ssh.retire.owed', secretArn: run.secretArn, reason: 'no time to drain', drainSeconds })
      return
    }
    await pace.sleep(settings.drainSeconds * 1000)
  }
  await retire(scene, current, standings)
}

export async function retire(scene: Scene, current: string, standings: readonly Standing[]): Promise<void> {
  const { fleet, log, run } = scene
  const { nodeIds, everywhere, owed } = retirement(standings)
  const known = await knownTokens(scene)
  const wanted = afterDraining(current, known)
  const script = await scriptFor(scene, wanted)
  await recallOthers(scene, commentOf(wanted.absent))
  for (const { nodeId, why } of owed) {
    log({ event: 'ssh.node.owed', secretArn: run.secretArn, nodeId, reason: why })
  }
  // The nodes that have proved the new key go first, so that what goes wrong is told of them by name.
  const failed =
    wanted.absent.length === 0 ? [] : await remove(scene, { script, wanted: wanted.absent, nodeIds })
  // After every rotation the association brings out no key that the nodes are rid of.
  const standing = everywhere
    ? script
    : await scriptFor(scene, whileStaging({ ...scene.labels, current }, current, known))
  await fleet.associate(standing)
  if (failed.length > 0) throw new RotationError(`The old key could not be removed. ${naming(failed)}`)
}

interface Removal {
  readonly script: readonly string[]
  readonly wanted: readonly string[]
  readonly nodeIds: readonly string[]
}

async function remove({ fleet, remainingMs }: Scene, removal: Removal): Promise<readonly Standing[]> {
  const { script, wanted, nodeIds } = removal
  const results = await fleet.run(
    { comment: commentOf(wanted), script, nodeIds, maxErrors: MAX_ERRORS },
    { awaited: nodeIds, waitMs: Math.min(remainingMs() - AFTER_DRAIN_MS / 4, LONGEST_COMMAND_MS) },
  )
  return nodeIds.flatMap((nodeId) => {
    const result = results.get(nodeId)
    if (result?.state === 'done') return []
    return [{ nodeId, isOnline: true, is: 'failed', why: result?.details ?? 'no answer' }]
  })
}

/** A comment has a hundred characters. */
function commentOf([first = '', ...others]: readonly string[]): string {
  return `delete_key ${first}${others.length > 0 ? ` and ${others.length} more` : ''}`
}
