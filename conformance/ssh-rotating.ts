/** Secrets whose SSH keys rotate on the nodes of a world, and what is to be seen of it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail'
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  RotateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager'
import { sdk } from './sdk.ts'
import { lockstep } from './server.ts'
import type { SshNode } from './ssh-node.ts'
import type { SshWorld } from './ssh-world.ts'

const ENDED_WITHIN_MS = 150_000
const LOOK_AGAIN_MS = 200

/** Tags without their `lockstep:ssh-`. Nothing is waited for before the old key goes, unless they say so. */
export type Settings = Readonly<Record<string, string>>

/** Answers its ARN. */
export async function newSecret(
  world: SshWorld,
  Name: string,
  settings: Settings,
  SecretString = '{}',
): Promise<string> {
  const all = { 'drain-seconds': '0', ...settings }
  const Tags = Object.entries(all).map(([name, Value]) => ({ Key: `lockstep:ssh-${name}`, Value }))
  const { ARN = '' } = await world.secrets.send(new CreateSecretCommand({ Name, SecretString, Tags }))
  return ARN
}

/** Answers the id of the version that the rotation makes. */
export async function begin(world: SshWorld, SecretId: string): Promise<string> {
  const [, partition, , region, account] = SecretId.split(':')
  const RotationLambdaARN = `arn:${partition}:lambda:${region}:${account}:function:lockstep-rotate-ssh-key-pair`
  const { VersionId = '' } = await world.secrets.send(
    new RotateSecretCommand({ SecretId, RotationLambdaARN, RotationRules: { AutomaticallyAfterDays: 30 } }),
  )
  return VersionId
}

/** A rotation from its beginning to its end. */
export async function rotate(world: SshWorld, secretId: string): Promise<string> {
  const token = await begin(world, secretId)
  await rotated(world, secretId, token, { mayFail: false })
  return token
}

/** Until Secrets Manager says that it is over: AWSCURRENT moves long before, as the old key is still to go. */
export async function rotated(
  world: SshWorld,
  secretId: string,
  token: string,
  { mayFail } = { mayFail: true },
): Promise<void> {
  await eventually(world, `an end of the rotation of ${secretId} to ${token}`, async () => {
    if (!mayFail) assert.equal((await recorded(world, 'RotationFailed', token))?.ErrorMessage, undefined)
    if (!(await stages(world, secretId))[token]?.includes('AWSCURRENT')) return false
    return await recorded(world, 'RotationSucceeded', token)
  })
  assert.deepEqual((await stages(world, secretId))[token], ['AWSCURRENT'])
}

interface Recorded {
  readonly Step: string
  readonly ErrorMessage?: string
}

/** What the trail says last of a rotation under that name. */
async function recorded(world: SshWorld, name: string, token: string): Promise<Recorded | undefined> {
  const attribute = { AttributeKey: 'EventName', AttributeValue: name } as const
  const { Events = [] } = await sdk(CloudTrailClient, world.caller).send(
    new LookupEventsCommand({ LookupAttributes: [attribute] }),
  )
  return Events.map(({ CloudTrailEvent }) => JSON.parse(CloudTrailEvent ?? '{}').additionalEventData).find(
    ({ VersionId }) => VersionId === token,
  )
}

/** The labels of each version, of which none is anywhere twice. */
export async function stages(
  world: SshWorld,
  SecretId: string,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const { VersionIdsToStages = {} } = await world.secrets.send(new DescribeSecretCommand({ SecretId }))
  const labels = Object.values(VersionIdsToStages).flat()
  assert.equal(new Set(labels).size, labels.length, `a label twice: ${JSON.stringify(VersionIdsToStages)}`)
  return VersionIdsToStages
}

/** What the trail says of an attempt that failed, which has left AWSCURRENT alone. */
export async function failure(
  world: SshWorld,
  secretId: string,
  token: string,
): Promise<{ readonly step: string; readonly message: string }> {
  const { Step, ErrorMessage = '' } = await eventually(
    world,
    `a failed rotation of ${secretId}`,
    async () => {
      assert.ok(!(await stages(world, secretId))[token]?.includes('AWSCURRENT'), 'the rotation did not fail')
      return await recorded(world, 'RotationFailed', token)
    },
  )
  return { step: Step, message: ErrorMessage }
}

/** Ends a rotation that failed, as whoever looks after the secret would, so that the next one may begin. */
export async function giveUp(world: SshWorld, SecretId: string, token: string): Promise<void> {
  const drop = { SecretId, VersionStage: 'AWSPENDING', RemoveFromVersionId: token }
  await world.secrets.send(new UpdateSecretVersionStageCommand(drop))
}

/** `lockstep rotation status`, or `doctor`, as JSON. */
export async function told(world: SshWorld, verb: 'status' | 'doctor', secretId: string) {
  const { stdout, stderr } = await lockstep(['rotation', verb, secretId, '--json'], world.administrator)
  assert.notEqual(stdout, '', stderr)
  return JSON.parse(stdout)
}

/** The log of the function on the server. */
export function functionLog({ server }: SshWorld, arn: string): string {
  const [, , , region = '', account = ''] = arn.split(':')
  const name = 'lockstep-rotate-ssh-key-pair.log'
  return readFileSync(join(server.directory, 'logs/functions', account, region, name), 'utf8')
}

/** Each of the nodes has one line, which is that of the secret's current key. */
export async function demandOneKey(
  world: SshWorld,
  secretId: string,
  of: { readonly user: string; readonly nodes: readonly SshNode[] },
): Promise<void> {
  const { PublicKey } = await world.current(secretId)
  for (const node of of.nodes) assert.equal(node.authorizedKeys(of.user), `${PublicKey}\n`, node.id)
}

/** What `look` finds in the end. */
export async function eventually<T>(
  world: SshWorld,
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const limit = performance.now() + ENDED_WITHIN_MS
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    assert.ok(performance.now() < limit, `there was not ${what}: ${world.server.stderr.slice(-1000)}`)
    await sleep(LOOK_AGAIN_MS)
  }
}
