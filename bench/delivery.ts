/** Suite `delivery`: a trail's files and digests beside reading the same events and nothing else. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deliverTrail } from '../packages/server/src/jobs/deliver-trail.ts'
import { Keyring } from '../packages/server/src/keyring/keyring.ts'
import { openMemoryRootKey } from '../packages/server/src/keyring/root-keys/memory.ts'
import { systemClock } from '../packages/server/src/platform/clock.ts'
import { silentLogger } from '../packages/server/src/platform/logger.ts'
import { Metrics } from '../packages/server/src/platform/metrics.ts'
import { systemRandom } from '../packages/server/src/platform/random.ts'
import { systemTimer } from '../packages/server/src/platform/timer.ts'
import type { DeliveryTrail } from '../packages/server/src/store/deliveries.ts'
import { openStore } from '../packages/server/src/store/open.ts'
import type { Store } from '../packages/server/src/store/store.ts'
import { DirectoryBucket } from '../packages/server/src/trail/delivery/directory-bucket.ts'
import { DELIVER_TRAIL, deliveryJob } from '../packages/server/src/trail/delivery/job.ts'
import { gather } from '../packages/server/src/trail/delivery/position.ts'
import { newEventId } from '../packages/server/src/trail/event-id.ts'
import { openTrail } from '../packages/server/src/trail/open.ts'
import type { Report } from './report.ts'

const EVENTS = 100_000
const BATCH = 5_000
/** As large as GetSecretValue's, and as little alike as events are. */
const BODY = { filler: 'x'.repeat(900) }
const START = { highest: 0, lanes: {} }

const TRAIL: DeliveryTrail = {
  ...{ account: '111122223333', region: 'us-east-1', name: 'bench', id: 'bench', tags: {} },
  startedAt: new Date(0),
  settings: {
    ...{ bucket: 'bench', isMultiRegion: true, includesGlobal: true, validation: false },
    choices: [{ readWrite: 'All', excludedSources: [] }],
  },
}

export async function delivery(report: Report): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'lockstep-bench-'))
  const target = mkdtempSync(join(tmpdir(), 'lockstep-bench-'))
  try {
    const onProblem = (event: string) => {
      throw new Error(event)
    }
    await using store = await openStore({ kind: 'sqlite', directory, clock: systemClock, onProblem })
    const root = openMemoryRootKey(systemRandom)
    const { keyring } = await Keyring.create(root, systemRandom, systemClock.now())
    await openTrail(store, { keyring, random: systemRandom })
    for (let written = 0; written < EVENTS; written += BATCH)
      await Promise.all(Array.from({ length: BATCH }, (_, i) => store.record(entry(written + i))))

    const reading = await seconds(async () => {
      const budget = { rows: EVENTS, characters: Number.MAX_SAFE_INTEGER }
      await gather({ store, timer: systemTimer }, START, budget, () => false)
    })
    const runs = { count: 0 }
    const delivering = await seconds(() => deliverAll(store, keyring, target, runs))
    const rate = (took: number) => Math.round(EVENTS / took).toLocaleString('en')
    report.note(
      `${EVENTS.toLocaleString('en')} events to a directory in ${runs.count} runs: ${rate(delivering)} a second, ${(delivering / reading).toFixed(1)} times what reading them takes (${rate(reading)} a second).`,
    )
  } finally {
    rmSync(directory, { recursive: true })
    rmSync(target, { recursive: true })
  }
}

async function deliverAll(store: Store, keyring: Keyring, target: string, runs: { count: number }) {
  const [clock, random] = [systemClock, systemRandom]
  await store.write(async ({ deliveries, jobs }) => {
    await deliveries.save(TRAIL)
    await deliveries.moveState(TRAIL, undefined, { position: START, pauses: [] })
    await jobs.queue(deliveryJob(TRAIL, { id: random.uuid(), runAt: clock.now() }))
  })
  const run = deliverTrail({
    buckets: new Map([['bench', new DirectoryBucket(target, { clock, random })]]),
    ...{ everyMs: 300_000, digestEveryMs: 3_600_000, regions: ['us-east-1'] },
    ...{ timer: systemTimer, logger: silentLogger, metrics: new Metrics() },
  })
  for (;;) {
    const claim = {
      claimant: random.uuid(),
      now: clock.now(),
      leaseMs: 60_000,
      kinds: [DELIVER_TRAIL],
      limit: 1,
    }
    const [job] = await store.write((tx) => tx.jobs.claimDue(claim))
    if (!job) return
    await run(job, { store, keyring, clock, random })
    runs.count += 1
  }
}

function entry(index: number) {
  const at = systemClock.now()
  const eventId = newEventId(at, systemRandom)
  return {
    ...{ account: TRAIL.account, region: TRAIL.region, eventId, at },
    source: 'secretsmanager.amazonaws.com',
    name: 'GetSecretValue',
    readOnly: true,
    userName: `user-${index % 50}`,
    resources: [],
    body: JSON.stringify({ eventID: eventId, requestID: systemRandom.uuid(), index, ...BODY }),
  }
}

async function seconds(act: () => Promise<void>): Promise<number> {
  const began = performance.now()
  await act()
  return (performance.now() - began) / 1000
}
