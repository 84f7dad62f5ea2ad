import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Keyring } from '../keyring/keyring.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { verifyStored } from './database.ts'
import { exportTrail } from './export.ts'
import { type TrailLine, trailLines } from './lines.ts'
import { oldIn, type PruneDoors, type Pruned, prune } from './prune.ts'
import { exportsIn, planOld } from './prune-export.ts'
import type { Sealer } from './sealer.ts'
import { entriesAt, TestLanes } from './test-lanes.ts'
import { testEntry, testKeyring } from './test-trail.ts'
import type { Finding } from './verdict.ts'
import { verifyTrail } from './verify.ts'
import { verifyExports } from './verify-exports.ts'

const DAY_SECONDS = 24 * 60 * 60

/** A trail of several days, three lanes each, sealed twice a day. */
class Days implements Disposable {
  readonly lanes: TestLanes
  readonly keyring: Keyring
  readonly clock = new ManualClock()
  readonly sealer: Sealer
  readonly folder = mkdtempSync(join(tmpdir(), 'lockstep-prune-'))

  private constructor(lanes: TestLanes, keyring: Keyring) {
    this.lanes = lanes
    this.keyring = keyring
    this.sealer = lanes.sealer(this.clock)
  }

  /** Eight events a day, the last two lanes of each day closed when it is over. */
  static async of(days: number, keyring?: Keyring): Promise<Days> {
    const kept = keyring ?? (await testKeyring())
    const made = new Days(await TestLanes.open(kept), kept)
    for (let day = 0; day < days; day++) await made.live()
    return made
  }

  async live(): Promise<void> {
    const { lanes, clock } = this
    for (const pick of [0, 1, 2]) {
      await lanes.openLane()
      await lanes.append(pick, entriesAt(clock.now(), pick + 1))
    }
    await this.sealer.seal()
    clock.advance(DAY_SECONDS / 2)
    await lanes.append(1, entriesAt(clock.now(), 2))
    await this.sealer.seal()
    for (let i = 0; i < 2; i++) lanes.endLane(1, 'at once')
    clock.advance(DAY_SECONDS / 2)
  }

  doors(): PruneDoors {
    const { lanes, keyring, folder } = this
    return { store: lanes, keyring, key: lanes.signingKey, folder, now: this.clock.now() }
  }

  prune(keepDays: number, change: Partial<PruneDoors> = {}): Promise<Pruned> {
    return prune({ ...this.doors(), ...change }, this.daysAgo(keepDays))
  }

  daysAgo(days: number): Date {
    return new Date(this.clock.now().getTime() - days * DAY_SECONDS * 1000)
  }

  verify() {
    return verifyStored(this.lanes.read.trail, { keyring: this.keyring })
  }

  /** What the database's trail is as an export, in a file beside the folder's. */
  async exportRest(): Promise<string> {
    const file = join(this.folder, 'rest.jsonl')
    const lines = await Array.fromAsync(exportTrail(trailLines(this.lanes.read.trail)))
    writeFileSync(file, lines.join(''))
    return file
  }

  /** Every export there is and what the database holds, verified as one chain. */
  async verifyAll() {
    const files = [...(await exportsIn(this.folder)), await this.exportRest()]
    return verifyExports(files, { publicKey: this.lanes.signingKey.publicKey })
  }

  async putStart(text: string | undefined): Promise<void> {
    const { trail } = this.lanes.read
    assert.ok(await trail.moveStart(await trail.start(), text ?? ''))
  }

  async finding(): Promise<Finding> {
    const verdict = await this.verify()
    return verdict.kind === 'broken' ? verdict.finding : assert.fail('the damage was not seen')
  }

  [Symbol.dispose](): void {
    this.lanes.close()
    rmSync(this.folder, { recursive: true })
  }
}

