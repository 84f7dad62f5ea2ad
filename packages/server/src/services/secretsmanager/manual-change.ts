import type { WriteContext } from '../../gateway/context.ts'
import { rotationEvent } from '../../rotation/event.ts'
import { discardRun, queueWindowAfter } from '../../rotation/queue.ts'
import { counted, countsFromRotation } from '../../rotation/windows.ts'
import { CURRENT, ROTATE_SECRET, type Secret } from '../../store/secrets.ts'

/**
 * What a new AWSCURRENT version means for rotation, where it is not the version of the rotation under way: that one is
 * abandoned in its favour, and days that count from the last rotation count from here. Answers the secret, still to be
 * written; the very same where nothing changed.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotationRulesType.html
 */
export async function afterManualChange(ctx: WriteContext, before: Secret, after: Secret): Promise<Secret> {
  const { rotation } = before
  const current = after.labels.get(CURRENT)
  const isOwn = rotation?.run?.kind === 'rotation' && rotation.run.versionId === current
  if (!rotation || isOwn || current === before.labels.get(CURRENT)) return after
  const now = ctx.clock.now()
  const settled = rotation.run?.kind === 'rotation' ? await abandonRun(ctx, after, now) : after
  if (!settled.rotation?.enabled || !countsFromRotation(settled.rotation)) return settled
  const recounted = { ...settled, rotation: counted(settled.rotation, now) }
  await queueWindowAfter(ctx.store, recounted, now, { random: ctx.random, now })
  return recounted
}

/** Ends the secret's run for good, and says so. Answers the secret, still to be written. */
export async function abandonRun(
  { store, random, append }: WriteContext,
  secret: Secret,
  now: Date,
): Promise<Secret> {
  await store.jobs.cancel(secret, ROTATE_SECRET, secret.arn)
  await append(rotationEvent('RotationAbandoned', secret, secret.rotation?.run, { now, random }))
  return discardRun(store, secret, now)
}
