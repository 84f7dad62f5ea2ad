import type { RotateSecretRequest, RotateSecretResponse } from '@aws-sdk/client-secrets-manager'
import { AwsError, type Validated } from '@lockstep/wire'
import type { Check, WriteContext } from '../../gateway/context.ts'
import { writeOperation } from '../../gateway/operation.ts'
import { mayInvoke, rotationFunction } from '../../rotation/invocable.ts'
import { queueRun, queueWindowAfter, reserve } from '../../rotation/queue.ts'
import { isAbandoned, MANUAL_RETRIES_MS, pendingElsewhere, withRun } from '../../rotation/run.ts'
import { makeRoom } from '../../rotation/spare-versions.ts'
import { counted } from '../../rotation/windows.ts'
import { readWindowRules } from '../../schedule/rotation-window.ts'
import type { FunctionRecord } from '../../store/functions.ts'
import type { Rotation, RotationRules, Secret } from '../../store/secrets.ts'
import { demandChangeable } from './changeable.ts'
import { tooManyLabels, tooManyVersions } from './errors.ts'
import { CURRENT, MAX_LABELS } from './labels.ts'
import { findSecret, secretConditions, targetOf } from './lookup.ts'
import { abandonRun } from './manual-change.ts'
import {
  externalRotationUnavailable,
  functionNotInvocable,
  invalidRotationRules,
  noRotationFunction,
  previousRotationPending,
  rotationTokenMissing,
} from './rotation-errors.ts'
import { open, seal } from './values.ts'

type Input = Validated<RotateSecretRequest>

interface Asked {
  readonly secret: Secret
  /** The function that the call names, or else the secret's. */
  readonly lambdaArn: string | undefined
  readonly record: FunctionRecord | undefined
}

/**
 * Configures a secret's rotation, and starts one: in the background, unless the caller wants the configuration tested
 * alone. Nothing is stored where the call is refused.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
 */
export const RotateSecret = writeOperation<RotateSecretRequest, RotateSecretResponse, Asked>({
  action: 'secretsmanager:RotateSecret',

  async resource(input, ctx) {
    if (input.ClientRequestToken === undefined) throw rotationTokenMissing()
    const secret = await findSecret(ctx, input.SecretId)
    const lambdaArn = input.RotationLambdaARN || secret.rotation?.lambdaArn
    const record =
      lambdaArn === undefined ? undefined : await rotationFunction(ctx.store.functions, lambdaArn)
    return { secret, lambdaArn, record }
  },

  target: (input, ctx, asked) => targetOf(input, ctx, asked?.secret),

  keys: (input, _ctx, asked) => ({
    ...secretConditions(asked?.secret),
    'secretsmanager:RotationLambdaARN': input.RotationLambdaARN,
    'secretsmanager:RotateImmediately': (input.RotateImmediately ?? true).toString(),
    'secretsmanager:ModifyRotationRules': (input.RotationRules !== undefined).toString(),
    'secretsmanager:ExternalSecretRotationRoleArn': input.ExternalSecretRotationRoleArn,
  }),

  also: (_input, _ctx, { lambdaArn, record }) => invocation(lambdaArn, record),

  async run(input, ctx, { secret, lambdaArn, record }) {
    demandChangeable(secret)
    // DIVERGENCE: there are no secrets managed by partners, so their rotation's members are refused.
    if (input.ExternalSecretRotationMetadata || input.ExternalSecretRotationRoleArn) {
      throw externalRotationUnavailable()
    }
    const rules = input.RotationRules && givenRules(input.RotationRules)
    if (lambdaArn === undefined) throw noRotationFunction()
    const versionId = input.ClientRequestToken ?? ''
    const answer = { ARN: secret.arn, Name: secret.name, VersionId: versionId }
    // A retry of the call that began this rotation, or of one that is over by now.
    if (await ctx.store.secrets.version(secret, secret.arn, versionId)) return answer
    const { run } = secret.rotation ?? {}
    const isOver = run === undefined || isAbandoned(secret, run)
    if (isOver ? pendingElsewhere(secret) : !run.givenUp) throw previousRotationPending()
    if (!record || !mayInvoke(record, secret)) throw functionNotInvocable()

    const configured = await configure(ctx, secret, { lambdaArn, rules })
    if (!isOver) return { ...answer, VersionId: await resume(ctx, configured) }
    const free = run ? await abandonRun(ctx, configured, ctx.clock.now()) : configured
    await begin(ctx, free, { versionId, immediately: input.RotateImmediately ?? true })
    return answer
  },
})

