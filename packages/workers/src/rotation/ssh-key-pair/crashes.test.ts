import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager'
import fc from 'fast-check'
import { startServer, type TestServer } from '../../../../server/src/testing/server.ts'
import { RotationError } from '../rotation-error.ts'
import { type RotationRun, STEPS } from '../rotator.ts'
import { sshKeyPair } from '../ssh-key-pair.ts'
import { Crash, FAULTS, ModelFleet } from './model.test-support.ts'
import type { Means } from './scene.ts'

const ATTEMPTS = 3
const DRAIN_SECONDS = 60

let server: TestServer
let secrets: SecretsManagerClient
before(async () => {
  server = await startServer()
  secrets = server.sdk(SecretsManagerClient, server.admin)
})
after(() => server[Symbol.asyncDispose]())

interface World {
  readonly means: Means
  readonly fleet: ModelFleet
  readonly secretArn: string
}

async function newWorld(
  offline: string,
  faults: readonly number[],
  drainSeconds = DRAIN_SECONDS,
): Promise<World> {
  const { ARN: secretArn = '' } = await secrets.send(
    new CreateSecretCommand({
      Name: randomUUID(),
      SecretString: '{}',
      Tags: [
        { Key: 'lockstep:ssh-offline', Value: offline },
        { Key: 'lockstep:ssh-drain-seconds', Value: String(drainSeconds) },
      ],
    }),
  )
  const fleet = new ModelFleet({
    nodes: 3,
    drainMs: DRAIN_SECONDS * 1000,
    faults,
    async readCurrent() {
      const { VersionIdsToStages = {} } = await secrets.send(
        new DescribeSecretCommand({ SecretId: secretArn }),
      )
      const current = Object.keys(VersionIdsToStages).find((id) =>
        VersionIdsToStages[id]?.includes('AWSCURRENT'),
      )
      return current === bornWith ? undefined : current
    },
  })
  const { VersionIdsToStages = {} } = await secrets.send(new DescribeSecretCommand({ SecretId: secretArn }))
  // `{}` is no key that anybody could hold.
  const [bornWith] = Object.keys(VersionIdsToStages)
  const means = { environment: {}, connect: () => fleet, pace: fleet.pace, log: () => {} }
  return { means, fleet, secretArn }
}

/** The four steps, each begun again after a failure, as Secrets Manager does; given up in the end. */
async function rotate({ means, fleet, secretArn }: World): Promise<boolean> {
  const rotator = sshKeyPair(means)
  const run: RotationRun = { secretArn, clientRequestToken: randomUUID(), secrets }
  for (const step of STEPS) {
    let isDone = false
    for (let attempt = 0; attempt < ATTEMPTS && !isDone; attempt++) {
      try {
        await rotator[step](run)
        isDone = true
      } catch (error) {
        if (!(error instanceof Crash || error instanceof RotationError)) throw error
      }
      await fleet.check()
    }
    if (!isDone) {
      await dropPending(run)
      return false
    }
  }
  return true
}

/** What Secrets Manager lets somebody do so that the next rotation can begin. */
async function dropPending({ secretArn: SecretId, clientRequestToken: RemoveFromVersionId }: RotationRun) {
  const { VersionIdsToStages = {} } = await secrets.send(new DescribeSecretCommand({ SecretId }))
  if (!VersionIdsToStages[RemoveFromVersionId]?.includes('AWSPENDING')) return
  const drop = { SecretId, VersionStage: 'AWSPENDING', RemoveFromVersionId }
  await secrets.send(new UpdateSecretVersionStageCommand(drop))
}

test('no reader’s login fails, whatever dies, breaks, goes away, returns or joins, and in the end each node has one key', async () => {
  let rotated = 0
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('wait', 'abort', 'debt', 'quorum:50%'),
      fc.array(fc.nat(FAULTS), { minLength: 60, maxLength: 60 }),
      async (offline, faults) => {
        const world = await newWorld(offline, faults)
        for (let n = 0; n < 3; n++) if (await rotate(world)) rotated++
        world.fleet.heal()
        await world.fleet.check()
        assert.ok(await rotate(world), 'a rotation without faults succeeds')
        world.fleet.heal()
        for (const { id, keys } of world.fleet.members)
          assert.deepEqual([...keys], [world.fleet.currentToken], id)
      },
    ),
    { numRuns: 40 },
  )
  // How many depends on chance; none would mean that no promotion was among what was looked at.
  assert.ok(rotated > 1, `${rotated} rotations succeeded among faults`)
})

test('the same world sees a login fail where nothing is waited for before the old key goes', async () => {
  const world = await newWorld('wait', [], 0)
  await rotate(world)
  await assert.rejects(rotate(world), /which readers have/)
})
