/** The calls of a rotation to Secrets Manager, each failure in words that may be logged. */
import {
  DescribeSecretCommand,
  GetRandomPasswordCommand,
  type GetRandomPasswordRequest,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager'
import { answered, callFailed, RotationError } from './rotation-error.ts'
import type { RotationRun } from './rotator.ts'

/** What DescribeSecret says about a secret's versions. */
export interface SecretVersions {
  readonly rotationEnabled: boolean
  /** By version id. */
  readonly stages: ReadonlyMap<string, readonly string[]>
  /** The secret's own tags. */
  readonly tags: ReadonlyMap<string, string>
}

export async function describeVersions({ secrets, secretArn }: RotationRun): Promise<SecretVersions> {
  try {
    const answer = await secrets.send(new DescribeSecretCommand({ SecretId: secretArn }))
    return {
      rotationEnabled: answer.RotationEnabled === true,
      stages: new Map(Object.entries(answer.VersionIdsToStages ?? {})),
      tags: new Map((answer.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value])),
    }
  } catch (error) {
    throw callFailed('DescribeSecret', error)
  }
}

/** The ids of all versions that the secret is known to have had, with those that have no label any more. */
export async function allVersionIds({ secrets, secretArn }: RotationRun): Promise<ReadonlySet<string>> {
  const ids = new Set<string>()
  let NextToken: string | undefined
  do {
    try {
      const page = await secrets.send(
        new ListSecretVersionIdsCommand({
          SecretId: secretArn,
          IncludeDeprecated: true,
          MaxResults: 100,
          NextToken,
        }),
      )
      for (const { VersionId } of page.Versions ?? []) if (VersionId !== undefined) ids.add(VersionId)
      NextToken = page.NextToken || undefined
    } catch (error) {
      throw callFailed('ListSecretVersionIds', error)
    }
  } while (NextToken !== undefined)
  return ids
}

/** The text of the version that holds a stage; undefined where none does, or none that has a value. */
export function readStage(
  { secrets, secretArn }: RotationRun,
  stage: 'AWSCURRENT' | 'AWSPREVIOUS',
): Promise<string | undefined> {
  return readText(secrets, { SecretId: secretArn, VersionStage: stage })
}

/** The text of the version that this run is making; undefined while it has none. */
export function readPending(run: RotationRun): Promise<string | undefined> {
  const { secrets, secretArn, clientRequestToken } = run
  return readText(secrets, {
    SecretId: secretArn,
    VersionId: clientRequestToken,
    VersionStage: 'AWSPENDING',
  })
}

interface WhichVersion {
  readonly SecretId: string
  readonly VersionId?: string
  readonly VersionStage?: string
}

/** @throws RotationError where the value is binary. */
export async function readText(
  secrets: SecretsManagerClient,
  which: WhichVersion,
): Promise<string | undefined> {
  try {
    const { SecretString } = await secrets.send(new GetSecretValueCommand(which))
    if (SecretString !== undefined) return SecretString
  } catch (error) {
    if (answered(error, 'ResourceNotFoundException')) return undefined
    throw callFailed('GetSecretValue', error)
  }
  throw new RotationError(
    `The ${which.VersionStage ?? which.VersionId} value is SecretBinary; only a SecretString can be rotated.`,
  )
}

/** Gives the run's version its value. Whoever was faster has put one that is as good. */
export async function putPending(run: RotationRun, text: string): Promise<void> {
  const { secrets, secretArn, clientRequestToken, rotationToken } = run
  try {
    await secrets.send(
      new PutSecretValueCommand({
        SecretId: secretArn,
        ClientRequestToken: clientRequestToken,
        SecretString: text,
        VersionStages: ['AWSPENDING'],
        ...(rotationToken ? { RotationToken: rotationToken.reveal() } : {}),
      }),
    )
  } catch (error) {
    if (!answered(error, 'ResourceExistsException')) throw callFailed('PutSecretValue', error, true)
    if ((await readPending(run)) === undefined) throw callFailed('PutSecretValue', error, true)
  }
}

export async function newPassword(
  { secrets }: RotationRun,
  options: GetRandomPasswordRequest,
): Promise<string> {
  try {
    const { RandomPassword } = await secrets.send(new GetRandomPasswordCommand(options))
    if (RandomPassword) return RandomPassword
  } catch (error) {
    throw callFailed('GetRandomPassword', error)
  }
  throw new RotationError('GetRandomPassword answered without a password.')
}

interface StageChange {
  readonly stage: 'AWSCURRENT' | 'AWSPENDING'
  readonly from?: string | undefined
  readonly to?: string
}

export async function changeStage({ secrets, secretArn }: RotationRun, change: StageChange): Promise<void> {
  try {
    await secrets.send(
      new UpdateSecretVersionStageCommand({
        SecretId: secretArn,
        VersionStage: change.stage,
        ...(change.from === undefined ? {} : { RemoveFromVersionId: change.from }),
        ...(change.to === undefined ? {} : { MoveToVersionId: change.to }),
      }),
    )
  } catch (error) {
    throw callFailed('UpdateSecretVersionStage', error)
  }
}
