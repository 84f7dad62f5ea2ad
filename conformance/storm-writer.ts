import { randomUUID } from 'node:crypto'
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
  SecretsManagerServiceException,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager'
import { after, type Change, type Expected, labelsIn, labelsOf, NOTHING } from './secret-model.ts'
import type { SharedSecret } from './shared-secret.ts'

/** A secret gets fewer versions than the quota that the server keeps. */
const VERSIONS_PER_SECRET = 60

/** A write that was answered with success. */
interface Acknowledged {
  readonly requestId: string
  readonly operation: string
}

/** What happened in all cycles together. */
export interface Ledger {
  readonly acknowledged: Acknowledged[]
  /** Every version that was asked for with a value. */
  readonly asked: Set<string>
  /** Versions whose write was cut by a kill: they may be there or not, but not without their event. */
  readonly inDoubt: Set<string>
}

/** Writes its own secrets, one change after the other, and one that all share; remembers what its own have to be. */
export class StormWriter {
  readonly name: string
  /** Every secret of this writer; the last is the one it writes. */
  readonly secrets = new Map<string, Expected>()
  readonly #ledger: Ledger
  readonly #isDoubtful: (error: unknown) => boolean
  #secret = ''
  /** Asked for and not answered when the server was killed. */
  #doubt: Change | undefined

  /** @param isDoubtful Of a failed write: whether it may have happened. The server refused any other. */
  constructor(name: string, ledger: Ledger, isDoubtful = isUnanswered) {
    this.name = name
    this.#ledger = ledger
    this.#isDoubtful = isDoubtful
  }

  /** Writes until the connection breaks. @throws Error when the server refuses what it has to accept. */
  async write(client: SecretsManagerClient, shared: SharedSecret, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      if (!(await shared.put(client)) || !(await this.step(client))) return
    }
  }

  /** One change, none being in doubt. Answers whether it was acknowledged. @throws Error as {@link write}. */
  async step(client: SecretsManagerClient): Promise<boolean> {
    const change = this.#next()
    const operation = OPERATIONS[change.kind]
    if ('versionId' in change) this.#ledger.asked.add(change.versionId)
    try {
      const { $metadata } = await this.#send(client, change)
      this.secrets.set(this.#secret, after(this.#expected(), change))
      this.#ledger.acknowledged.push({ requestId: $metadata.requestId ?? '', operation })
      return true
    } catch (error) {
      if (!this.#isDoubtful(error))
        throw new Error(`${operation} of ${this.#secret} was refused`, { cause: error })
      this.#doubt = change
      if ('versionId' in change) this.#ledger.inDoubt.add(change.versionId)
      return false
    }
  }

  /** Once the server answers: the change in doubt happened as a whole or not at all. @throws Error otherwise. */
  async settle(client: SecretsManagerClient): Promise<void> {
    const change = this.#doubt
    if (!change) return
    const told = await labelsTold(client, this.#secret)
    const [without, having] = [this.#expected(), after(this.#expected(), change)]
    if (told === labelsOf(having)) this.secrets.set(this.#secret, having)
    else if (told !== labelsOf(without)) {
      throw new Error(`${this.#secret} has ${told}, neither ${labelsOf(without)} nor ${labelsOf(having)}`)
    }
    this.#doubt = undefined
  }

  /** @throws Error when a secret's labels are not those that were acknowledged. */
  async check(client: SecretsManagerClient, name: string): Promise<void> {
    const told = await labelsTold(client, name)
    const expected = labelsOf(this.secrets.get(name) ?? NOTHING)
    if (told !== expected) throw new Error(`${name} has ${told} instead of ${expected}`)
  }

  #expected(): Expected {
    return this.secrets.get(this.#secret) ?? NOTHING
  }

  #next(): Change {
    const { values, current, pending } = this.#expected()
    const made = { versionId: randomUUID(), value: `value ${randomUUID()}` }
    if (this.#secret === '' || values.size >= VERSIONS_PER_SECRET) {
      this.#secret = `storm/${this.name}/${this.secrets.size}`
      return { kind: 'create', ...made }
    }
    if (current === undefined) return { kind: 'create', ...made }
    const canPromote = pending !== undefined && pending !== current
    if (canPromote && values.size % 2 === 0) return { kind: 'promote' }
    const kinds = ['put', 'stage', 'update', 'stage'] as const
    return { kind: kinds[values.size % kinds.length] ?? 'put', ...made }
  }

  #send(client: SecretsManagerClient, change: Change) {
    const SecretId = this.#secret
    switch (change.kind) {
      case 'promote': {
        const { current, pending } = this.#expected()
        const stage = { VersionStage: 'AWSCURRENT', MoveToVersionId: pending, RemoveFromVersionId: current }
        return client.send(new UpdateSecretVersionStageCommand({ SecretId, ...stage }))
      }
      case 'create':
        return client.send(new CreateSecretCommand({ Name: SecretId, ...givenTo(change) }))
      case 'update':
        return client.send(new UpdateSecretCommand({ SecretId, ...givenTo(change) }))
      case 'put':
        return client.send(new PutSecretValueCommand({ SecretId, ...givenTo(change) }))
      case 'stage':
        return client.send(
          new PutSecretValueCommand({ SecretId, ...givenTo(change), VersionStages: ['AWSPENDING'] }),
        )
    }
  }
}

const OPERATIONS = {
  create: 'CreateSecret',
  put: 'PutSecretValue',
  stage: 'PutSecretValue',
  update: 'UpdateSecret',
  promote: 'UpdateSecretVersionStage',
} as const

function givenTo({ versionId, value }: { readonly versionId: string; readonly value: string }) {
  return { ClientRequestToken: versionId, SecretString: value }
}

/** Whether the connection broke: the server answered nothing. */
export function isUnanswered(error: unknown): boolean {
  return !(error instanceof SecretsManagerServiceException)
}

/** A secret's labels as text; none for a secret that is not there. */
async function labelsTold(client: SecretsManagerClient, name: string): Promise<string> {
  try {
    const { VersionIdsToStages } = await client.send(new DescribeSecretCommand({ SecretId: name }))
    return labelsIn(VersionIdsToStages ?? {})
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return ''
    throw error
  }
}
