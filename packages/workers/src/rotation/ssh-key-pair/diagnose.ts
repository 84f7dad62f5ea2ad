/** Says what holds a secret's rotation up, node by node, and mends what can be mended without a new key. */
import { naming, type Standing, whileStaging } from './plan.ts'
import { retire } from './retire.ts'
import { knownTokens, loginKeyOf, type Scene, scriptFor, tokensIn } from './scene.ts'
import { verify } from './stage.ts'

export interface Finding {
  readonly kind: /** A rotation has not come to its end. */
    | 'pending'
    /** No node has the tag. */
    | 'no-nodes'
    /** A node does not let the current key in, or cannot be asked. */
    | 'refused'
    | 'away'
    /** A node still has keys that are neither current nor pending. */
    | 'owed'
    /** Nodes that return or join would not get the current key. */
    | 'association'
  readonly nodeId?: string
  /** For people. */
  readonly sentence: string
  /** What `mend` does about it; absent: nothing, it is somebody else's. */
  readonly remedy?: 'install' | 'retire' | 'associate'
}

const INSPECT_WAIT_MS = 60_000

/** Changes nothing. */
export async function diagnose(scene: Scene): Promise<readonly Finding[]> {
  const { fleet, labels } = scene
  const findings: Finding[] = []
  const nodes = await fleet.nodes()
  if (nodes.length === 0) findings.push({ kind: 'no-nodes', sentence: 'There is no node with the tag.' })
  if (labels.pending !== undefined && labels.pending !== labels.current) {
    findings.push(await pendingFinding(scene, labels.pending))
  }
  const { current } = labels
  if (current === undefined || !(await hasKey(scene, current))) return findings
  const key = await loginKeyOf(scene, current)
  const online = nodes.filter(({ isOnline }) => isOnline)
  const standings = await fleet.logIn(online, key)
  findings.push(...standings.flatMap(standingFinding))
  for (const { id, isOnline } of nodes) {
    if (!isOnline) findings.push({ kind: 'away', nodeId: id, sentence: 'Its agent is not connected.' })
  }
  findings.push(
    ...(await owedFindings(
      scene,
      online.map(({ id }) => id),
    )),
  )
  if (!tokensIn((await fleet.association()) ?? []).includes(current)) {
    const sentence = 'The association does not bring the current key to nodes that return or join.'
    findings.push({ kind: 'association', sentence, remedy: 'associate' })
  }
  return findings
}

/**
 * Installs the current key where it is refused, removes keys that no version in use has, and sets the association
 * right. A rotation that is not over keeps its keys: it is rotated on, or rolled back. Answers what is left.
 */
export async function mend(scene: Scene): Promise<readonly Finding[]> {
  const { current, pending } = scene.labels
  if (current === undefined || !(await hasKey(scene, current))) return await diagnose(scene)
  const standings = await verify(scene, current)
  if (pending === undefined || pending === current) {
    // Of a rotation whose drain nobody knows to be over: this one waits for it itself.
    await scene.pace.sleep(scene.settings.drainSeconds * 1000)
    await retire(scene, current, standings)
  } else {
    const wanted = whileStaging(scene.labels, pending, await knownTokens(scene))
    await scene.fleet.associate(await scriptFor(scene, wanted))
  }
  return await diagnose(scene)
}

async function hasKey(scene: Scene, token: string): Promise<boolean> {
  return tokensIn(await scriptFor(scene, { present: [token], absent: [] })).includes(token)
}

async function pendingFinding(scene: Scene, pending: string): Promise<Finding> {
  const begun = `The rotation to version ${pending} has not come to its end`
  if (!(await hasKey(scene, pending))) return { kind: 'pending', sentence: `${begun}: it has no key yet.` }
  const online = (await scene.fleet.nodes()).filter(({ isOnline }) => isOnline)
  const standings = await scene.fleet.logIn(online, await loginKeyOf(scene, pending))
  const failing = standings.filter(({ is }) => is !== 'ok')
  const sentence =
    failing.length === 0
      ? `${begun}: every node that is there lets its key in.`
      : `${begun}. ${naming(failing)}`
  return { kind: 'pending', sentence }
}

function standingFinding({ nodeId, is, why }: Standing): readonly Finding[] {
  if (is === 'ok') return []
  if (is === 'away') return [{ kind: 'away', nodeId, sentence: `No login is possible: ${why}.` }]
  return [
    { kind: 'refused', nodeId, sentence: `It does not let the current key in: ${why}.`, remedy: 'install' },
  ]
}

async function owedFindings(scene: Scene, nodeIds: readonly string[]): Promise<readonly Finding[]> {
  const { labels, fleet } = scene
  const used = new Set([labels.current, labels.pending])
  const spare = [...(await knownTokens(scene))].filter((token) => !used.has(token))
  if (spare.length === 0 || nodeIds.length === 0) return []
  const script = inspection(scene.settings.user, spare)
  const results = await fleet.run(
    { comment: 'inspect_keys', script, nodeIds, maxErrors: '100%' },
    { awaited: nodeIds, waitMs: INSPECT_WAIT_MS },
  )
  return [...results].flatMap(([nodeId, { details }]): Finding[] => {
    const found = spare.filter((token) => details.split('\n').includes(`lockstep-key ${token}`))
    if (found.length === 0) return []
    const sentence = `It still has the key of ${found.join(', ')}.`
    // While a rotation goes on, its own end removes them.
    const isOver = labels.pending === undefined || labels.pending === labels.current
    return [{ kind: 'owed', nodeId, sentence, ...(isOver ? { remedy: 'retire' as const } : {}) }]
  })
}

/** Prints which of the tokens a file has, and nothing else of it: a link could lead to a file that is none of ours. */
function inspection(user: string, tokens: readonly string[]): readonly string[] {
  return [
    `user='${user}'`,
    'home=$( (getent passwd "$user" 2>/dev/null || grep "^$user:" /etc/passwd) | cut -d: -f6)',
    `for token in ${tokens.join(' ')}; do`,
    '  if grep -qaE "^[^#].*[[:space:]]$token[[:space:]]*$" "$home/.ssh/authorized_keys" 2>/dev/null',
    '  then echo "lockstep-key $token"; fi',
    'done',
  ]
}
