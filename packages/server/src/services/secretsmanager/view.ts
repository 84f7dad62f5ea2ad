import type {
  DescribeSecretResponse,
  RotationRulesType,
  SecretListEntry,
} from '@aws-sdk/client-secrets-manager'
import { primaryRegionOf } from '../../store/replication.ts'
import type { RotationRules, Secret } from '../../store/secrets.ts'
import { versionsToStages } from './labels.ts'
import { tagList } from './tags.ts'

type Described = Omit<DescribeSecretResponse, 'VersionIdsToStages'>

/** A secret as DescribeSecret shows it. */
export function describe(secret: Secret): DescribeSecretResponse {
  return { ...describedMembers(secret), VersionIdsToStages: versionsToStages(secret.labels) }
}

/** A secret as ListSecrets shows it: the same, but for the name of one member. */
export function listEntry(secret: Secret): SecretListEntry {
  return { ...describedMembers(secret), SecretVersionsToStages: versionsToStages(secret.labels) }
}

function describedMembers(secret: Secret): Described {
  const { rotation } = secret
  return {
    ARN: secret.arn,
    Name: secret.name,
    Description: secret.description,
    KmsKeyId: secret.kmsKeyId,
    RotationEnabled: rotation?.enabled,
    RotationLambdaARN: rotation?.lambdaArn,
    RotationRules: rotation?.rules && rotationRules(rotation.rules),
    LastRotatedDate: rotation?.rotatedAt,
    NextRotationDate: rotation?.nextAt,
    LastChangedDate: secret.changedAt,
    LastAccessedDate: secret.accessedAt,
    // DIVERGENCE: AWS's pages disagree whether DeletedDate is when deletion was asked for or when it
    // happens. Ours is when it was asked for; DeleteSecret's DeletionDate is the end of the window.
    DeletedDate: secret.deletedAt,
    Tags: secret.tags && tagList(secret.tags),
    CreatedDate: secret.createdAt,
    PrimaryRegion: primaryRegionOf(secret),
  }
}

function rotationRules(rules: RotationRules): RotationRulesType {
  return {
    AutomaticallyAfterDays: rules.automaticallyAfterDays,
    Duration: rules.duration,
    ScheduleExpression: rules.scheduleExpression,
  }
}
