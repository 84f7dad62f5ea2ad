import type { ConditionKeys, Context, Target } from '../../gateway/context.ts'
import type { Secret } from '../../store/secrets.ts'
import { resourceNotFound } from './errors.ts'
import { parseSecretId, type SecretRef, unknownArn } from './names.ts'

/** CloudTrail's and CloudFormation's name for what this service keeps. */
export const SECRET_TYPE = 'AWS::SecretsManager::Secret'

/**
 * The secret that a SecretId names; another account's only by ARN. One in its recovery window is found.
 * @throws ResourceNotFoundException, and ValidationException for what can name no secret.
 */
export async function findSecret(ctx: Context, secretId: string): Promise<Secret> {
  const secret = await lookUp(ctx, secretId)
  if (!secret) throw resourceNotFound()
  return secret
}

/** The same, answering nothing where there is no such secret. */
export async function lookUp(ctx: Context, secretId: string): Promise<Secret | undefined> {
  const ref = parseSecretId(secretId, ctx)
  if (ref.place.region !== ctx.region) return undefined
  const { secrets } = ctx.store
  const secret = await (ref.by === 'name'
    ? secrets.byName(ref.place, ref.name)
    : secrets.byArn(ref.place, ref.arn))
  return secret && !isExpired(secret, ctx.clock.now()) ? secret : undefined
}

/** Whether the recovery window is over: the secret is gone, though its rows may wait for the purge. */
export function isExpired(secret: Secret, now: Date): boolean {
  return secret.purgeAt !== undefined && secret.purgeAt <= now
}

/**
 * A secret as policies see it. AccessDenied calls it what the caller called it, so that the sentence is the
 * same whether or not it exists.
 */
export function secretTarget(secret: Secret, shownAs: string): Target {
  const { arn, account, tags, policy } = secret
  return { arn, account, shownAs, type: SECRET_TYPE, tags, policy: policy?.bound }
}

/** What policies are asked about where a SecretId names nothing: the ARN that such a secret would have. */
export function missingTarget(ctx: Context, secretId: string): Target {
  return { ...missingPlace(ctx, secretId), shownAs: secretId, type: SECRET_TYPE }
}

function missingPlace(ctx: Context, secretId: string): Pick<Target, 'arn' | 'account'> {
  const { account, region, partition } = ctx
  let ref: SecretRef
  try {
    ref = parseSecretId(secretId, ctx)
  } catch {
    return { arn: unknownArn({ account, region, partition }, secretId), account }
  }
  const arn = ref.by === 'arn' ? ref.arn : unknownArn({ ...ref.place, partition }, ref.name)
  return { arn, account: ref.place.account }
}

/** The target of an operation about one secret. */
export function targetOf(input: { SecretId: string }, ctx: Context, secret: Secret | undefined): Target {
  return secret ? secretTarget(secret, input.SecretId) : missingTarget(ctx, input.SecretId)
}

/** The condition keys that every operation on a secret has. */
export function secretConditions(secret: Secret | undefined): ConditionKeys {
  return {
    'secretsmanager:SecretId': secret?.arn,
    'secretsmanager:SecretPrimaryRegion': secret?.primaryRegion ?? secret?.region,
    'secretsmanager:resource/AllowRotationLambdaArn': secret?.rotation?.lambdaArn,
  }
}
