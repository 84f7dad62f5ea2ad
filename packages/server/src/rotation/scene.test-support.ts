import {
  CreateSecretCommand,
  DescribeSecretCommand,
  type DescribeSecretResponse,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  type RotateSecretCommandInput,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager'
import type { Functions, Invocation, InvocationResult } from '../functions/functions.ts'
import { unbound } from '../gateway/bound-policy.ts'
import type { FunctionRecord } from '../store/functions.ts'
import type { RotationStep } from '../store/secrets.ts'
import { startServer, TEST_ACCOUNT, TEST_REGION, type TestServer } from '../testing/server.ts'

export const PLACE = { account: TEST_ACCOUNT, region: TEST_REGION }
export const LAMBDA_ARN = `arn:aws:lambda:${TEST_REGION}:${TEST_ACCOUNT}:function:rotator`

/** What a function is told for one step. */
export interface StepEvent {
  readonly Step: RotationStep
  readonly SecretId: string
  readonly ClientRequestToken: string
  readonly RotationToken: string
}

/** What a step does instead of what it should: nothing, a throw of the function, or one of the runner. */
export type Fault = (event: StepEvent) => Promise<Partial<InvocationResult>>

/** A handler's throw, as Lambda tells it. */
export function threw(errorType: string): Partial<InvocationResult> {
  const payload = JSON.stringify({ errorType, errorMessage: 'password hunter2 was refused', trace: [] })
  return { functionError: 'Unhandled', payload: new TextEncoder().encode(payload) }
}

/**
 * A rotation function in this process, which does what AWS's template does with the SDK over the test server. Only its
 * faults are made up.
 */
export class Rotator implements Functions {
  readonly events: StepEvent[] = []
  readonly invocations: Invocation[] = []
  readonly faults = new Map<RotationStep, Fault>()
  /** Acts before each step, as others may do meanwhile. */
  meanwhile: (event: StepEvent) => Promise<void> = async () => {}
  #server: TestServer | undefined

  attach(server: TestServer): void {
    this.#server = server
  }

  steps(): readonly string[] {
    return this.events.map(({ Step }) => Step)
  }

  async invoke(invocation: Invocation): Promise<InvocationResult> {
    const event = JSON.parse(new TextDecoder().decode(invocation.payload)) as StepEvent
    this.events.push(event)
    this.invocations.push(invocation)
    await this.meanwhile(event)
    const fault = this.faults.get(event.Step)
    const result = fault ? await fault(event) : await this.handle(event)
    return {
      requestId: 'r',
      payload: new TextEncoder().encode('null'),
      logTail: '',
      durationMs: 1,
      ...result,
    }
  }

  /** What the step should do. */
  async handle(event: StepEvent): Promise<Partial<InvocationResult>> {
    if (!this.#server) throw new Error('attach a server first')
    const secrets = this.#server.sdk(SecretsManagerClient, this.#server.admin)
    try {
      await act(secrets, event)
      return {}
    } catch (error) {
      return threw(error instanceof Error ? error.name : 'Error')
    }
  }
}

async function act(
  secrets: SecretsManagerClient,
  { Step, SecretId, ClientRequestToken, RotationToken }: StepEvent,
): Promise<void> {
  const pending = { SecretId, VersionId: ClientRequestToken, VersionStage: 'AWSPENDING' }
  if (Step === 'createSecret') {
    const isThere = await secrets.send(new GetSecretValueCommand(pending)).catch(() => undefined)
    if (isThere) return
    const value = { SecretString: `made for ${ClientRequestToken}`, VersionStages: ['AWSPENDING'] }
    await secrets.send(new PutSecretValueCommand({ SecretId, ClientRequestToken, RotationToken, ...value }))
    return
  }
  if (Step !== 'finishSecret') {
    await secrets.send(new GetSecretValueCommand(pending))
    return
  }
  const { VersionIdsToStages = {} } = await secrets.send(new DescribeSecretCommand({ SecretId }))
  const current = Object.entries(VersionIdsToStages).find(([, labels]) => labels.includes('AWSCURRENT'))?.[0]
  if (current === ClientRequestToken) return
  const from = current === undefined ? {} : { RemoveFromVersionId: current }
  const move = { SecretId, VersionStage: 'AWSCURRENT', MoveToVersionId: ClientRequestToken, ...from }
  await secrets.send(new UpdateSecretVersionStageCommand(move))
}

/** A server, a rotation function that Secrets Manager may invoke, and a secret `db`. */
export async function openScene(rotator = new Rotator()) {
  const server = await startServer({ functions: rotator })
  rotator.attach(server)
  await putFunction(server)
  // A client signs with the clock as it was when it was made.
  const secrets = () => server.sdk(SecretsManagerClient, server.admin)
  const created = await secrets().send(new CreateSecretCommand({ Name: 'db', SecretString: 'one' }))
  return {
    server,
    rotator,
    secrets,
    arn: created.ARN ?? '',
    first: created.VersionId ?? '',
    rotate: (input: Partial<RotateSecretCommandInput> = {}) =>
      secrets().send(new RotateSecretCommand({ SecretId: 'db', RotationLambdaARN: LAMBDA_ARN, ...input })),
    describe: (SecretId = 'db'): Promise<DescribeSecretResponse> =>
      secrets().send(new DescribeSecretCommand({ SecretId })),
    /** Leaves the queue to the test: the server's own scheduler looks at it no more. */
    stopScheduler: () => server.house.scheduler[Symbol.asyncDispose](),
    /** Lets time pass and everything happen that is due then. */
    async pass(seconds = 0): Promise<void> {
      server.clock.advance(seconds)
      await server.house.scheduler.settle()
    },
    /** The service's own events, the oldest first. */
    async events(): Promise<readonly (readonly [string, Readonly<Record<string, unknown>>])[]> {
      const trail = await server.trail()
      return trail
        .filter(({ eventType }) => eventType === 'AwsServiceEvent')
        .map(
          (event) => [String(event.eventName), event.additionalEventData as Record<string, unknown>] as const,
        )
        .toReversed()
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** Keeps a function whose policy is `policy`, or lets Secrets Manager invoke it for the account's secrets. */
export async function putFunction(server: TestServer, policy?: object): Promise<void> {
  const now = server.clock.now()
  const admitted = {
    Effect: 'Allow',
    Principal: { Service: 'secretsmanager.amazonaws.com' },
    Action: 'lambda:InvokeFunction',
    Resource: LAMBDA_ARN,
    Condition: { StringEquals: { 'aws:SourceAccount': TEST_ACCOUNT } },
  }
  const record: FunctionRecord = {
    ...PLACE,
    name: 'rotator',
    arn: LAMBDA_ARN,
    description: '',
    runtime: 'nodejs24.x',
    handler: 'index.handler',
    roleArn: `arn:aws:iam::${TEST_ACCOUNT}:role/rotator`,
    timeoutSeconds: 3,
    memoryMb: 128,
    code: { kind: 'directory', path: '/nowhere' },
    policy: unbound(JSON.stringify({ Version: '2012-10-17', Statement: [policy ?? admitted] })),
    revisionId: '00000000-0000-4000-8000-000000000000',
    createdAt: now,
    modifiedAt: now,
  }
  const { store } = server.house
  await store.write(async (tx) => {
    const isThere = await tx.functions.byName(PLACE, 'rotator')
    await (isThere ? tx.functions.update(record) : tx.functions.insert(record))
  })
}

/** The labels of each version, sorted. */
export function stages({
  VersionIdsToStages = {},
}: DescribeSecretResponse): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(VersionIdsToStages).map(([id, held]) => [id, held.toSorted()]))
}