describe('pruning', () => {
  test('moves what is old into a file, and the trail is intact from there on', async () => {
    using days = await Days.of(4)
    const { events, files, start } = await days.prune(2)
    assert.deepEqual([events, start, files.length], [16, 4, 1])
    const verdict = await days.verify()
    assert.deepEqual([verdict.kind, verdict.events, verdict.checkpoints], ['intact', 16, 4])
    assert.equal(verdict.start?.sequence, 4)
    assert.deepEqual(readdirSync(days.folder), ['trail-000000000001-000000000004.jsonl'])
  })

  test('the files and what is left verify as one chain, after one prune and after several', async () => {
    using days = await Days.of(6)
    for (const keep of [4, 3, 3, 1]) {
      await days.prune(keep)
      const { verdict } = await days.verifyAll()
      assert.deepEqual(
        [verdict.kind, verdict.events, verdict.start],
        ['intact', days.lanes.appended, undefined],
      )
    }
    assert.equal(readdirSync(days.folder).length, 4)
  })

  test('a running sealer goes on, and what it seals then is verified', async () => {
    using days = await Days.of(3)
    await days.prune(0.5)
    await days.live()
    await days.lanes.append(0, entriesAt(days.clock.now(), 3))
    const verdict = await days.verify()
    assert.deepEqual([verdict.kind, verdict.events, verdict.unsealed], ['intact', 13, 3])
    assert.equal((await days.verifyAll()).verdict.events, days.lanes.appended)
  })

  test('a trail that is old to its last event keeps its last checkpoint, and goes on', async () => {
    using days = await Days.of(2)
    days.clock.advance(30 * DAY_SECONDS)
    await days.prune(10)
    const verdict = await days.verify()
    assert.deepEqual([verdict.kind, verdict.events, verdict.start?.sequence], ['intact', 0, 4])
    await days.live()
    assert.deepEqual([(await days.verify()).kind, (await days.verify()).events], ['intact', 8])
    assert.equal((await days.verifyAll()).verdict.events, days.lanes.appended)
  })

  test('lanes that have ended and terms that nothing needs go, and the others stay', async () => {
    using days = await Days.of(4)
    // One that no checkpoint knows yet.
    await days.lanes.openLane()
    const { trail } = days.lanes.read
    const before = (await trail.lanes()).length
    await days.prune(2)
    const after = (await trail.lanes()).map(({ lane }) => lane)
    assert.ok(after.length < before)
    assert.equal(Math.max(...after), before)
    const attribute = { key: 'Username', value: 'ada' } as const
    const place = { account: '111122223333', region: 'us-east-1', from: 0, until: 8.64e15 }
    const page = await trail.search({ ...place, attribute, limit: 50 })
    assert.equal(page.events.length, 16)
    const term = { ...place, attribute: 'Username', value: 'ada' }
    assert.equal(await days.lanes.write((tx) => tx.trail.removeTerm(term, days.daysAgo(2).getTime(), 50)), 0)
  })

  test('an old event that was recorded late keeps its terms', async () => {
    using days = await Days.of(3)
    await days.lanes.append(0, [testEntry(days.daysAgo(2.9))])
    await days.sealer.seal()
    await days.prune(1)
    assert.equal((await days.verify()).kind, 'intact')
  })

  test('an old event that a young checkpoint seals stays', async () => {
    using days = await Days.of(2)
    await days.lanes.append(0, [testEntry(days.daysAgo(2)), testEntry(days.daysAgo(2))])
    await days.sealer.seal()
    const { events } = await days.prune(0.25)
    assert.deepEqual([events, (await days.verify()).events], [16, 2])
    assert.equal((await days.verifyAll()).verdict.events, 18)
  })

  test('a plan says what would go, and changes nothing', async () => {
    using days = await Days.of(3)
    const plan = await planOld(days.lanes.read.trail, await oldIn(days.lanes.read, days.daysAgo(1)))
    assert.deepEqual([plan.events, plan.last?.sequence], [16, 4])
    assert.deepEqual([(await days.verify()).events, readdirSync(days.folder)], [24, []])
  })

  test('nothing goes that a trail has still to deliver, which is named; once it has, it goes', async () => {
    using days = await Days.of(3)
    const trail = {
      ...{ account: '111122223333', region: 'us-east-1', name: 'slow', id: 'id-of-slow', tags: {} },
      settings: {
        ...{ bucket: 'audit', isMultiRegion: true, includesGlobal: true, validation: false },
        choices: [],
      },
    }
    const at = (number: number) => ({ position: { highest: 3, lanes: { 1: number } }, pauses: [] })
    await days.lanes.write(async ({ deliveries }) => {
      await deliveries.save(trail)
      await deliveries.moveState(trail, undefined, at(0))
    })
    const held = await days.prune(1)
    assert.deepEqual([held.events, held.files], [0, []])
    assert.equal(held.undelivered?.trail.name, 'slow')
    assert.deepEqual([held.undelivered?.lane, held.undelivered?.number], [1, 1])

    const further = { position: { highest: 6, lanes: {} }, pauses: [] }
    await days.lanes.write(({ deliveries }) => deliveries.moveState(trail, 1, further))
    const some = await days.prune(1)
    assert.equal(some.events, 16)
    assert.equal(some.undelivered, undefined)
    assert.equal((await days.verifyAll()).verdict.events, 24)
  })

  test('nothing goes where nothing is old, and nothing that servers may still be writing', async () => {
    using days = await Days.of(1)
    assert.deepEqual(await days.prune(5), { events: 0, files: [] })
    assert.deepEqual(readdirSync(days.folder), [])
    await assert.rejects(days.prune(0.04), /more than an hour old/)
  })

  test('an event of the future holds back what follows it, and is named', async () => {
    using days = await Days.of(1)
    const future = new Date('2099-01-01T00:00:00Z')
    await days.lanes.append(0, [testEntry(future)])
    await days.live()
    await days.live()
    const { events, heldBack } = await days.prune(0.5)
    assert.deepEqual([events, heldBack?.at], [8, future])
    assert.equal((await days.verifyAll()).verdict.events, days.lanes.appended)
  })

  test('a trail that does not verify is not pruned', async () => {
    using days = await Days.of(3)
    days.lanes.edit(`update trail_events set user_name = 'bob' where position % 8589934592 = 2`)
    await assert.rejects(days.prune(1), /does not verify.*changed/)
    assert.equal((await days.lanes.read.trail.checkpoints(0, 100)).length, 6)
    assert.deepEqual(readdirSync(days.folder), [])
  })

  test('what is not there as it was exported is not removed', async () => {
    using days = await Days.of(3)
    await assert.rejects(days.prune(1, { store: failing(days.lanes, 0) }), Killed)
    days.lanes.edit('delete from trail_events where position = (select min(position) from trail_events)')
    await assert.rejects(days.prune(1), /has changed since it was exported/)
    assert.equal((await days.lanes.read.trail.checkpoints(0, 100)).length, 6)
  })

  test('of two at once one gives up before it removes anything', async () => {
    using days = await Days.of(3)
    let isFirst = true
    const store: PruneDoors['store'] = {
      read: days.lanes.read,
      async write(work) {
        if (isFirst) await days.prune(1, { folder: join(days.folder, 'other') })
        isFirst = false
        return days.lanes.write(work)
      },
    }
    await assert.rejects(days.prune(1, { store }), /Another is pruning/)
    assert.deepEqual([(await days.verify()).kind, (await days.verify()).events], ['intact', 8])
  })

  test('an export of another past does not stand for what the database holds', async () => {
    using days = await Days.of(1)
    await days.lanes.append(0, entriesAt(days.clock.now(), 2))
    await days.sealer.seal()
    days.clock.advance(3 * DAY_SECONDS)
    // Its database was put back to an older copy, and went on.
    const doors: PruneDoors = { ...days.doors(), store: failing(days.lanes, 0) }
    await assert.rejects(prune(doors, days.daysAgo(1)), Killed)
    days.lanes.edit('delete from trail_events where position / 8589934592 = 1 and position % 8589934592 > 1')
    days.lanes.edit('delete from trail_checkpoints where sequence = 3')
    await days.lanes.sealer(days.clock).seal()
    const stored = (await days.lanes.read.trail.checkpoints(0, 100)).length
    await assert.rejects(days.prune(1), /of another past/)
    const { verdict } = await days.verifyAll()
    assert.deepEqual(verdict.kind === 'broken' && pick(verdict.finding), ['checkpoint', 'moved'])
    assert.equal((await days.lanes.read.trail.checkpoints(0, 100)).length, stored)
  })
})