/** The caller needs lambda:InvokeFunction on the function as well; whether or not it exists. */
function invocation(lambdaArn: string | undefined, record: FunctionRecord | undefined): readonly Check[] {
  const account = lambdaArn?.split(':')[4]
  if (lambdaArn === undefined || !account) return []
  return [
    {
      action: 'lambda:InvokeFunction',
      target: { arn: lambdaArn, account, type: 'AWS::Lambda::Function', policy: record?.policy?.bound },
    },
  ]
}

function givenRules({
  AutomaticallyAfterDays,
  Duration,
  ScheduleExpression,
}: NonNullable<Input['RotationRules']>): RotationRules {
  const rules = {
    automaticallyAfterDays: AutomaticallyAfterDays,
    duration: Duration,
    scheduleExpression: ScheduleExpression,
  }
  const read = readWindowRules(rules)
  if (typeof read === 'string') throw invalidRotationRules(read)
  return rules
}

/** The secret with its rotation on. Windows are queued where they may have changed. */
async function configure(
  ctx: WriteContext,
  secret: Secret,
  { lambdaArn, rules }: { readonly lambdaArn: string; readonly rules: RotationRules | undefined },
): Promise<Secret> {
  const now = ctx.clock.now()
  const { rotation } = secret
  const on: Rotation = { ...rotation, enabled: true, lambdaArn }
  if (rotation?.enabled && !rules) return { ...secret, rotation: on, changedAt: now }
  const given = rules ? { ...on, rules, anchorAt: undefined } : on
  const configured = { ...secret, rotation: counted(given, now), changedAt: now }
  await queueWindowAfter(ctx.store, configured, now, { random: ctx.random, now })
  return configured
}

// DIVERGENCE: AWS refuses RotateSecret while AWSPENDING is left from a rotation that failed for good; here the call
// takes that rotation up again at the step that failed, and answers its VersionId.
async function resume(ctx: WriteContext, secret: Secret): Promise<string | undefined> {
  const run = secret.rotation?.run
  if (!run) return undefined
  const now = ctx.clock.now()
  const retryUntil = new Date(now.getTime() + MANUAL_RETRIES_MS)
  const resumed = withRun(secret, { ...run, givenUp: false, attempts: 0, retryUntil })
  await ctx.store.secrets.update(resumed)
  await queueRun(ctx.store, resumed, { random: ctx.random, now })
  return run.versionId
}

async function begin(
  ctx: WriteContext,
  secret: Secret,
  { versionId, immediately }: { readonly versionId: string; readonly immediately: boolean },
): Promise<void> {
  const now = ctx.clock.now()
  if (!(await makeRoom(ctx.store, secret, { labels: secret.labels, now }))) throw tooManyVersions()
  const retryUntil = new Date(now.getTime() + MANUAL_RETRIES_MS)
  const kind = immediately ? 'rotation' : 'test'
  const reserved = await reserve(ctx.store, secret, { kind, versionId, retryUntil, now }, ctx.random)
  if (reserved.labels.size > MAX_LABELS) throw tooManyLabels()
  if (kind === 'test') await copyCurrent(ctx, reserved, versionId)
  await ctx.store.secrets.update(reserved)
}

/**
 * Gives the version of a test the current value, which is what its testSecret looks at. Where the caller may not use
 * the secret's key the version stays empty, and the test says what the function makes of that.
 */
async function copyCurrent(ctx: WriteContext, secret: Secret, versionId: string): Promise<void> {
  const id = secret.labels.get(CURRENT)
  const version = id === undefined ? undefined : await ctx.store.secrets.version(secret, secret.arn, id)
  if (!version?.value) return
  try {
    using plaintext = await open(ctx, secret, { id: version.id, value: version.value })
    const value = {
      kind: version.value.kind,
      plaintext,
      [Symbol.dispose]: () => plaintext[Symbol.dispose](),
    }
    const sealed = await seal(ctx, secret, { versionId, value })
    await ctx.store.secrets.setValue(secret, secret.arn, versionId, sealed)
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
  }
}
