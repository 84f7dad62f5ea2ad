/** A secret that is rotated again and again over servers that die, and what it must be at every moment. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  InvalidRequestException,
  RotateSecretCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { STEPS } from './rotation-site.ts'

export class RotatingSecret {
  readonly arn: string
  /** How many rotations were asked for, the one under way included. */
  requests = 0
  /** The version of the last rotation that was asked for. */
  token: string
  /** The version that is current until that one is. */
  #before: string
  #isUnderWay = false
  #highestRead = 1
  /** What a call to resume brought along, and what may have become a rotation of its own. */
  #spare: string | undefined

  private constructor(arn: string, version: string) {
    this.arn = arn
    this.token = version
    this.#before = version
  }

  /** With `{"count":1}`, to which each rotation of handlers/gated.* adds one. */
  static async create(client: SecretsManagerClient, Name: string): Promise<RotatingSecret> {
    const { ARN = '', VersionId = '' } = await client.send(
      new CreateSecretCommand({ Name, SecretString: '{"count":1}' }),
    )
    return new RotatingSecret(ARN, VersionId)
  }

  get isUnderWay(): boolean {
    return this.#isUnderWay
  }

  /** Asks for a rotation; for the one under way, of which nobody may have heard yet, with its own token. */
  async rotate(client: SecretsManagerClient, RotationLambdaARN: string): Promise<void> {
    if (!this.#isUnderWay) this.#next(randomUUID())
    const ClientRequestToken = this.token
    const { VersionId } = await client.send(
      new RotateSecretCommand({ SecretId: this.arn, RotationLambdaARN, ClientRequestToken }),
    )
    assert.equal(VersionId, ClientRequestToken)
  }

  /** Takes up the rotation under way where it was given up, since so many servers died with it. */
  async resume(client: SecretsManagerClient): Promise<void> {
    const ClientRequestToken = randomUUID()
    this.#spare = ClientRequestToken
    try {
      const { VersionId = '' } = await client.send(
        new RotateSecretCommand({ SecretId: this.arn, ClientRequestToken }),
      )
      // Where the rotation ended just before, this call began another.
      if (VersionId !== this.token) this.#adopt(VersionId)
    } catch (error) {
      if (!(error instanceof InvalidRequestException)) throw error
      assert.match(error.message, /previous rotation isn't complete/)
    }
  }

  /** Demands the labels that a rotation may have, and notes its end. */
  async look(client: SecretsManagerClient): Promise<void> {
    const { VersionIdsToStages = {} } = await client.send(new DescribeSecretCommand({ SecretId: this.arn }))
    const told = `${this.arn} ${JSON.stringify(VersionIdsToStages)}`
    const labels = Object.values(VersionIdsToStages).flat()
    assert.equal(new Set(labels).size, labels.length, `a label twice: ${told}`)
    const current = holder(VersionIdsToStages, 'AWSCURRENT')
    const pending = holder(VersionIdsToStages, 'AWSPENDING')
    if (this.#spare && [current, pending].includes(this.#spare)) this.#adopt(this.#spare)
    assert.ok(current === this.#before || current === this.token, `AWSCURRENT is lost: ${told}`)
    assert.ok(pending === undefined || pending === this.token, `AWSPENDING is elsewhere: ${told}`)
    if (!this.#isUnderWay || current !== this.token || pending !== undefined) return
    assert.deepEqual(VersionIdsToStages, { [this.#before]: ['AWSPREVIOUS'], [this.token]: ['AWSCURRENT'] })
    this.#isUnderWay = false
  }

  /** Reads it as anybody does: the value before the rotation, or after it, and never the one before again. */
  async read(client: SecretsManagerClient): Promise<void> {
    const lowest = this.#highestRead
    const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId: this.arn }))
    const { count } = JSON.parse(SecretString) as { readonly count: number } // what the handlers put
    assert.ok(count >= lowest && count <= this.requests + 1, `${this.arn}: ${count}`)
    this.#highestRead = Math.max(this.#highestRead, count)
  }

  /** Once every rotation is over: each has added one. */
  async demandOncePerRequest(client: SecretsManagerClient): Promise<void> {
    assert.ok(!this.#isUnderWay, this.arn)
    const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId: this.arn }))
    assert.equal(SecretString, JSON.stringify({ count: this.requests + 1 }), this.arn)
  }

  #adopt(version: string): void {
    assert.equal(version, this.#spare)
    this.#spare = undefined
    this.#next(version)
  }

  #next(token: string): void {
    this.#before = this.token
    this.token = token
    this.requests++
    this.#isUnderWay = true
  }
}

function holder(stages: Readonly<Record<string, readonly string[]>>, label: string): string | undefined {
  return Object.keys(stages).find((id) => stages[id]?.includes(label))
}

/** Whether a call got no answer, so that nobody knows what became of it. */
function isUnanswered(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^(?:ECONNREFUSED|ECONNRESET|EPIPE)$/.test(code)
}

/** Does what a dying server may leave unanswered. @throws whatever the server, or this test, has to object */
export async function ifAnswered(act: () => Promise<void>): Promise<boolean> {
  try {
    await act()
    return true
  } catch (error) {
    if (isUnanswered(error)) return false
    throw error
  }
}

/** Somebody who reads secrets again and again, whatever the servers do. */
export class RotationReader implements Disposable {
  reads = 0
  unanswered = 0
  #isOver = false
  readonly #work: Promise<void>

  /** @param client Whom to ask now. */
  constructor(
    secrets: readonly RotatingSecret[],
    client: () => SecretsManagerClient,
    pause: () => Promise<void>,
  ) {
    this.#work = this.#read(secrets, client, pause)
    // What went wrong is told at the end.
    this.#work.catch(() => {})
  }

  async #read(
    secrets: readonly RotatingSecret[],
    client: () => SecretsManagerClient,
    pause: () => Promise<void>,
  ): Promise<void> {
    while (!this.#isOver) {
      for (const secret of secrets) {
        const act = async () => {
          await secret.read(client())
          await secret.look(client())
        }
        if (await ifAnswered(act)) this.reads++
        else this.unanswered++
      }
      await pause()
    }
  }

  /** @throws whatever it saw that may not be */
  async end(): Promise<void> {
    this.#isOver = true
    await this.#work
  }

  [Symbol.dispose](): void {
    this.#isOver = true
  }
}

/** What the trail says happened to rotations, as its rows hold it. */
interface RotationTold {
  readonly eventName: string
  readonly additionalEventData?: { readonly SecretId?: string; readonly VersionId?: string }
}

/** Each rotation that was asked for succeeded once, and began; again where it had been given up. */
export function demandEvents(secrets: readonly RotatingSecret[], bodies: readonly string[]): void {
  const events = bodies.map((body) => JSON.parse(body) as RotationTold) // written by the server
  for (const { arn, requests } of secrets) {
    const versionsOf = (name: string) =>
      events
        .filter(({ eventName }) => eventName === name)
        .filter(({ additionalEventData }) => additionalEventData?.SecretId === arn)
        .map(({ additionalEventData }) => additionalEventData?.VersionId)
    const succeeded = versionsOf('RotationSucceeded')
    assert.equal(succeeded.length, requests, arn)
    assert.equal(new Set(succeeded).size, requests, `${arn} was rotated twice to one version`)
    assert.deepEqual(new Set(versionsOf('RotationStarted')), new Set(succeeded), arn)
  }
}

/** How often each step began where the one of this number was cut off once. */
export function runsWithCut(cut: number): readonly number[] {
  return STEPS.map((_, index) => (index === cut ? 2 : 1))
}
