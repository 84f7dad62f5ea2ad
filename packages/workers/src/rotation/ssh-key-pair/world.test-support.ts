/** A secret in a real server, and nodes that are real sshd's, for whole rotations of the one on the other. */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { TagResourceCommand } from '@aws-sdk/client-secrets-manager'
import { Hidden } from '../hidden.ts'
import type { Environment } from '../password-options.ts'
import { type Bench, bench } from '../rotation.test-support.ts'
import { type RotationRun, type Rotator, STEPS } from '../rotator.ts'
import { sshKeyPair } from '../ssh-key-pair.ts'
import { AwsDouble, type TestNode } from './aws.test-support.ts'
import { awsFleet } from './aws-fleet.ts'
import type { LoginOutcome } from './login.ts'
import { logIn } from './login.ts'
import type { Means } from './scene.ts'
import { Sshd, USER } from './sshd.test-support.ts'

export interface KeyPairMembers {
  readonly PrivateKey: string
  readonly PublicKey: string
}

export class KeyWorld implements AsyncDisposable {
  readonly aws: AwsDouble
  readonly bench: Bench
  readonly rotator: Rotator
  readonly means: Means
  readonly lines: Readonly<Record<string, string>>[] = []
  /** How much time each of the following steps has. */
  remainingMs = 120_000
  readonly #parts: AsyncDisposableStack

  private constructor(parts: AsyncDisposableStack, aws: AwsDouble, world: Bench, environment: Environment) {
    this.#parts = parts
    this.aws = aws
    this.bench = world
    const pace = { now: () => performance.now(), sleep: async (ms: number) => void (await delay(ms / 10)) }
    this.means = {
      environment: { USERNAME: USER, ...environment },
      connect: (settings) => awsFleet({ ssm: aws.ssm, ec2: aws.ec2, settings, pace }),
      pace,
      log: (line) => void this.lines.push(line),
    }
    this.rotator = sshKeyPair(this.means)
  }

  /** With so many nodes that have the tag. A drain of nothing, since nobody reads the secret meanwhile. */
  static async start(
    nodes: number,
    environment: Environment = { DRAIN_SECONDS: '0' },
    text = '{}',
  ): Promise<KeyWorld> {
    await using parts = new AsyncDisposableStack()
    const aws = parts.use(await AwsDouble.start())
    const world = parts.use(await bench(text))
    for (let n = 0; n < nodes; n++) aws.add(nodeId(n), parts.use(await Sshd.start()))
    return new KeyWorld(parts.move(), aws, world, environment)
  }

  async join(): Promise<TestNode> {
    return this.aws.add(nodeId(this.aws.nodes.length), this.#parts.use(await Sshd.start()))
  }

  newRun(): RotationRun {
    return { ...this.bench.run, clientRequestToken: randomUUID(), remainingMs: () => this.remainingMs }
  }

  async rotate(run = this.newRun()): Promise<RotationRun> {
    for (const step of STEPS) await this.rotator[step](run)
    return run
  }

  async tag(Key: string, Value: string): Promise<void> {
    const { secrets, run } = this.bench
    await secrets.send(new TagResourceCommand({ SecretId: run.secretArn, Tags: [{ Key, Value }] }))
  }

  async pair(stage = 'AWSCURRENT'): Promise<KeyPairMembers> {
    return JSON.parse((await this.bench.text(stage)) ?? '{}')
  }

  logIn({ sshd }: TestNode, { PrivateKey }: KeyPairMembers): Promise<LoginOutcome> {
    const address = { host: '127.0.0.1', port: sshd.port, hostKeys: [sshd.hostKey] }
    return logIn(address, { user: USER, privateKey: new Hidden(PrivateKey) })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts[Symbol.asyncDispose]()
  }
}

function nodeId(n: number): string {
  return `mi-${String(n).padStart(17, '0')}`
}
