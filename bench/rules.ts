/** Suite `rules`: what it costs an event of the trail that rules are asked about it. */
import { Bus } from '../packages/server/src/bus/bus.ts'
import { systemRandom } from '../packages/server/src/platform/random.ts'
import type { Rule } from '../packages/server/src/store/rules.ts'
import { openTestStore } from '../packages/server/src/store/test-store.ts'
import type { TrailEntry } from '../packages/server/src/store/trail.ts'
import { newEventId } from '../packages/server/src/trail/event-id.ts'
import type { Report } from './report.ts'

const PLACE = { account: '111122223333', region: 'us-east-1' }
const EVENTS = 20_000
/** Recorded at once, as many as share a commit. */
const BATCH = 100
const AT = new Date('2026-01-15T10:00:00Z')

export async function rules(report: Report): Promise<void> {
  // The first run warms up.
  await recorded(0, (store) => (entry) => store.record(entry))
  const bare = await recorded(0, (store) => (entry) => store.record(entry))
  report.note(`Rules: an event recorded without them takes ${told(bare)}.`)
  for (const count of [0, 10, 300]) {
    const took = await recorded(count, (store) => {
      const bus = new Bus({ store, random: systemRandom })
      return (entry) => bus.record(entry)
    })
    report.note(`Rules: past ${count} rules none of which matches, ${told(took)}.`)
  }
}

type Opened = Awaited<ReturnType<typeof openTestStore>>

/** Microseconds for each event. */
async function recorded(
  count: number,
  way: (store: Opened) => (entry: TrailEntry) => Promise<void>,
): Promise<number> {
  await using store = await openTestStore()
  await store.write(async (tx) => {
    for (let i = 0; i < count; i++) {
      const name = `rule-${i}`
      await tx.rules.putRule(rule(name))
      await tx.rules.putTarget(PLACE, name, { id: 't', arn: 'arn:aws:sns:us-east-1:111122223333:alerts' })
    }
  })
  const record = way(store)
  const before = process.cpuUsage()
  for (let i = 0; i < EVENTS; i += BATCH)
    await Promise.all(Array.from({ length: BATCH }, () => record(entry())))
  // Time of the processor: other work on the machine says nothing about this.
  const { user, system } = process.cpuUsage(before)
  return (user + system) / EVENTS
}

function told(microseconds: number): string {
  return `${microseconds.toFixed(1)} µs of the processor`
}

function rule(name: string): Rule {
  const pattern = {
    source: ['aws.secretsmanager'],
    detail: { eventName: ['DeleteSecret'], userAgent: [{ prefix: name }] },
  }
  return {
    ...PLACE,
    name,
    pattern: JSON.stringify(pattern),
    schedule: undefined,
    scheduledFrom: AT,
    state: 'ENABLED',
    description: undefined,
    roleArn: undefined,
    tags: {},
  }
}

function entry(): TrailEntry {
  return {
    ...PLACE,
    eventId: newEventId(AT, systemRandom),
    at: AT,
    name: 'PutSecretValue',
    source: 'secretsmanager.amazonaws.com',
    readOnly: false,
    resources: [],
    body: JSON.stringify({ eventName: 'PutSecretValue', filler: 'x'.repeat(1_100) }),
  }
}
