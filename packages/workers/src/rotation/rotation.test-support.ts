import { randomUUID } from 'node:crypto'
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { startServer, type TestServer } from '../../../server/src/testing/server.ts'
import type { RotationRun } from './rotator.ts'

/** A server with one secret, and a rotation of it that calls a rotator's steps without a handler around them. */
export interface Bench extends AsyncDisposable {
  readonly server: TestServer
  readonly secrets: SecretsManagerClient
  readonly run: RotationRun
  /** The text of a version. */
  text(stage: string): Promise<string | undefined>
  /** The labels of the version that the run is making. */
  labels(): Promise<readonly string[] | undefined>
}

/** @param value Absent: a secret without a value, as it may be before its first rotation. */
export async function bench(value?: string | Uint8Array): Promise<Bench> {
  const server = await startServer()
  const secrets = server.sdk(SecretsManagerClient, server.admin)
  const kept = typeof value === 'string' ? { SecretString: value } : { SecretBinary: value }
  const { ARN: secretArn = '' } = await secrets.send(
    new CreateSecretCommand({ Name: 'rotated', ...(value === undefined ? {} : kept) }),
  )
  const run = { secretArn, clientRequestToken: randomUUID(), secrets }
  return {
    server,
    secrets,
    run,
    async text(VersionStage) {
      const read = new GetSecretValueCommand({ SecretId: secretArn, VersionStage })
      return (await secrets.send(read)).SecretString
    },
    async labels() {
      const { VersionIdsToStages } = await secrets.send(new DescribeSecretCommand({ SecretId: secretArn }))
      return VersionIdsToStages?.[run.clientRequestToken]
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
