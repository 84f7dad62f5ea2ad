import { AwsError, partitionOf } from '@lockstep/wire'
import { openByService, type ServiceDoors, sealByService } from '../envelope/by-service.ts'
import { stopJobs } from '../rotation/queue.ts'
import { isReplicaOf } from '../store/replication.ts'
import {
  PURGE_SECRET,
  type Replica,
  type SealedValue,
  type Secret,
  type SecretVersion,
} from '../store/secrets.ts'
import type { Place, Writers } from '../store/store.ts'
import type { JobRooms } from './job.ts'
import {
  mirrorOf,
  planReplica,
  type ReplicaPlan,
  replicaLabels,
  type Standing,
  standingOf,
} from './replica-plan.ts'

/** One replica that is to be brought up to date, in the transaction that does it. */
export interface Task {
  readonly primary: Secret
  readonly replica: Replica
  readonly arn: string
  /** What has the replica's name in its region now. */
  readonly found: Secret | undefined
}

/** A key cannot be used now: neither the primary's, which opens, nor the replica's, which seals, may be out of use. */
export class KeyProblem extends Error {
  override readonly name = 'KeyProblem'
}

type Sealed = ReplicaPlan['seal'][number] & { readonly value: SealedValue }

/** What the replica's name stands for in its region. */
export function standing({ primary, replica, found }: Task, now: Date): Standing {
  const isReplica = found !== undefined && isReplicaOf(primary, found)
  return standingOf(found, { isReplica, overwrites: replica.overwrites ?? false, now })
}

/**
 * Makes the replica what its primary is now.
 * @throws KeyProblem, and then nothing of the replica was touched.
 */
export async function copyToReplica(
  tx: Writers,
  task: Task,
  stands: Exclude<Standing, 'taken'>,
  rooms: JobRooms,
): Promise<void> {
  const { primary, replica, arn, found } = task
  const place = { account: primary.account, region: replica.region }
  const versions = await tx.secrets.versions(primary, primary.arn)
  const held = stands === 'replica' ? await tx.secrets.versions(place, arn) : []
  const plan = planReplica({ labels: primary.labels, versions }, held, replica)
  const sealed = await sealVersions(tx, task, plan, rooms)

  if (stands === 'replaced' && found) await remove(tx, found)
  const labels = replicaLabels(primary.labels, versions)
  const createdAt = (stands === 'replica' && found?.createdAt) || rooms.clock.now()
  const mirror = mirrorOf(primary, replica, { arn, labels, createdAt })
  await (stands === 'replica' ? tx.secrets.update(mirror) : tx.secrets.insert(mirror))
  for (const { id, createdAt: madeAt, accessedAt, isThere, value } of sealed) {
    if (isThere) await tx.secrets.removeVersion(place, arn, id)
    await tx.secrets.addVersion(place, arn, { id, value, createdAt: madeAt, accessedAt })
  }
  for (const id of plan.remove) await tx.secrets.removeVersion(place, arn, id)
}

/**
 * Gives a replica the policy, tags and description of its primary while its versions have to wait for a key: who was
 * shut out at the primary must not go on reading here.
 */
export async function copyAllButVersions(tx: Writers, { primary, replica, arn, found }: Task): Promise<void> {
  if (found) await tx.secrets.update(mirrorOf(primary, replica, { ...found, arn }))
}

async function sealVersions(
  tx: Writers,
  { primary, replica, arn }: Task,
  { seal }: ReplicaPlan,
  rooms: JobRooms,
): Promise<readonly Sealed[]> {
  const from = doorsIn(tx, primary, rooms)
  const to = doorsIn(tx, replica, rooms)
  const owner = { account: primary.account, arn, kmsKeyArn: replica.kmsKeyArn }
  const sealed: Sealed[] = []
  for (const next of seal) {
    const version = await tx.secrets.version(primary, primary.arn, next.id)
    using plaintext = await openVersion(from, primary, version, next.isLabelled)
    if (!version?.value || !plaintext) continue
    const { kind } = version.value
    const value = await sealByService(to, owner, { id: next.id, kind, plaintext }).catch(
      problem("Secrets Manager can't encrypt the secret value in the replica Region"),
    )
    sealed.push({ ...next, value })
  }
  return sealed
}

/** The value; nothing for one that nobody needs and that cannot be opened, such as one whose key was deleted. */
async function openVersion(
  doors: ServiceDoors,
  primary: Secret,
  version: SecretVersion | undefined,
  isNeeded: boolean,
) {
  if (!version?.value) return undefined
  try {
    return await openByService(doors, primary, { id: version.id, value: version.value })
  } catch (error) {
    if (error instanceof AwsError && !isNeeded) return undefined
    return problem("Secrets Manager can't decrypt the secret value in the primary Region")(error)
  }
}

function problem(sentence: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof AwsError)) throw error
    throw new KeyProblem(error.message ? `${sentence}: ${error.message}` : `${sentence}.`, { cause: error })
  }
}

function doorsIn(
  tx: Writers,
  { region }: Pick<Place, 'region'>,
  { store, keyring, random, clock }: JobRooms,
): ServiceDoors {
  return {
    region,
    partition: partitionOf(region),
    access: 'write',
    store: tx,
    keyring,
    random,
    clock,
    keysRevision: () => store.revision('keys'),
  }
}

async function remove(tx: Writers, secret: Secret): Promise<void> {
  await tx.secrets.remove(secret, secret.arn)
  await tx.jobs.cancel(secret, PURGE_SECRET, secret.arn)
  await stopJobs(tx, secret)
}