describe('a prune that is killed', () => {
  test('leaves an intact trail whenever it is, and the next run ends it', async () => {
    using whole = await Days.of(4)
    await whole.prune(1.5)
    const left = await leftOf(whole)
    let kills = 0
    for (let survives = 0; ; survives++) {
      using days = await Days.of(4)
      const store = failing(days.lanes, survives)
      const ended = await days.prune(1.5, { store, eventsAtOnce: 1 }).then(
        () => true,
        (error: unknown) => {
          assert.ok(error instanceof Killed)
          return false
        },
      )
      assert.equal((await days.verify()).kind, 'intact', `killed after ${survives} transactions`)
      assert.equal((await days.verifyAll()).verdict.kind, 'intact')
      if (ended) break
      kills += 1
      await days.prune(1.5)
      const { verdict } = await days.verifyAll()
      assert.equal(verdict.kind, 'intact')
      assert.deepEqual(await leftOf(days), left)
    }
    assert.ok(kills >= 6, `${kills} transactions`)
  })

  test('while it writes its file leaves nothing that counts as an export', async () => {
    using days = await Days.of(3)
    writeFileSync(join(days.folder, '.lockstep-trail-1.part'), '{"kind":"trail"')
    await days.prune(1)
    assert.deepEqual(readdirSync(days.folder), ['trail-000000000001-000000000004.jsonl'])
  })
})

