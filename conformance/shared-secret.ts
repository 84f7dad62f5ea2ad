import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { isUnanswered, type Ledger } from './storm-writer.ts'

/** Below the quota of versions that the server keeps. */
const MOST_PUTS = 80

/** One PutSecretValue; `ended` is absent where the server was killed before it answered. */
interface Put {
  readonly versionId: string
  readonly value: string
  readonly started: number
  ended?: number
}

/** A secret that all writers write at once, so that what it holds follows from no single order. */
export class SharedSecret {
  readonly name: string
  readonly #ledger: Ledger
  readonly #isDoubtful: (error: unknown) => boolean
  readonly #puts: Put[] = []
  /** Counts starts and ends, to tell which call ended before which began. */
  #ticks = 0

  private constructor(name: string, ledger: Ledger, isDoubtful: (error: unknown) => boolean) {
    this.name = name
    this.#ledger = ledger
    this.#isDoubtful = isDoubtful
  }

  /** @param given With what to tell a put that may have happened from one that was refused, as for StormWriter. */
  static async create(
    client: SecretsManagerClient,
    name: string,
    {
      isDoubtful = isUnanswered,
      ledger,
    }: { readonly ledger: Ledger; readonly isDoubtful?: typeof isUnanswered },
  ): Promise<SharedSecret> {
    const { $metadata } = await client.send(new CreateSecretCommand({ Name: name }))
    ledger.acknowledged.push({ requestId: $metadata.requestId ?? '', operation: 'CreateSecret' })
    return new SharedSecret(name, ledger, isDoubtful)
  }

  get isFull(): boolean {
    return this.#puts.length >= MOST_PUTS
  }

  /** Adds a version. Answers whether the server was still there to say so. */
  async put(client: SecretsManagerClient): Promise<boolean> {
    if (this.isFull) return true
    const put: Put = { versionId: randomUUID(), value: `shared ${randomUUID()}`, started: this.#ticks++ }
    this.#puts.push(put)
    this.#ledger.asked.add(put.versionId)
    const version = { ClientRequestToken: put.versionId, SecretString: put.value }
    try {
      const { $metadata } = await client.send(new PutSecretValueCommand({ SecretId: this.name, ...version }))
      put.ended = this.#ticks++
      this.#ledger.acknowledged.push({ requestId: $metadata.requestId ?? '', operation: 'PutSecretValue' })
      return true
    } catch (error) {
      if (!this.#isDoubtful(error)) throw error
      this.#ledger.inDoubt.add(put.versionId)
      return false
    }
  }

  /**
   * Every acknowledged version has its value, one version is AWSCURRENT and the one before it AWSPREVIOUS, in some
   * order of the puts in which none comes after one that began when it had been acknowledged.
   * @returns The ids of the versions that are there.
   */
  async check(client: SecretsManagerClient): Promise<readonly string[]> {
    const values = await Promise.all(this.#puts.map((put) => read(client, this.name, put.versionId)))
    for (const [index, put] of this.#puts.entries()) {
      const isLost = values[index] === undefined && put.ended === undefined
      if (!isLost) assert.equal(values[index], put.value, `${this.name} ${put.versionId}`)
    }
    const present = this.#puts.filter((_, index) => values[index] !== undefined)
    const { VersionIdsToStages = {} } = await client.send(new DescribeSecretCommand({ SecretId: this.name }))
    const holders = (label: string) =>
      present.filter(({ versionId }) => VersionIdsToStages[versionId]?.includes(label))
    const [current, ...others] = holders('AWSCURRENT')
    assert.equal(others.length, 0, `${this.name} has more than one AWSCURRENT`)
    assert.equal(current !== undefined, present.length > 0, `${this.name} has no AWSCURRENT`)
    const [previous, ...older] = holders('AWSPREVIOUS')
    assert.equal(older.length, 0, `${this.name} has more than one AWSPREVIOUS`)
    assert.equal(previous !== undefined, present.length > 1, `${this.name} has no AWSPREVIOUS`)
    const replaced = this.#acknowledgedAfter(current)
    assert.equal(replaced, undefined, `${this.name} has as AWSCURRENT what had been replaced`)
    // In whatever order they happened, each put but the last was replaced by the next, and only the last by none.
    const lost = this.#acknowledgedAfter(previous, current)
    assert.equal(lost, undefined, `${this.name} has as AWSPREVIOUS what had been replaced twice`)
    return present.map(({ versionId }) => versionId)
  }

  /** A put that was acknowledged and began after `put` had been, other than `but`. */
  #acknowledgedAfter(put: Put | undefined, but?: Put): Put | undefined {
    const end = put?.ended
    if (end === undefined) return undefined
    return this.#puts.find((other) => other !== but && other.ended !== undefined && other.started > end)
  }
}

async function read(
  client: SecretsManagerClient,
  SecretId: string,
  VersionId: string,
): Promise<string | undefined> {
  try {
    return (await client.send(new GetSecretValueCommand({ SecretId, VersionId }))).SecretString
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined
    throw error
  }
}
