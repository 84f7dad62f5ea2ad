import assert from 'node:assert/strict'
import { CreateKeyCommand, DisableKeyCommand, EnableKeyCommand } from '@aws-sdk/client-kms'
import {
  PutSecretValueCommand,
  RemoveRegionsFromReplicationCommand,
  ReplicateSecretToRegionsCommand,
  SecretsManagerServiceException,
  StopReplicationToReplicaCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager'
import { ClaimLost, type JobRooms } from '../../jobs/job.ts'
import { KeyProblem } from '../../jobs/replica-copy.ts'
import { replicateSecret } from '../../jobs/replicate-secret.ts'
import { systemRandom } from '../../platform/random.ts'
import type { ClaimedJob } from '../../store/jobs.ts'
import { arnIn, REPLICATE_SECRET } from '../../store/replication.ts'
import type { Store } from '../../store/store.ts'
import { NO_CHANNELS } from '../../testing/no-channels.ts'
import { TEST_REGION } from '../../testing/server.ts'
import { placeIn, type Regions } from './replicas.test-support.ts'
import { COPIES, type Step } from './replicas-steps.test-support.ts'

const SecretId = 'db'
const PENDING = 'AWSPENDING'
const RESERVED = '11111111-1111-4111-8111-111111111111'
/** One secret, its replicas, and everything that it ever was. */
export class World {
  readonly regions: Regions
  readonly arn: string
  readonly keys: ReadonlyMap<string, string>
  readonly #claimed: ClaimedJob[] = []
  /** What the primary's labels were, and all else of it: the one may wait for a key, the other never does. */
  readonly #history: readonly [labels: string[], rest: string[]] = [[], []]
  /** How far in each history each replica was when it was last looked at. */
  readonly #reached = new Map<string, readonly number[]>()

  private constructor(regions: Regions, arn: string, keys: ReadonlyMap<string, string>) {
    this.regions = regions
    this.arn = arn
    this.keys = keys
  }

  static async open(regions: Regions): Promise<World> {
    const keys = new Map<string, string>()
    for (const one of [TEST_REGION, ...COPIES]) {
      const { KeyMetadata } = await regions.kms(one).send(new CreateKeyCommand({}))
      keys.set(one, KeyMetadata?.KeyId ?? '')
    }
    const AddReplicaRegions = COPIES.map((Region) => ({ Region, KmsKeyId: keys.get(Region) }))
    const arn = await regions.create({ KmsKeyId: keys.get(TEST_REGION), AddReplicaRegions })
    const world = new World(regions, arn, keys)
    await world.look()
    return world
  }

  get store(): Store {
    return this.regions.server.house.store
  }

  /** Calls that AWS refuses, such as a second promotion, change nothing. */
  async take(taken: Step): Promise<void> {
    try {
      await this.#act(taken)
    } catch (error) {
      if (!(error instanceof SecretsManagerServiceException) || error.$fault !== 'client') throw error
    }
    await this.look()
  }

  async #act(taken: Step): Promise<void> {
    const { regions } = this
    const secrets = regions.secrets()
    if ('labels' in taken) {
      const SecretString = systemRandom.uuid()
      await secrets.send(new PutSecretValueCommand({ SecretId, SecretString, VersionStages: taken.labels }))
    } else if ('label' in taken) {
      await this.#move(taken.label, taken.to)
    } else if ('value' in taken) {
      const Tags = [{ Key: taken.key, Value: taken.value }]
      await secrets.send(new TagResourceCommand({ SecretId, Tags }))
    } else if ('key' in taken) {
      await secrets.send(new UntagResourceCommand({ SecretId, TagKeys: [taken.key] }))
    } else if ('text' in taken) {
      await secrets.send(new UpdateSecretCommand({ SecretId, Description: taken.text }))
    } else if ('force' in taken) {
      const AddReplicaRegions = [{ Region: taken.region, KmsKeyId: this.keys.get(taken.region) }]
      const input = { SecretId, AddReplicaRegions, ForceOverwriteReplicaSecret: taken.force }
      await secrets.send(new ReplicateSecretToRegionsCommand(input))
    } else if ('region' in taken) {
      await this.#inRegion(taken.do, taken.region)
    } else if ('seconds' in taken) {
      await regions.pass(taken.seconds)
    } else if ('job' in taken) {
      await this.#run(this.#claimed[taken.job % this.#claimed.length], taken.do === 'crash')
    } else if (taken.do === 'claim') {
      await this.#claim()
    } else if (taken.do === 'fill') {
      await this.#fill()
    } else if (taken.do === 'begin anew') {
      await this.#reserve(true)
      await this.#reserve(false)
      await this.#fill()
    } else if (taken.do === 'reserve' || taken.do === 'discard') {
      await this.#reserve(taken.do === 'discard')
    } else {
      await regions.settle()
    }
  }

  async #move(label: string, to: number): Promise<void> {
    const versions = await this.store.read.secrets.versions(placeIn(TEST_REGION), this.arn)
    const current = await this.store.read.secrets.byArn(placeIn(TEST_REGION), this.arn)
    const command = new UpdateSecretVersionStageCommand({
      SecretId,
      VersionStage: label,
      RemoveFromVersionId: current?.labels.get(label),
      MoveToVersionId: versions[to % versions.length]?.id,
    })
    await this.regions.secrets().send(command)
  }

  /** Reserves a version, or takes it away again, as those who rotate do it. */
  async #reserve(isDiscarded: boolean): Promise<void> {
    const at = placeIn(TEST_REGION)
    await this.store.write(async ({ secrets }) => {
      const secret = await secrets.byArn(at, this.arn)
      assert.ok(secret)
      const labels = new Map(secret.labels)
      const isPending = labels.delete(PENDING)
      if (isPending !== isDiscarded) return
      const createdAt = this.regions.server.clock.now()
      // The id that comes back with another value is the hardest one to follow.
      if ([...labels.values()].includes(RESERVED)) return
      await secrets.removeVersion(at, this.arn, RESERVED)
      if (!isDiscarded) {
        this.regions.server.clock.advance(0.001)
        await secrets.addVersion(at, this.arn, { id: RESERVED, createdAt })
        labels.set(PENDING, RESERVED)
      }
      await secrets.update({ ...secret, labels, changedAt: createdAt })
    })
  }

  async #fill(): Promise<void> {
    const secret = await this.store.read.secrets.byArn(placeIn(TEST_REGION), this.arn)
    if (!secret?.labels.has(PENDING)) return
    const command = new PutSecretValueCommand({
      SecretId,
      ClientRequestToken: RESERVED,
      SecretString: systemRandom.uuid(),
      VersionStages: [PENDING],
    })
    await this.regions.secrets().send(command)
  }

  async #inRegion(what: string, at: string): Promise<void> {
    const KeyId = this.keys.get(at)
    const { regions } = this
    if (what === 'disable') await regions.kms(at).send(new DisableKeyCommand({ KeyId }))
    if (what === 'enable') await regions.kms(at).send(new EnableKeyCommand({ KeyId }))
    if (what === 'promote') {
      await regions.secrets(at).send(new StopReplicationToReplicaCommand({ SecretId }))
      this.#reached.delete(at)
    }
    if (what === 'remove') {
      const input = { SecretId, RemoveReplicaRegions: [at] }
      await regions.secrets().send(new RemoveRegionsFromReplicationCommand(input))
      this.#reached.delete(at)
    }
  }

  async #claim(): Promise<void> {
    const now = this.regions.server.clock.now()
    const claim = { claimant: systemRandom.uuid(), now, leaseMs: 60_000, kinds: [REPLICATE_SECRET], limit: 9 }
    this.#claimed.push(...(await this.store.write((tx) => tx.jobs.claimDue(claim))))
  }

  async #run(job: ClaimedJob | undefined, crashes: boolean): Promise<void> {
    if (!job) return
    const { clock, house, metrics } = this.regions.server
    const rooms: JobRooms = {
      store: crashes ? crashing(this.store) : this.store,
      keyring: house.keyring,
      functions: house.functions,
      channels: NO_CHANNELS,
      bus: house.bus,
      metrics,
      random: systemRandom,
      clock,
    }
    await replicateSecret(job, rooms).catch((error: unknown) => {
      if (error instanceof ClaimLost || error instanceof KeyProblem || error instanceof Crash) return
      throw error
    })
  }

  /** What the primary is now is what a replica may be from now on; what it was before a replica's last state is not. */
  async look(): Promise<void> {
    const primary = (await this.#state(TEST_REGION)) ?? []
    for (const [i, known] of this.#history.entries())
      if (known.at(-1) !== primary[i]) known.push(primary[i] ?? '')
    for (const at of COPIES) {
      const state = await this.#state(at)
      if (!state) continue
      const reached = this.#history.map((known, i) => {
        const from = this.#reached.get(at)?.[i] ?? 0
        const found = known.indexOf(state[i] ?? '', from)
        assert.ok(found >= from, `${at} is what its primary was not, or was before`)
        return found
      })
      this.#reached.set(at, reached)
    }
  }

  /** All but the values, which a version never changes; and that each label has one. */
  async #state(at: string): Promise<readonly string[] | undefined> {
    const arn = arnIn(this.arn, at)
    // One snapshot of the row and its versions: another server's commit may lie between two reads.
    return this.store.write(async ({ secrets }) => {
      const secret = await secrets.byArn(placeIn(at), arn)
      if (!secret || (at !== TEST_REGION && secret.primaryRegion === undefined)) return undefined
      const labels: [string, string][] = []
      for (const [label, id] of secret.labels) {
        const version = await secrets.version(placeIn(at), arn, id)
        if (version?.value) labels.push([label, `${id} of ${version.createdAt.getTime()}`])
        else assert.equal(at, TEST_REGION, `${label} at ${at} is on a version without a value`)
      }
      const { tags, description } = secret
      return [
        JSON.stringify(labels.toSorted()),
        JSON.stringify([Object.entries(tags ?? {}).toSorted(), description]),
      ]
    })
  }

  /** Without those versions that only wait for their value. */
  async valuedStages(all: Readonly<Record<string, string[]>> = {}): Promise<Record<string, string[]>> {
    const versions = await this.store.read.secrets.versions(placeIn(TEST_REGION), this.arn)
    const valued = new Set(versions.filter(({ value }) => value).map(({ id }) => id))
    return Object.fromEntries(Object.entries(all).filter(([id]) => valued.has(id)))
  }

  /** Every key back, every lease over, every retry done. */
  async calm(): Promise<void> {
    for (const [at, KeyId] of this.keys) await this.regions.kms(at).send(new EnableKeyCommand({ KeyId }))
    for (let i = 0; i < 3; i++) await this.regions.pass(3600)
  }
}

class Crash extends Error {}

/** A store on a server that dies before it can commit. */
function crashing(store: Store): Store {
  const write: Store['write'] = (work, lock) =>
    store.write(async (tx) => {
      await work(tx)
      throw new Crash()
    }, lock)
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (name === 'write') return write
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}
