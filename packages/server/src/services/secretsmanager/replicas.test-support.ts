import assert from 'node:assert/strict'
import { KMSClient } from '@aws-sdk/client-kms'
import {
  CreateSecretCommand,
  type CreateSecretRequest,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ReplicateSecretToRegionsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import type { ManualClock } from '../../testing/manual-clock.ts'
import { type Keys, startServer, TEST_ACCOUNT, TEST_REGION, type TestServer } from '../../testing/server.ts'

export const EUROPE = 'eu-west-1'
export const INDIA = 'ap-south-1'
export const READ_ONLY = {
  name: 'InvalidParameterException',
  message: "Operation not permitted on a replica secret. Call must be made in primary secret's region.",
}

/** A server of three regions, and what tests of replicas do with it. */
export class Regions implements AsyncDisposable {
  readonly server: TestServer

  private constructor(server: TestServer) {
    this.server = server
  }

  static async start(clock?: ManualClock): Promise<Regions> {
    const settings = { regions: `${EUROPE},${INDIA}` }
    return new Regions(await startServer({ settings, ...(clock && { clock }) }))
  }

  /** A client of one region; made anew each time, because it signs with the clock as it is now. */
  secrets(region = TEST_REGION, keys: Keys = this.server.admin): SecretsManagerClient {
    return this.server.sdk(SecretsManagerClient, keys, region)
  }

  kms(region = TEST_REGION): KMSClient {
    return this.server.sdk(KMSClient, this.server.admin, region)
  }

  /** Makes a secret of the first region; answers its ARN. */
  async create(input: Partial<CreateSecretRequest> = {}): Promise<string> {
    const { ARN = '' } = await this.secrets().send(
      new CreateSecretCommand({ Name: 'db', SecretString: 'one', ...input }),
    )
    return ARN
  }

  /** The same, with replicas that are in sync. */
  async createReplicated(regions: readonly string[] = [EUROPE], input: Partial<CreateSecretRequest> = {}) {
    const arn = await this.create(input)
    await this.replicate(...regions)
    return arn
  }

  async replicate(...regions: readonly string[]): Promise<void> {
    const AddReplicaRegions = regions.map((Region) => ({ Region }))
    await this.secrets().send(new ReplicateSecretToRegionsCommand({ SecretId: 'db', AddReplicaRegions }))
    await this.settle()
  }

  /** Runs what waits and is due. */
  async settle(): Promise<void> {
    await this.server.house.scheduler.settle()
  }

  /** Lets time pass, and runs what is due then. */
  async pass(seconds: number): Promise<void> {
    this.server.clock.advance(seconds)
    await this.settle()
  }

  async describe(region = TEST_REGION, SecretId = 'db') {
    const { $metadata: _, ...answer } = await this.secrets(region).send(
      new DescribeSecretCommand({ SecretId }),
    )
    return answer
  }

  /** What the primary says of its replica in `region`. */
  async status(region = EUROPE) {
    const { ReplicationStatus = [] } = await this.describe()
    const found = ReplicationStatus.find(({ Region }) => Region === region)
    assert.ok(found, `${region} has no replica`)
    return found
  }

  async value(region: string, input: { readonly VersionId?: string; readonly VersionStage?: string } = {}) {
    const command = new GetSecretValueCommand({ SecretId: 'db', ...input })
    return (await this.secrets(region).send(command)).SecretString
  }

  /** The names of the trail's events, the newest first. */
  async events(name: string) {
    return (await this.server.trail()).filter(({ eventName }) => eventName === name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]()
  }
}

/** Where TEST_ACCOUNT keeps what it has in a region. */
export function placeIn(region: string) {
  return { account: TEST_ACCOUNT, region }
}
