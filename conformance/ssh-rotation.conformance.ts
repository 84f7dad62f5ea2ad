/** RotateSecret with the built-in function for SSH keys, from Amazon's SDK to the files of real nodes. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  RotateSecretCommand,
  type Tag,
} from '@aws-sdk/client-secrets-manager'
import { ListCommandsCommand } from '@aws-sdk/client-ssm'
import { beginLogins } from './ssh-clients.ts'
import { noNodes, SSH_USER } from './ssh-node.ts'
import { SshWorld } from './ssh-world.ts'

const reason = noNodes()

/** As many as the gate has time for; LOCKSTEP_SSH_ROTATIONS=50 is the long run. */
const ROTATIONS = Number(process.env.LOCKSTEP_SSH_ROTATIONS ?? 8)
/** On the slowest machine, the drain included. */
const LONGEST_ROTATION_MS = 45_000
const timeout = 120_000 + ROTATIONS * LONGEST_ROTATION_MS
const options = reason === undefined ? { timeout } : { skip: reason }

/** The slowest login on a machine that does much else takes less. */
const DRAIN_SECONDS = '8'
const ROTATED_WITHIN_MS = 180_000
const LOOK_AGAIN_MS = 100

let started: SshWorld | undefined
let world: SshWorld
before(async () => {
  if (reason !== undefined) return
  world = await SshWorld.start(3)
  started = world
})
after(async () => {
  await started?.[Symbol.asyncDispose]()
})

/** A secret that has had its first rotation. */
async function rotated(Name: string, drainSeconds: string): Promise<string> {
  const Tags: Tag[] = [
    { Key: 'lockstep:ssh-user', Value: SSH_USER },
    { Key: 'lockstep:ssh-drain-seconds', Value: drainSeconds },
  ]
  const { ARN = '' } = await world.secrets.send(new CreateSecretCommand({ Name, SecretString: '{}', Tags }))
  await rotate(ARN)
  return ARN
}

/** Begins a rotation and waits until Secrets Manager says that it is over. */
async function rotate(SecretId: string): Promise<string> {
  const [, partition, , region, account] = SecretId.split(':')
  const RotationLambdaARN = `arn:${partition}:lambda:${region}:${account}:function:lockstep-rotate-ssh-key-pair`
  const before = await world.secrets.send(new DescribeSecretCommand({ SecretId }))
  const { VersionId = '' } = await world.secrets.send(
    new RotateSecretCommand({ SecretId, RotationLambdaARN, RotationRules: { AutomaticallyAfterDays: 30 } }),
  )
  const limit = performance.now() + ROTATED_WITHIN_MS
  for (;;) {
    const now = await world.secrets.send(new DescribeSecretCommand({ SecretId }))
    if (now.LastRotatedDate?.getTime() !== before.LastRotatedDate?.getTime()) {
      assert.deepEqual(now.VersionIdsToStages?.[VersionId], ['AWSCURRENT'])
      return VersionId
    }
    const state = JSON.stringify(now.VersionIdsToStages)
    assert.ok(performance.now() < limit, `not rotated: ${state} ${world.server.stderr.slice(-4000)}`)
    await sleep(LOOK_AGAIN_MS)
  }
}

test(
  'rows 15, 23, 26, 29: {} becomes a key pair that is on every node, delivered by Run Command',
  options,
  async () => {
    const arn = await rotated('/dev/first', '0')
    const token = await rotate(arn)
    const { PublicKey } = await world.current(arn)
    assert.ok(PublicKey.endsWith(` ${token}`))
    for (const node of world.nodes) assert.equal(node.authorizedKeys(), `${PublicKey}\n`)
    const { Commands = [] } = await world.ssm.send(new ListCommandsCommand({}))
    const add = Commands.find(({ Comment }) => Comment === `add_key ${token}`)
    assert.equal(add?.DocumentName, 'AWS-RunShellScript')
  },
)

test(
  'row 30: rotations under six clients that fetch the key for each login fail no login',
  options,
  async () => {
    const arn = await rotated('/dev/ssh', DRAIN_SECONDS)
    const clients = beginLogins(world, arn, { ssh: 2, ssh2: 4 })
    try {
      for (let n = 0; n < ROTATIONS; n++) await rotate(arn)
    } finally {
      await clients.stop()
    }
    const { count, failures, keys } = clients.logins
    assert.deepEqual(failures, [])
    assert.ok(keys.size >= ROTATIONS, `logins with ${keys.size} keys`)
    assert.ok(count > ROTATIONS * 10, `${count} logins`)
  },
)

test('row 30: the same clients do fail where the old key goes at once', options, async () => {
  const arn = await rotated('/dev/at-once', '0')
  const clients = beginLogins(world, arn, { ssh: 2, ssh2: 4 })
  try {
    const most = Math.max(ROTATIONS, 10)
    for (let n = 0; n < most && clients.logins.failures.length === 0; n++) await rotate(arn)
  } finally {
    await clients.stop()
  }
  assert.notDeepEqual(clients.logins.failures, [])
})
