import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CreateAssociationCommand, SSMClient, StartAssociationsOnceCommand } from '@aws-sdk/client-ssm'
import fc from 'fast-check'
import { nextOccurrence, parseSchedule } from '../schedule/schedule.ts'
import { startServer, TEST_ACCOUNT, TEST_REGION } from '../testing/server.ts'
import { associationSchedule, lastTick } from './association-schedule.ts'
import { desiredFor } from './desired.ts'
import { putNodes, testNode } from './nodes.test-support.ts'

const PLACE = { account: TEST_ACCOUNT, region: TEST_REGION }
const MINUTE_MS = 60_000

/** A server with one node, and an association of it by a cron expression that comes round each noon. */
async function start(isAtTicksOnly: boolean) {
  const server = await startServer()
  const [id = ''] = await putNodes(server, {})
  const client = server.sdk(SSMClient, server.admin)
  const { AssociationDescription } = await client.send(
    new CreateAssociationCommand({
      Name: 'AWS-RunShellScript',
      Parameters: { commands: ['id'] },
      Targets: [{ Key: 'InstanceIds', Values: ['*'] }],
      ScheduleExpression: 'cron(0 12 * * ? *)',
      ApplyOnlyAtCronInterval: isAtTicksOnly,
    }),
  )
  const madeAt = server.clock.now()
  const node = await server.house.store.read.nodes.find(PLACE, id)
  assert.ok(node)
  const sources = { store: server.house.store.read, keyring: server.house.keyring }
  const noon = nextOccurrence(parseSchedule('cron(0 12 * * ? *)') ?? assert.fail(), madeAt, madeAt) ?? madeAt
  return {
    ...{ client, noon, associationId: AssociationDescription?.AssociationId ?? '' },
    /** The version at an instant some minutes from the first noon. */
    async versionAt(minutes: number, holder = node) {
      const found = await desiredFor(sources, holder, new Date(noon.getTime() + minutes * MINUTE_MS))
      return found[0]?.version
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

describe('what a node is brought to by the clock', () => {
  test('a cron expression gives another version at each of its times, and a first one at once', async () => {
    await using scene = await start(false)
    const first = await scene.versionAt(-1)
    const second = await scene.versionAt(0)
    assert.ok(first)
    assert.notEqual(second, first)
    assert.equal(await scene.versionAt(24 * 60 - 1), second)
    assert.notEqual(await scene.versionAt(24 * 60), second)
  })

  test('what is for these times only waits for the first of them, also on nodes that come later', async () => {
    await using scene = await start(true)
    assert.equal(await scene.versionAt(-1), undefined)
    const version = await scene.versionAt(0)
    assert.ok(version)
    const late = testNode(2, new Date(scene.noon.getTime() + MINUTE_MS))
    assert.equal(await scene.versionAt(2, late), undefined)
    assert.notEqual(await scene.versionAt(24 * 60, late), undefined)
    await scene.client.send(new StartAssociationsOnceCommand({ AssociationIds: [scene.associationId] }))
    const started = await scene.versionAt(-1)
    assert.ok(started)
    assert.notEqual(started, version)
  })

  test('the last tick is the latest time of the expression that has come', () => {
    const since = new Date('2026-01-01T00:00:00Z')
    const minutes = fc.integer({ min: 0, max: 400_000 })
    const expressions = fc.constantFrom(
      'cron(0 12 * * ? *)',
      'cron(0/30 * * * ? *)',
      'cron(15 3 ? * SUN *)',
      'cron(0 0 L * ? *)',
    )
    fc.assert(
      fc.property(expressions, minutes, (expression, count) => {
        const schedule = parseSchedule(expression) ?? assert.fail()
        const now = new Date(since.getTime() + count * MINUTE_MS)
        const last = lastTick(schedule, since, now)
        const next = nextOccurrence(schedule, last ?? since, since)
        assert.ok(next && next > now, `${last?.toISOString()} ${now.toISOString()}`)
        if (last)
          assert.equal(
            nextOccurrence(schedule, new Date(last.getTime() - 1), since)?.getTime(),
            last.getTime(),
          )
      }),
      { numRuns: 200 },
    )
  })

  test('a schedule that comes round more often than each half hour is none for associations', () => {
    const now = new Date('2026-01-01T00:00:00Z')
    for (const good of ['rate(30 minutes)', 'rate(1 day)', 'cron(0/30 * * * ? *)', 'cron(0 0 1 1 ? 2030)'])
      assert.ok(associationSchedule(good, now), good)
    for (const bad of [
      'rate(29 minutes)',
      'cron(0/29 * * * ? *)',
      'cron(0,45 * * * ? *)',
      'cron(* 12 * * ? *)',
      'x',
    ])
      assert.equal(associationSchedule(bad, now), undefined, bad)
  })
})