describe('whoever can write the database, but has no key', () => {
  /** What lies between the start and checkpoint 6, removed as pruning does it. */
  const PRUNE_FURTHER = [
    `delete from trail_events where position in (select position from trail_events order by at limit 8)`,
    'delete from trail_checkpoints where sequence < 6',
  ]
  const replaced = (sql: string) => `update installation_facts set value = ${sql} where name = 'trail-start'`

  const attacks: readonly (readonly [string, readonly string[], Finding['kind']])[] = [
    ['prunes further', PRUNE_FURTHER, 'checkpoint'],
    [
      'prunes further and moves the start',
      [...PRUNE_FURTHER, replaced(`replace(value, ':4,', ':6,')`)],
      'start',
    ],
    ['moves the start back', [replaced(`replace(value, ':4,', ':3,')`)], 'start'],
    ['removes the start', [`delete from installation_facts where name = 'trail-start'`], 'checkpoint'],
    [
      'removes the start and everything but checkpoints',
      [`delete from installation_facts where name = 'trail-start'`, 'delete from trail_events'],
      'checkpoint',
    ],
    ['writes nonsense for the start', [replaced(`'{}'`)], 'start'],
    [
      'removes the checkpoint that the trail starts with',
      ['delete from trail_checkpoints where sequence = 4'],
      'checkpoint',
    ],
    [
      'replaces the checkpoint that the trail starts with',
      [
        `update trail_checkpoints set checkpoint = (select replace(checkpoint, '"sequence":5', '"sequence":4')
           from trail_checkpoints where sequence = 5) where sequence = 4`,
      ],
      'checkpoint',
    ],
    [
      'edits the checkpoint that the trail starts with',
      [
        `update trail_checkpoints set checkpoint = replace(checkpoint, '"at":"2026', '"at":"2025') where sequence = 4`,
      ],
      'checkpoint',
    ],
    [
      'edits an event',
      [`update trail_events set body = '{}' where position = (select max(position) from trail_events)`],
      'event',
    ],
    [
      'removes an event',
      ['delete from trail_events where position = (select min(position) from trail_events)'],
      'event',
    ],
    ['removes a checkpoint', ['delete from trail_checkpoints where sequence = 6'], 'checkpoint'],
  ]
  for (const [what, edits, kind] of attacks) {
    test(`is seen when he ${what}`, async () => {
      using days = await Days.of(4)
      await days.prune(2)
      for (const sql of edits) days.lanes.edit(sql)
      assert.equal((await days.finding()).kind, kind)
    })
  }

  test('is seen when he puts an earlier start back, or that of another trail', async () => {
    using days = await Days.of(5)
    await days.prune(3)
    const earlier = await days.lanes.read.trail.start()
    await days.prune(1)
    await days.putStart(earlier)
    assert.deepEqual(pick(await days.finding()), ['checkpoint', 'missing'])
    using other = await Days.of(5, days.keyring)
    await other.prune(1)
    await days.putStart(await other.lanes.read.trail.start())
    assert.deepEqual(pick(await days.finding()), ['start', 'forged'])
  })

  test('is seen when he puts back a true event that was pruned', async () => {
    for (const lane of [1, 2, 3]) {
      using days = await Days.of(4)
      const [first] = await days.lanes.read.trail.events(lane, { from: 1, limit: 1 })
      assert.ok(first)
      days.lanes.edit(`create table kept as select * from trail_events where position / 8589934592 = ${lane}`)
      const [record] = await days.lanes.read.trail.lanes(lane - 1)
      await days.prune(2)
      days.lanes.edit(`insert or ignore into trail_events select * from kept limit 1`)
      assert.equal((await days.finding()).kind, 'event', `lane ${lane}`)
      // With its lane, too.
      days.lanes.edit(
        `insert or ignore into trail_lanes (account, region, lane, key_generation)
         values ('', '', ${lane}, ${record?.keyGeneration})`,
      )
      // As a reader of an export verifies, who has no search terms to compare with.
      const verdict = await verifyTrail(trailLines(days.lanes.read.trail), {
        publicKey: days.lanes.signingKey.publicKey,
        laneKey: (generation) => days.keyring.macKey('trail-lane', generation),
      })
      assert.equal(verdict.kind === 'broken' && verdict.finding.kind, 'event', `lane ${lane}`)
    }
  })

  test('is seen when he puts a true start into the middle of an export, to leave out what is before', async () => {
    using days = await Days.of(4)
    const whole = await Array.fromAsync(trailLines(days.lanes.read.trail))
    await days.prune(2)
    const pruned = await Array.fromAsync(trailLines(days.lanes.read.trail))
    const second = whole.findIndex((line) => line.kind === 'checkpoint' && line.sequence === 2)
    const lines = [...whole.slice(0, second + 1), ...pruned.slice(1)]
    const verdict = await verifyTrail(streamOf(lines), { publicKey: days.lanes.signingKey.publicKey })
    assert.deepEqual(verdict.kind === 'broken' && pick(verdict.finding), ['start', 'moved'])
  })
})

