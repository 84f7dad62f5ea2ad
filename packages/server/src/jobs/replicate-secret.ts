import type { ClaimedJob } from '../store/jobs.ts'
import { arnIn, regionOf } from '../store/replication.ts'
import type { Replica } from '../store/secrets.ts'
import type { Writers } from '../store/store.ts'
import { ClaimLost, type JobRooms, type RunJob } from './job.ts'
import { copyAllButVersions, copyToReplica, KeyProblem, standing, type Task } from './replica-copy.ts'
import { type ReplicationEvent, replicationEvent } from './replication-event.ts'

const SUCCEEDED = 'Replication succeeded'
/** @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ReplicationStatusType.html */
const NAME_TAKEN = 'Secret with this name already exists in this region'

/**
 * Brings one replica to what its primary is at this moment, in one transaction: versions and labels all, or none. It reads nothing
 * from its queue but which replica it is about, so that a run which comes late, twice or after another has nothing
 * old to write. Where a key cannot be used it waits and runs again; a name that is taken waits for the next change.
 *
 * @see docs/decisions/0010-replicas-by-a-job.md
 */
export const replicateSecret: RunJob = async (job, rooms) => {
  const problem = await rooms.store.write((tx) => replicate(tx, job, rooms))
  // Thrown once the failure is committed: the job waits and runs again.
  if (problem) throw problem
}

/** Ends the job, unless a key stood in the way. */
async function replicate(tx: Writers, job: ClaimedJob, rooms: JobRooms): Promise<KeyProblem | undefined> {
  const task = await taskOf(tx, job)
  const problem = task && (await bringUp(tx, task, job, rooms))
  if (!problem && !(await tx.jobs.done(job))) throw new ClaimLost()
  return problem
}

/** Nothing where the replica was removed or promoted. Holds the primary's row, then the replica's. */
async function taskOf(tx: Writers, { account, region, key: arn }: ClaimedJob): Promise<Task | undefined> {
  const to = { account, region: regionOf(arn) }
  const primary = await tx.secrets.byArn({ account, region }, arnIn(arn, region))
  const replica = primary?.replicas?.find((one) => one.region === to.region)
  if (!primary || !replica) return undefined
  return { primary, replica, arn, found: await tx.secrets.byName(to, primary.name) }
}

async function bringUp(
  tx: Writers,
  task: Task,
  { attempts }: ClaimedJob,
  rooms: JobRooms,
): Promise<KeyProblem | undefined> {
  const stands = standing(task, rooms.clock.now())
  if (stands !== 'replica' && attempts === 1) await tell(tx, task, 'ReplicationStarted', rooms)
  if (stands === 'taken') {
    await note(tx, task, { status: 'Failed', statusMessage: NAME_TAKEN }, rooms)
    return undefined
  }
  try {
    await copyToReplica(tx, task, stands, rooms)
  } catch (error) {
    if (!(error instanceof KeyProblem)) throw error
    if (stands === 'replica') await copyAllButVersions(tx, task)
    await note(tx, task, { status: 'Failed', statusMessage: error.message }, rooms)
    return error
  }
  await note(tx, task, { status: 'InSync', statusMessage: SUCCEEDED }, rooms)
  return undefined
}

type Outcome = Required<Pick<Replica, 'status' | 'statusMessage'>>

/** Writes how it ended, and says so on the trail where that is news: a failure that lasts is told once. */
async function note(tx: Writers, task: Task, outcome: Outcome, rooms: JobRooms): Promise<void> {
  const { primary, replica } = task
  if (replica.status === outcome.status && replica.statusMessage === outcome.statusMessage) return
  const { region, kmsKeyId, kmsKeyArn } = replica
  // What it was once allowed to do ends with the first success.
  const kept = outcome.status === 'InSync' ? { region, kmsKeyId, kmsKeyArn } : replica
  const replicas = primary.replicas?.map((one) => (one === replica ? { ...kept, ...outcome } : one)) ?? []
  await tx.secrets.setReplicas(primary, primary.arn, replicas)
  if (outcome.status === 'InSync') await tell(tx, task, 'ReplicationSucceeded', rooms)
  else await tell(tx, task, 'ReplicationFailed', rooms, outcome.statusMessage)
}

function tell(
  tx: Writers,
  { primary, replica, arn }: Task,
  name: ReplicationEvent,
  { clock, random, bus }: JobRooms,
  message?: string,
): Promise<void> {
  const about = { arn, region: replica.region, message }
  return bus.append(tx, replicationEvent(name, primary, about, { now: clock.now(), random }))
}
