import assert from 'node:assert/strict'
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import { SSMClient } from '@aws-sdk/client-ssm'
import { type Keys, startServer, TEST_ACCOUNT, TEST_REGION, type TestServer } from '../../testing/server.ts'

// For this folder's API tests.

export interface SsmScene extends AsyncDisposable {
  readonly server: TestServer
  /** TEST_ACCOUNT's administrator, by the clock as it is now. */
  readonly ssm: SSMClient
  as(keys: Keys, region?: string): SSMClient
}

/** In two regions, with a role `nodes` that Systems Manager may assume. */
export async function openSsm(): Promise<SsmScene> {
  const server = await startServer({ settings: { regions: 'eu-west-1' } })
  await makeRole(server, 'nodes')
  return {
    server,
    get ssm() {
      return server.sdk(SSMClient, server.admin)
    },
    as: (keys, region) => server.sdk(SSMClient, keys, region),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** A role that this service may assume, and nobody else. */
export async function makeRole(
  server: TestServer,
  name: string,
  { service = 'ssm.amazonaws.com', path = '/' } = {},
): Promise<void> {
  const trust = { Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [trust] })
  await server
    .sdk(IAMClient, server.admin)
    .send(new CreateRoleCommand({ RoleName: name, Path: path, AssumeRolePolicyDocument }))
}

export function roleArn(name: string): string {
  return `arn:aws:iam::${TEST_ACCOUNT}:role/${name}`
}

export function managedArn(id: string): string {
  return `arn:aws:ssm:${TEST_REGION}:${TEST_ACCOUNT}:managed-instance/${id}`
}

/** The ARN of the same node by its other id. */
export function instanceArn(id: string): string {
  return `arn:aws:ec2:${TEST_REGION}:${TEST_ACCOUNT}:instance/${id.replace('mi-', 'i-')}`
}

export interface Refusal {
  readonly name: string
  readonly message: string
}

/** Code and sentence of the error that a call ends with. */
export async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  try {
    await call
  } catch (error) {
    assert.ok(error instanceof Error)
    return { name: error.name, message: error.message }
  }
  assert.fail('the call succeeded')
}
