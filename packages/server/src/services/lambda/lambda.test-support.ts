import assert from 'node:assert/strict'
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import {
  CreateFunctionCommand,
  type CreateFunctionCommandInput,
  type CreateFunctionCommandOutput,
  LambdaClient,
} from '@aws-sdk/client-lambda'
import type { Functions, Invocation, InvocationResult } from '../../functions/functions.ts'
import { zipOf } from '../../functions/zip.test-support.ts'
import type { Values } from '../../settings.ts'
import { type Keys, startServer, TEST_ACCOUNT, TEST_REGION, type TestServer } from '../../testing/server.ts'

// For this folder's API tests.

export const ROLE = `arn:aws:iam::${TEST_ACCOUNT}:role/runner`
export const ZIP = Buffer.from(zipOf([{ name: 'index.mjs', text: 'export const handler = async () => 1' }]))

/** A server that runs no processes: what functions answer is the test's to say. */
export interface LambdaScene extends AsyncDisposable {
  readonly server: TestServer
  /** TEST_ACCOUNT's administrator. */
  readonly lambda: LambdaClient
  /** What was run so far. */
  readonly invocations: Invocation[]
  /** What the next invocations answer. */
  answers(result: Partial<InvocationResult> | Error): void
  as(keys: Keys, region?: string): LambdaClient
}

/** With a role that Lambda may assume. */
export async function openLambda(settings: Values = {}): Promise<LambdaScene> {
  const invocations: Invocation[] = []
  let answer: Partial<InvocationResult> | Error = {}
  const functions: Functions = {
    async invoke(invocation) {
      invocations.push(invocation)
      if (answer instanceof Error) throw answer
      return { requestId: 'r', payload: Buffer.from('null'), logTail: '', durationMs: 1, ...answer }
    },
  }
  const server = await startServer({ settings, functions })
  await makeRole(server, 'runner')
  return {
    server,
    lambda: server.sdk(LambdaClient, server.admin),
    invocations,
    answers: (result) => {
      answer = result
    },
    as: (keys, region) => server.sdk(LambdaClient, keys, region),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** A role that this service may assume, and nobody else. */
export async function makeRole(
  server: TestServer,
  name: string,
  service = 'lambda.amazonaws.com',
  condition: object = {},
): Promise<void> {
  const trust = { Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole', ...condition }
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [trust] })
  await server
    .sdk(IAMClient, server.admin)
    .send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument }))
}

export function functionInput(changes: Partial<CreateFunctionCommandInput> = {}): CreateFunctionCommandInput {
  return {
    FunctionName: 'rotate',
    Role: ROLE,
    Runtime: 'nodejs24.x',
    Handler: 'index.handler',
    Code: { ZipFile: ZIP },
    ...changes,
  }
}

export function newFunction(
  { lambda }: LambdaScene,
  changes: Partial<CreateFunctionCommandInput> = {},
): Promise<CreateFunctionCommandOutput> {
  return lambda.send(new CreateFunctionCommand(functionInput(changes)))
}

export function functionArn(name = 'rotate', account = TEST_ACCOUNT, region = TEST_REGION): string {
  return `arn:aws:lambda:${region}:${account}:function:${name}`
}

export interface Refusal {
  readonly name: string
  readonly message: string
  readonly status: unknown
}

/** Name, sentence and status of the error that a call ends with. */
export async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  try {
    await call
  } catch (error) {
    assert.ok(error instanceof Error)
    const { httpStatusCode } = Object(Reflect.get(error, '$metadata'))
    return { name: error.name, message: error.message, status: httpStatusCode }
  }
  assert.fail('the call succeeded')
}