describe('exports that follow each other', () => {
  test('are not one chain where one is missing, or stands in the wrong place', async () => {
    using days = await Days.of(5)
    for (const keep of [4, 3, 2]) await days.prune(keep)
    const [one = '', two = '', three = ''] = await exportsIn(days.folder)
    const verified = async (...files: string[]) => {
      const { verdict, file } = await verifyExports(files, { publicKey: days.lanes.signingKey.publicKey })
      return [verdict.kind, file]
    }
    assert.deepEqual(await verified(one, two, three), ['intact', undefined])
    assert.deepEqual(await verified(two, three), ['intact', undefined])
    assert.deepEqual(await verified(one, three), ['broken', one])
    assert.deepEqual(await verified(two, one, three), ['broken', one])
  })

  test('of two installations are not one chain, and a key from outside is not needed to see it', async () => {
    using days = await Days.of(3)
    using other = await Days.of(3)
    for (const one of [days, other]) await one.prune(1)
    const [first = ''] = await exportsIn(days.folder)
    const { verdict } = await verifyExports([first, await other.exportRest()], {})
    assert.deepEqual([verdict.kind, verdict.kind === 'broken' && verdict.finding.kind], ['broken', 'key'])
  })
})

/** All that is left of a trail, in numbers. */
async function leftOf({ lanes }: Days): Promise<unknown> {
  const { trail } = lanes.read
  const terms: unknown[] = []
  for (let term = await trail.nextTerm(); term; term = await trail.nextTerm(term)) terms.push(term)
  const lines = await Array.fromAsync(trailLines(trail))
  return {
    lanes: (await trail.lanes()).map(({ lane }) => lane),
    lines: lines.map(({ kind }) => kind),
    terms: terms.length,
  }
}

async function* streamOf(lines: readonly TrailLine[]): AsyncGenerator<TrailLine> {
  yield* lines
}

class Killed extends Error {}

/** The same store until so many transactions were committed. */
function failing(lanes: TestLanes, survives: number): PruneDoors['store'] {
  let left = survives
  return {
    read: lanes.read,
    write(work) {
      if (left === 0) return Promise.reject(new Killed())
      left -= 1
      return lanes.write(work)
    },
  }
}

function pick({ kind, what }: Finding): readonly string[] {
  return [kind, what]
}
