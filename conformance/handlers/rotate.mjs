/**
 * A rotation function as it is written for AWS: a secret that is one password, the SDK's client of Secrets Manager
 * with nothing but its defaults, the four steps. Says each step that it is asked for.
 */
import {
  DescribeSecretCommand,
  GetRandomPasswordCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager'

const secrets = new SecretsManagerClient()

async function currentVersion(SecretId) {
  const { VersionIdsToStages } = await secrets.send(new DescribeSecretCommand({ SecretId }))
  return Object.keys(VersionIdsToStages).find((id) => VersionIdsToStages[id].includes('AWSCURRENT'))
}

async function pendingValue(SecretId, VersionId) {
  const answer = await secrets.send(
    new GetSecretValueCommand({ SecretId, VersionId, VersionStage: 'AWSPENDING' }),
  )
  return answer.SecretString
}

const steps = {
  async createSecret({ SecretId, ClientRequestToken, RotationToken }) {
    try {
      await pendingValue(SecretId, ClientRequestToken)
    } catch (error) {
      if (error.name !== 'ResourceNotFoundException') throw error
      const { RandomPassword } = await secrets.send(new GetRandomPasswordCommand({ PasswordLength: 24 }))
      await secrets.send(
        new PutSecretValueCommand({
          SecretId,
          ClientRequestToken,
          RotationToken,
          SecretString: RandomPassword,
          VersionStages: ['AWSPENDING'],
        }),
      )
    }
  },
  async setSecret({ SecretId, ClientRequestToken }) {
    await pendingValue(SecretId, ClientRequestToken)
  },
  async testSecret({ SecretId, ClientRequestToken }) {
    const pending = await pendingValue(SecretId, ClientRequestToken)
    if (pending.length !== 24) throw new RangeError('not the value of createSecret')
  },
  async finishSecret({ SecretId, ClientRequestToken }) {
    const RemoveFromVersionId = await currentVersion(SecretId)
    if (RemoveFromVersionId === ClientRequestToken) return
    await secrets.send(
      new UpdateSecretVersionStageCommand({
        SecretId,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: ClientRequestToken,
        RemoveFromVersionId,
      }),
    )
  },
}

export const handler = async (event) => {
  const { Step, SecretId, ClientRequestToken, RotationToken } = event
  console.log(
    JSON.stringify({
      step: Step,
      secret: SecretId,
      token: ClientRequestToken,
      rotationToken: typeof RotationToken === 'string' && RotationToken.length >= 32,
    }),
  )
  const described = await secrets.send(new DescribeSecretCommand({ SecretId }))
  if (!described.RotationEnabled) throw new Error('the secret is not enabled for rotation')
  const stages = described.VersionIdsToStages[ClientRequestToken]
  if (!stages) throw new Error('the version has no stage for rotation')
  if (stages.includes('AWSCURRENT')) return
  if (!stages.includes('AWSPENDING')) throw new Error('the version is not AWSPENDING')
  await steps[Step](event)
}
