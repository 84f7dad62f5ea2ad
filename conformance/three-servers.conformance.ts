/**
 * Three servers on one PostgreSQL under load, while servers are killed one after the other and PostgreSQL itself is
 * restarted and killed. Whatever was acknowledged is there, once, with its event.
 */
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { CreateKeyCommand } from '@aws-sdk/client-kms'
import { CreateSecretCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import { needing } from './components.ts'
import { Fleet } from './fleet.ts'
import { Calls, isDoubtful } from './fleet-calls.ts'
import { JobQueuer, jobsLeft, passTheWindow } from './fleet-jobs.ts'
import { demandAtomic, demandIntact, demandLabels, demandRecorded, eventsIn } from './fleet-trail.ts'
import {
  identityKeeper,
  keyUser,
  labelMovers,
  reader,
  secretKeeper,
  secretOwner,
  sharedWriter,
  type Worker,
} from './fleet-writers.ts'
import { Postgres } from './postgres.ts'
import { SharedSecret } from './shared-secret.ts'
import { type Ledger, StormWriter } from './storm-writer.ts'

const { test } = needing('postgresql')

const DATABASE = 'lockstep'
/** How many kills of servers; more for a longer look. */
const KILLS = Number(process.env.LOCKSTEP_CONFORMANCE_KILLS ?? 12)
const RUN_MS = [300, 900] as const
const DOWN_MS = [50, 400] as const
const POSTGRES_DOWN_MS = 700
const OWNERS = 4
const SHARED = 24
const MOVED = ['moved/one', 'moved/two']
const QUEUE_LIMIT_MS = 30_000

/**
 * A PostgreSQL that acknowledges commits long before they are on the disk unless it is told otherwise, and takes its
 * time for those that are to wait: whoever answers a client too early is found out.
 */
const LAZY = {
  synchronous_commit: 'off',
  wal_writer_delay: '5s',
  commit_delay: '10000',
  commit_siblings: '0',
}

interface Crew {
  readonly workers: readonly Worker[]
  readonly queuer: JobQueuer
}

async function crewOf(calls: Calls): Promise<Crew> {
  const { ledger } = calls
  const { secrets, kms } = calls.of(0)
  const doubtful = (error: unknown) => {
    calls.saw(error)
    return isDoubtful(error)
  }
  await secrets.send(new CreateSecretCommand({ Name: 'steady', SecretString: 'as it was' }))
  for (const Name of MOVED) {
    await secrets.send(new CreateSecretCommand({ Name, SecretString: 'first' }))
    await secrets.send(new PutSecretValueCommand({ SecretId: Name, SecretString: 'second' }))
  }
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}))
  const given = { ledger, isDoubtful: doubtful }
  const shared: SharedSecret[] = []
  for (let index = 0; index < SHARED; index++) {
    shared.push(await SharedSecret.create(secrets, `shared/${index}`, given))
  }
  const queuer = new JobQueuer()
  const owners = Array.from({ length: OWNERS }, (_, index) =>
    secretOwner(new StormWriter(String(index), ledger, doubtful)),
  )
  const workers = [
    ...[...owners, ...MOVED.flatMap((name) => labelMovers(name, 3)), secretKeeper('kept'), queuer],
    ...[identityKeeper('ada'), identityKeeper('bob'), keyUser('key', KeyMetadata?.KeyId ?? '')],
    ...[sharedWriter(shared), sharedWriter(shared), sharedWriter(shared)],
    ...[reader('steady', 'as it was'), reader('steady', 'as it was')],
  ]
  return { workers, queuer }
}

