import type { WriteContext } from '../../gateway/context.ts'
import { makeRoom } from '../../rotation/spare-versions.ts'
import type { Secret } from '../../store/secrets.ts'
import { tokenTaken, tooManyLabels, tooManyVersions } from './errors.ts'
import { attachLabels, MAX_LABELS } from './labels.ts'
import { type GivenValue, holds, seal } from './values.ts'

/**
 * Gives a secret a version and that version its labels. Answers the secret as it is then, still to be
 * written; or the very same object where the version was there already and holds this value, because then
 * the request is a repetition and changes nothing.
 *
 * @throws ResourceExistsException where the id is taken for another value, LimitExceededException, and what
 *   the key refuses with.
 */
export async function putVersion(
  ctx: WriteContext,
  secret: Secret,
  put: { readonly versionId: string; readonly value: GivenValue; readonly stages: readonly string[] },
): Promise<Secret> {
  const { versionId, value, stages } = put
  const { secrets } = ctx.store
  const existing = await secrets.version(secret, secret.arn, versionId)
  if (existing?.value) {
    if (await holds(ctx, secret, { id: versionId, value: existing.value }, value)) return secret
    throw tokenTaken(versionId, secret.arn)
  }

  const labels = attachLabels(secret.labels, stages, versionId)
  if (labels.size > MAX_LABELS) throw tooManyLabels()
  const sealed = await seal(ctx, secret, put)
  const now = ctx.clock.now()
  if (existing) {
    // Reserved by RotateSecret, and waiting for its value.
    await secrets.setValue(secret, secret.arn, versionId, sealed)
  } else {
    if (!(await makeRoom(ctx.store, secret, { labels, now }))) throw tooManyVersions()
    await secrets.addVersion(secret, secret.arn, { id: versionId, value: sealed, createdAt: now })
  }
  return { ...secret, labels, changedAt: now }
}
