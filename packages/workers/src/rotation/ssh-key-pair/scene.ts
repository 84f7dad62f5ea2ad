/** One secret's rotation with the nodes that it concerns, as it is found. */
import { type AuthorizedKey, authorizedKeysScript } from '../../ssh/authorized-keys-script.ts'
import { Hidden } from '../hidden.ts'
import { parseObject } from '../json-members.ts'
import type { Environment } from '../password-options.ts'
import { RotationError } from '../rotation-error.ts'
import type { Log, RotationRun } from '../rotator.ts'
import { allVersionIds, describeVersions, readText } from '../secret-versions.ts'
import type { Fleet, LoginKey, Pace } from './fleet.ts'
import { authorizedKeyOf } from './key-format.ts'
import { type Labelled, labelled, type Wanted } from './plan.ts'
import { readSettings, type Settings } from './settings.ts'

export interface Means {
  readonly environment: Environment
  readonly connect: (settings: Settings) => Fleet
  readonly pace: Pace
  readonly log: Log
}

export interface Scene {
  readonly run: RotationRun
  readonly settings: Settings
  readonly fleet: Fleet
  readonly pace: Pace
  readonly log: Log
  readonly labels: Labelled
  readonly remainingMs: () => number
}

/** What a Lambda has where nobody says otherwise. */
const DEFAULT_REMAINING_MS = 900_000
/** What of a version's id can be told apart in a line of authorized_keys. */
const TOKEN = /^[A-Za-z0-9-]{8,64}$/

export async function openScene(run: RotationRun, means: Means): Promise<Scene> {
  const { tags, stages } = await describeVersions(run)
  const settings = readSettings(means.environment, tags, run.secretArn)
  const endsAtMs = means.pace.now() + DEFAULT_REMAINING_MS
  return {
    run,
    settings,
    fleet: means.connect(settings),
    pace: means.pace,
    log: means.log,
    labels: labelled(stages),
    remainingMs: run.remainingMs ?? (() => endsAtMs - means.pace.now()),
  }
}

export function demandToken(token: string): void {
  if (TOKEN.test(token)) return
  throw new RotationError('The ClientRequestToken has other characters than letters, digits and hyphens.')
}

/**
 * Every version whose key a node may have: those that the secret lists, and those that its association brought out,
 * which Secrets Manager may have forgotten since.
 */
export async function knownTokens({ run, fleet }: Scene): Promise<ReadonlySet<string>> {
  const known = [...(await allVersionIds(run)), ...tokensIn((await fleet.association()) ?? [])]
  return new Set(known.filter((token) => TOKEN.test(token)))
}

/**
 * Takes back what nodes have not done yet of this secret's commands, but for one that is still wanted. A node that was
 * away would take them when it returns, after the association maybe, and have old keys again.
 */
export async function recallOthers(scene: Scene, wanted?: string): Promise<void> {
  const known = await knownTokens(scene)
  await scene.fleet.recall((comment) => {
    const [, token] = /^(?:add|delete)_key ([A-Za-z0-9-]+)(?: and \d+ more)?$/.exec(comment) ?? []
    return token !== undefined && known.has(token) && comment !== wanted
  })
}

/** The tokens of the keys that a script adds. */
export function tokensIn(script: readonly string[]): readonly string[] {
  return script.flatMap((line) => {
    const [, token] = /^(?:add=')?(?:ssh|ecdsa)-\S+ [A-Za-z0-9+/=]+ ([A-Za-z0-9-]+)'?$/.exec(line) ?? []
    return token === undefined ? [] : [token]
  })
}

/** The shell script by which a node comes to have what is wanted. */
export async function scriptFor({ run, settings }: Scene, wanted: Wanted): Promise<readonly string[]> {
  const add: AuthorizedKey[] = []
  for (const token of wanted.present) {
    const key = TOKEN.test(token) ? await publicKeyOf(run, token) : undefined
    if (key) add.push(key)
  }
  return authorizedKeysScript({ user: settings.user, add, removeTokens: wanted.absent })
}

/** Undefined where the version has no key pair, as `{}` has none. */
async function publicKeyOf(run: RotationRun, token: string): Promise<AuthorizedKey | undefined> {
  const text = await textOf(run, token)
  return text === undefined ? undefined : authorizedKeyOf(parseObject(text).get('PublicKey'), token)
}

/** @throws RotationError where the version has none. */
export async function loginKeyOf({ run, settings }: Scene, token: string): Promise<LoginKey> {
  const text = await textOf(run, token)
  const privateKey = text === undefined ? undefined : parseObject(text).get('PrivateKey')
  if (typeof privateKey !== 'string') throw new RotationError(`The version ${token} has no PrivateKey.`)
  return { user: settings.user, privateKey: new Hidden(privateKey) }
}

function textOf({ secrets, secretArn }: RotationRun, VersionId: string): Promise<string | undefined> {
  return readText(secrets, { SecretId: secretArn, VersionId })
}
