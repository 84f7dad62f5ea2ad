import { setTimeout as delay } from 'node:timers/promises'
import { EC2Client } from '@aws-sdk/client-ec2'
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { SSMClient } from '@aws-sdk/client-ssm'
import { RotationError } from '@lockstep/workers/rotation/rotation-error'
import { awsFleet } from '@lockstep/workers/rotation/ssh-key-pair/aws-fleet'
import type { Pace } from '@lockstep/workers/rotation/ssh-key-pair/fleet'
import { openScene, type Scene } from '@lockstep/workers/rotation/ssh-key-pair/scene'
import { CommandFailure, EXIT } from './exit-codes.ts'

const pace: Pace = { sleep: async (ms) => void (await delay(ms)), now: () => performance.now() }

/** A person has more patience than a function. */
const LIMIT_MS = 3_600_000

/** The rotation of a secret's SSH keys as it stands, for the verbs that look at it and change it. */
export async function sshScene(SecretId: string): Promise<Scene> {
  const secrets = new SecretsManagerClient({})
  const { ARN = '' } = await secrets.send(new DescribeSecretCommand({ SecretId }))
  const endsAtMs = pace.now() + LIMIT_MS
  const run = { secretArn: ARN, clientRequestToken: '', secrets, remainingMs: () => endsAtMs - pace.now() }
  return await openScene(run, {
    environment: {},
    connect: (settings) => awsFleet({ ssm: new SSMClient({}), ec2: new EC2Client({}), settings, pace }),
    pace,
    log: ({ event = '', nodeId = '', reason = '' }) =>
      process.stderr.write(`${[event, nodeId, reason].filter(Boolean).join('  ')}\n`),
  })
}

/** What a rotation says of its failure is a sentence for people already. */
export async function inWords<Result>(act: () => Promise<Result>): Promise<Result> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof RotationError) throw new CommandFailure(EXIT.failed, error.message)
    throw error
  }
}
