import type {
  UpdateSecretVersionStageRequest,
  UpdateSecretVersionStageResponse,
} from '@aws-sdk/client-secrets-manager'
import type { Validated } from '@lockstep/wire'
import { writeOperation } from '../../gateway/operation.ts'
import type { Labels, Secret } from '../../store/secrets.ts'
import { demandChangeable } from './changeable.ts'
import {
  currentCannotBeRemoved,
  noStageChange,
  removeFromMissing,
  removeFromWrong,
  tooManyLabels,
  versionNotFound,
} from './errors.ts'
import { CURRENT, MAX_LABELS, moveLabel, removeLabel } from './labels.ts'
import { findSecret, secretConditions, targetOf } from './lookup.ts'

type Input = Validated<UpdateSecretVersionStageRequest>

/**
 * Moves a staging label from one version to another, or takes it off.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
 */
export const UpdateSecretVersionStage = writeOperation<
  UpdateSecretVersionStageRequest,
  UpdateSecretVersionStageResponse,
  Secret
>({
  action: 'secretsmanager:UpdateSecretVersionStage',
  resource: (input, ctx) => findSecret(ctx, input.SecretId),
  target: targetOf,

  keys: (input, _ctx, secret) => ({
    ...secretConditions(secret),
    'secretsmanager:VersionStage': input.VersionStage,
  }),

  async run(input, ctx, secret) {
    demandChangeable(secret)
    const { MoveToVersionId: to } = input
    const version = to === undefined ? undefined : await ctx.store.secrets.version(secret, secret.arn, to)
    if (to !== undefined && !version) throw versionNotFound(to)
    // A version that still waits for its value must not become the one that everybody reads.
    if (to !== undefined && !version?.value && input.VersionStage === CURRENT) throw versionNotFound(to)
    const labels = changeStage(secret.labels, input)
    if (labels !== secret.labels) {
      await ctx.store.secrets.update({ ...secret, labels, changedAt: ctx.clock.now() })
    }
    return { ARN: secret.arn, Name: secret.name }
  },
})

/** The labels after the change. @throws InvalidParameterException, LimitExceededException */
function changeStage(labels: Labels, input: Input): Labels {
  const { VersionStage: stage, RemoveFromVersionId: from, MoveToVersionId: to } = input
  if (from === undefined && to === undefined) throw noStageChange()
  const holder = labels.get(stage)
  if (from !== undefined && from !== holder) throw removeFromWrong(stage, from)
  if (to === undefined) {
    if (stage === CURRENT) throw currentCannotBeRemoved()
    return removeLabel(labels, stage)
  }
  if (holder !== undefined && holder !== to && from === undefined) throw removeFromMissing(stage, holder)
  const moved = moveLabel(labels, stage, to)
  if (moved.size > MAX_LABELS) throw tooManyLabels()
  return moved
}
