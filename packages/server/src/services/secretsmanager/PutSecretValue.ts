import type { PutSecretValueRequest, PutSecretValueResponse } from '@aws-sdk/client-secrets-manager'
import { writeOperation } from '../../gateway/operation.ts'
import { holdsToken } from '../../rotation/rotation-token.ts'
import type { Secret } from '../../store/secrets.ts'
import { demandChangeable } from './changeable.ts'
import { noValue } from './errors.ts'
import { CURRENT, labelsOf } from './labels.ts'
import { findSecret, secretConditions, targetOf } from './lookup.ts'
import { afterManualChange } from './manual-change.ts'
import { putVersion } from './put-version.ts'
import { rotationTokenInvalid } from './rotation-errors.ts'
import { demandToken } from './token.ts'
import { givenValue } from './values.ts'

/**
 * Adds a version, as AWSCURRENT unless the caller names other stages. Repeating a call changes nothing.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
 */
export const PutSecretValue = writeOperation<PutSecretValueRequest, PutSecretValueResponse, Secret>({
  action: 'secretsmanager:PutSecretValue',

  async resource(input, ctx) {
    demandToken(input)
    return findSecret(ctx, input.SecretId)
  },

  target: targetOf,
  keys: (_input, _ctx, secret) => secretConditions(secret),

  async run(input, ctx, secret) {
    demandChangeable(secret)
    using value = givenValue(input)
    if (!value) throw noValue()
    const versionId = demandToken(input)
    const { RotationToken: token } = input
    if (token !== undefined && !holdsToken(secret.rotation, token, versionId)) throw rotationTokenInvalid()
    const stages = stagesFor(secret, input.VersionStages ?? [CURRENT])
    const changed = await afterManualChange(
      ctx,
      secret,
      await putVersion(ctx, secret, { versionId, value, stages }),
    )
    if (changed !== secret) await ctx.store.secrets.update(changed)
    const held = labelsOf(changed.labels, versionId)
    return {
      ARN: secret.arn,
      Name: secret.name,
      VersionId: versionId,
      VersionStages: held.length > 0 ? held : undefined,
    }
  },
})

/** The first version is AWSCURRENT whatever else it is to be. */
function stagesFor({ labels }: Secret, wanted: readonly string[]): readonly string[] {
  return labels.size === 0 ? [...wanted, CURRENT] : wanted
}