/** The servers one after the other, and between them PostgreSQL: once politely, and then again and again not. */
async function havoc(fleet: Fleet, postgres: Postgres, isOver: () => boolean): Promise<void> {
  const politely = Math.ceil(KILLS / 3)
  for (let kill = 1; kill <= KILLS && !isOver(); kill++) {
    const index = kill % fleet.indexes.length
    await sleep(randomInt(...RUN_MS))
    await fleet.kill(index)
    await passTheWindow(postgres, DATABASE)
    await sleep(randomInt(...DOWN_MS))
    await fleet.begin(index)
    if (kill === politely) await postgres.restart()
    if (kill > politely && kill % 2 === 0) {
      await postgres.kill()
      await sleep(POSTGRES_DOWN_MS)
      await postgres.restart()
    }
  }
  await sleep(RUN_MS[1])
}

/** Everybody at work until the havoc is over, or one of them has found something wrong. */
async function underLoad(
  workers: readonly Worker[],
  calls: Calls,
  act: (isOver: () => boolean) => Promise<void>,
) {
  let isOver = false
  const working = workers.map(async (worker) => {
    try {
      while (!isOver) await worker.step(calls)
    } finally {
      isOver = true
    }
  })
  // One that fails early is told of at the end.
  for (const one of working) one.catch(() => {})
  const [havoc] = await Promise.allSettled([act(() => isOver)])
  isOver = true
  const ends = await Promise.allSettled(working)
  for (const end of [...ends, havoc]) if (end.status === 'rejected') throw end.reason
}

/** What the servers' log says of calls that ended in a way nobody foresaw. */
function unforeseen(log: string): readonly string[] {
  return log
    .split('\n')
    .filter((line) => /"level":"error"/.test(line) && !/StoreUnavailable|ConnectionLost/.test(line))
}

test(`${KILLS} kills of servers, and of PostgreSQL between them, lose and double nothing, and callers see retryable errors only`, async (t) => {
  await using postgres = await Postgres.start({ settings: LAZY })
  const url = await postgres.createDatabase(DATABASE)
  await using fleet = await Fleet.start({ url })
  const ledger: Ledger = { acknowledged: [], asked: new Set(), inDoubt: new Set() }
  const calls = new Calls(
    fleet.indexes.map((index) => fleet.caller(index)),
    ledger,
  )
  const { workers, queuer } = await crewOf(calls)

  await underLoad(workers, calls, (isOver) => havoc(fleet, postgres, isOver))

  for (const worker of workers) await worker.check(calls)
  const limit = performance.now() + QUEUE_LIMIT_MS
  do {
    await passTheWindow(postgres, DATABASE)
    await sleep(500)
    assert.ok(performance.now() < limit, 'the queue does not get empty')
  } while ((await jobsLeft(postgres, DATABASE)) > 0)
  await fleet.stopAll()

  const events = await eventsIn(postgres, DATABASE)
  const secrets = await demandLabels(postgres, DATABASE)
  demandRecorded(ledger, events)
  await demandAtomic(ledger, events, { postgres, database: DATABASE })
  const ended = events.filter(({ eventName }) => eventName === 'EndSecretVersionDelete')
  const arns = ended.map(({ resources }) => resources?.[0]?.ARN ?? resources?.[0]?.arn ?? '')
  assert.equal(new Set(arns).size, arns.length, 'a job was run twice')
  assert.deepEqual(
    [...queuer.queued].filter((arn) => !arns.includes(arn)),
    [],
    'a job was not run',
  )
  const verdict = await demandIntact(fleet, url)

  t.diagnostic(
    `${ledger.acknowledged.length} acknowledged calls, ${ledger.inDoubt.size} writes in doubt, ${secrets} secrets, ${events.length} events, ${arns.length} jobs`,
  )
  t.diagnostic(`lockstep trail verify: ${verdict}`)
  for (const [what, count] of calls.seen) t.diagnostic(`seen ${count} times: ${what}`)
  assert.deepEqual(
    [...calls.seen.keys()].filter((what) => what.startsWith('InternalFailure')),
    [],
    unforeseen(fleet.log).slice(0, 5).join('\n'),
  )
  assert.ok(ledger.acknowledged.length > 40 * KILLS, 'too little was done to mean anything')
  assert.doesNotMatch(fleet.log, new RegExp(postgres.password))
})
