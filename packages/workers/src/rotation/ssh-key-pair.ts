/**
 * Rotates an SSH key pair on every node that has a tag, over Systems Manager and EC2 alone, so that no login fails: the
 * new key is on the nodes, and has let somebody in, before anybody reads it; the old one stays until nobody can be
 * using it. The secret is a JSON object with `PrivateKey` and `PublicKey`; `{}` is enough to begin with.
 *
 * | Tag of the secret | Variable | What |
 * |---|---|---|
 * | `lockstep:ssh-user` | `USERNAME` | the account on the nodes; `ec2-user` |
 * | `lockstep:ssh-tag-name`, `lockstep:ssh-tag-value` | `TAGNAME`, `TAGVALUE` | which nodes; `RotateSSHKeys`, `True` |
 * | `lockstep:ssh-offline` | `OFFLINE` | `wait`, `abort`, `debt` or `quorum:N%`; `wait` |
 * | `lockstep:ssh-drain-seconds` | `DRAIN_SECONDS` | how long both keys stay valid; 60 |
 * | `lockstep:ssh-key-type` | `KEY_TYPE`, `KEY_BITS` | `ed25519`, or `rsa` (2048), `rsa-3072`, `rsa-4096` |
 */
import { setTimeout as delay } from 'node:timers/promises'
import { EC2Client } from '@aws-sdk/client-ec2'
import { SSMClient } from '@aws-sdk/client-ssm'
import { finishRotation } from './finish.ts'
import { parseObject, withMembers } from './json-members.ts'
import { RotationError } from './rotation-error.ts'
import { handlerOf, print, type Rotator } from './rotator.ts'
import { putPending, readPending, readStage } from './secret-versions.ts'
import { awsFleet } from './ssh-key-pair/aws-fleet.ts'
import type { Pace } from './ssh-key-pair/fleet.ts'
import { newKeyPair } from './ssh-key-pair/key-format.ts'
import { drainAndRetire } from './ssh-key-pair/retire.ts'
import { demandToken, type Means, openScene, type Scene } from './ssh-key-pair/scene.ts'
import type { Settings } from './ssh-key-pair/settings.ts'
import { demandLogins, stage, verify } from './ssh-key-pair/stage.ts'

export function sshKeyPair(means: Means): Rotator {
  return {
    async createSecret(run) {
      demandToken(run.clientRequestToken)
      const { settings } = await openScene(run, means)
      const text = (await readStage(run, 'AWSCURRENT')) ?? '{}'
      parseObject(text)
      if ((await readPending(run)) !== undefined) return
      const { privateKey, publicKey } = await newKeyPair(settings.keyType, run.clientRequestToken)
      await putPending(run, withMembers(text, { PrivateKey: privateKey, PublicKey: publicKey }))
    },

    async setSecret(run) {
      await stage(await openScene(run, means), run.clientRequestToken)
    },

    async testSecret(run) {
      await demandLogins(await openScene(run, means), run.clientRequestToken)
    },

    async finishSecret(run) {
      const token = run.clientRequestToken
      const before = await openScene(run, means)
      if (before.labels.current === token) {
        // An earlier attempt has come so far. What it left on the nodes is still to go.
        await finishRotation(run)
        await drainAndRetire(before, token, await verify(before, token))
        return
      }
      demandStillPending(before, token)
      // Not taken from testSecret, which whoever may invoke the function can leave out.
      const standings = await demandLogins(before, token)
      await finishRotation(run)
      const after: Scene = {
        ...before,
        labels: { current: token, previous: before.labels.current, pending: undefined },
      }
      await drainAndRetire(after, token, standings)
    },
  }
}

function demandStillPending({ labels }: Scene, token: string): void {
  if (labels.pending === token) return
  throw new RotationError('The version of this ClientRequestToken is no longer AWSPENDING.')
}

const pace: Pace = { sleep: async (ms) => void (await delay(ms)), now: () => performance.now() }

/** Amazon's endpoints, or those of `AWS_ENDPOINT_URL`. */
function connect(settings: Settings) {
  return awsFleet({ ssm: new SSMClient({}), ec2: new EC2Client({}), settings, pace })
}

export const handler = handlerOf(sshKeyPair({ environment: process.env, connect, pace, log: print }))
