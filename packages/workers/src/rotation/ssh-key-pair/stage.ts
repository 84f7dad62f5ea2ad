/** Brings the pending key out to the nodes beside the current one, and proves that it lets one in. */
import { RotationError } from '../rotation-error.ts'
import type { CommandResult, FleetNode } from './fleet.ts'
import { judge, type Standing, type Verdict, whileStaging } from './plan.ts'
import { knownTokens, loginKeyOf, recallOthers, type Scene, scriptFor } from './scene.ts'

/** For what is still to be said after a wait. */
const RESERVE_MS = 30_000
/** A change that a node cannot make leaves the node as it was, so the others go on, and all that fail are named. */
const GO_ON = '100%'

/** @throws RotationError naming the nodes for which the rotation cannot go on. */
export async function stage(scene: Scene, token: string): Promise<void> {
  const { fleet, settings, remainingMs } = scene
  const nodes = await fleet.nodes()
  const away = nodes.filter(({ isOnline }) => !isOnline)
  if (nodes.length === 0 || (settings.offline.name === 'abort' && away.length > 0)) {
    // Before anything has changed anywhere.
    demandGo(judge(settings.offline, nodes.map(unasked)), scene)
  }
  const script = await stagingScript(scene, token)
  const comment = `add_key ${token}`
  await recallOthers(scene, comment)
  await fleet.associate(script)
  const awaited = nodes.filter(({ isOnline }) => isOnline || settings.offline.name === 'wait')
  const results = await fleet.run(
    { comment, script, maxErrors: GO_ON },
    { awaited: awaited.map(({ id }) => id), waitMs: remainingMs() - RESERVE_MS },
  )
  const standings = nodes.map((node) => installed(node, results.get(node.id)))
  demandGo(judge(settings.offline, standings), scene)
}

/** @throws RotationError unless so many nodes as the policy wants let the key in. */
export async function demandLogins(scene: Scene, token: string): Promise<readonly Standing[]> {
  const standings = await verify(scene, token)
  demandGo(judge(scene.settings.offline, standings), scene)
  return standings
}

/**
 * Logs in to every node that is there. One that has joined since the key was brought out may not have it yet: one that
 * does not let the key in is given it once more.
 */
export async function verify(scene: Scene, token: string): Promise<readonly Standing[]> {
  const { fleet } = scene
  const key = await loginKeyOf(scene, token)
  const nodes = await fleet.nodes()
  const online = nodes.filter(({ isOnline }) => isOnline)
  const first = await fleet.logIn(online, key)
  const refusing = first.filter(({ is }) => is === 'failed').map(({ nodeId }) => nodeId)
  if (refusing.length > 0) await install(scene, token, refusing)
  const again = await fleet.logIn(
    online.filter(({ id }) => refusing.includes(id)),
    key,
  )
  const last = new Map([...first, ...again].map((standing) => [standing.nodeId, standing]))
  return nodes.map((node) => last.get(node.id) ?? unasked(node))
}

async function install(scene: Scene, token: string, nodeIds: readonly string[]): Promise<void> {
  const script = await stagingScript(scene, token)
  await scene.fleet.run(
    { comment: `add_key ${token}`, script, nodeIds, maxErrors: GO_ON },
    { awaited: nodeIds, waitMs: Math.min(scene.remainingMs() - RESERVE_MS, REINSTALL_MS) },
  )
}

const REINSTALL_MS = 120_000

async function stagingScript(scene: Scene, token: string): Promise<readonly string[]> {
  return await scriptFor(scene, whileStaging(scene.labels, token, await knownTokens(scene)))
}

/** A node before anything is known but whether its agent is connected. */
function unasked({ id, isOnline }: FleetNode): Standing {
  return isOnline
    ? { nodeId: id, isOnline, is: 'ok', why: '' }
    : { nodeId: id, isOnline, is: 'away', why: 'its agent is not connected' }
}

function installed({ id, isOnline }: FleetNode, result: CommandResult | undefined): Standing {
  const of = { nodeId: id, isOnline }
  if (result?.state === 'done') return { ...of, is: 'ok', why: '' }
  if (result?.state === 'failed') return { ...of, is: 'failed', why: result.details }
  const said = result?.details ?? 'no answer'
  return { ...of, is: 'away', why: isOnline ? said : `its agent is not connected, ${said}` }
}

function demandGo(verdict: Verdict, { log, run }: Scene): void {
  if (!verdict.go) throw new RotationError(verdict.reason)
  for (const { nodeId, why } of verdict.owed) {
    log({ event: 'ssh.node.owed', secretArn: run.secretArn, nodeId, reason: why })
  }
}
