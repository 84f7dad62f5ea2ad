/** Two servers on one PostgreSQL that rotate: one that is killed is followed by the other, and no step runs in both. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { needing } from './components.ts'
import { Fleet } from './fleet.ts'
import { demandIntact, demandLabels } from './fleet-trail.ts'
import { demandGone, processesWith } from './marked-processes.ts'
import { Postgres } from './postgres.ts'
import { demandEvents, RotatingSecret, RotationReader, runsWithCut } from './rotating-secret.ts'
import { newGatedFunction, newRotationRole } from './rotation-functions.ts'
import { type Asked, RotationSite, STEPS, until } from './rotation-site.ts'
import { sdk } from './sdk.ts'

const { test } = needing('postgresql')

const DATABASE = 'lockstep'
/** A little more than the lease of a job. */
const LEASE_MS = 61_000
/** For the steps, on a machine that does much else. */
const TAKEN_UP_WITHIN_MS = 60_000
/** Some looks at the queue. */
const LOOKS_MS = 3_000
const READ_AGAIN_MS = 50
/** As clients have them: a server whose database is slow asks to be called again. */
const RETRIES = 5
const SHARED = 8
const ONCE = STEPS.map(() => 1)

/** Two servers, their clock, and the function that they both run. */
class World implements AsyncDisposable {
  readonly site: RotationSite
  readonly fleet: Fleet
  readonly postgres: Postgres
  readonly url: string
  readonly mark = randomUUID()
  functionArn = ''
  readonly secrets: RotatingSecret[] = []
  readonly #parts: AsyncDisposableStack

  private constructor(
    parts: AsyncDisposableStack,
    { site, fleet, postgres, url }: Pick<World, 'site' | 'fleet' | 'postgres' | 'url'>,
  ) {
    this.#parts = parts
    this.site = site
    this.fleet = fleet
    this.postgres = postgres
    this.url = url
  }

  /** The first server runs, the second does not. */
  static async open(): Promise<World> {
    await using parts = new AsyncDisposableStack()
    const site = parts.use(await RotationSite.open())
    const postgres = parts.use(await Postgres.start())
    const url = await postgres.createDatabase(DATABASE)
    const fleet = parts.use(await Fleet.prepare({ url, servers: 2 }))
    await fleet.begin(0)
    const world = new World(parts.move(), { site, fleet, postgres, url })
    const caller = fleet.caller(0)
    const role = await newRotationRole(caller)
    const gated = { name: 'gated', role, site: site.url, variables: { MARK: world.mark } }
    world.functionArn = await newGatedFunction(caller, gated)
    return world
  }

  client(index: number): SecretsManagerClient {
    return sdk(SecretsManagerClient, { ...this.fleet.caller(index), maxAttempts: RETRIES })
  }

  async newSecrets(count: number, index: number): Promise<readonly RotatingSecret[]> {
    const made: RotatingSecret[] = []
    for (let number = 0; number < count; number++) {
      made.push(await RotatingSecret.create(this.client(index), randomUUID()))
    }
    this.secrets.push(...made)
    return made
  }

  /** What the time of a lease would do. Nobody who lives may have a rotation under way: its lease would end as well. */
  async passLease(): Promise<void> {
    assert.equal(this.site.alive, 0)
    const passed = `update jobs set run_at = run_at - ${LEASE_MS} where kind = 'rotate-secret'`
    await this.postgres.sql(passed, { database: DATABASE })
  }

  reader(secrets: readonly RotatingSecret[], index: number): RotationReader {
    return new RotationReader(
      secrets,
      () => this.client(index),
      () => sleep(READ_AGAIN_MS),
    )
  }

  /** How many processes of functions a server has. */
  functionsOf(index: number): number {
    return processesWith(`AWS_ENDPOINT_URL=${this.fleet.caller(index).endpoint}`).length
  }

  /** Whether no step has begun for as long as a server takes between two. */
  async isQuiet(): Promise<boolean> {
    const asked = this.site.asked.length
    await sleep(LOOKS_MS)
    return this.site.alive === 0 && this.site.asked.length === asked
  }

  async over(secrets: readonly RotatingSecret[], index: number): Promise<boolean> {
    for (const secret of secrets) await secret.look(this.client(index))
    return secrets.every(({ isUnderWay }) => !isUnderWay)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync()
  }
}

/** Where each secret is held: in one step each, before its work or after it. */
function holding(secrets: readonly RotatingSecret[]): (asked: Asked) => boolean {
  const places = new Map(
    secrets.map(({ arn }, index) => [
      arn,
      { step: STEPS[index % STEPS.length], point: index % 2 ? 'done' : 'begin' },
    ]),
  )
  return ({ secret, step, point }) => {
    const place = places.get(secret)
    return place?.step === step && place.point === point
  }
}

test('the other server goes on with what a killed one was rotating once the lease is over, and not before', async (t) => {
  await using world = await World.open()
  const { site, fleet } = world
  const secrets = await world.newSecrets(STEPS.length, 0)
  const isHeld = holding(secrets)
  const held: Promise<undefined> = new Promise(() => {})
  site.rule = (asked) => (isHeld(asked) ? held : undefined)
  for (const secret of secrets) await secret.rotate(world.client(0), world.functionArn)
  await until('each is held', () => site.asked.filter(isHeld).length === secrets.length)

  await fleet.begin(1)
  using reader = world.reader(secrets, 1)
  const asked = site.asked.length
  await sleep(LOOKS_MS)
  assert.equal(site.asked.length, asked, 'the other server began a step that is under way')
  await fleet.kill(0)
  await demandGone(world.mark)
  await until('the steps of the dead server are gone', () => site.alive === 0)
  site.rule = () => undefined
  await sleep(LOOKS_MS)
  assert.equal(site.asked.length, asked, 'the other server did not wait for the lease')

  // The lease's own time: nothing is put ahead here.
  await until('all are rotated', () => world.over(secrets, 1), LEASE_MS + TAKEN_UP_WITHIN_MS)
  for (const [index, { arn, token }] of secrets.entries()) {
    assert.deepEqual(site.begun(arn, token), runsWithCut(index), arn)
  }
  await conclude(t, world, { reader, left: 1 })
})

test('two servers rotate side by side, each step in one of them; what the killed one had, the other ends', async (t) => {
  await using world = await World.open()
  const { site, fleet } = world
  await fleet.begin(1)
  const shared = await world.newSecrets(SHARED, 0)
  for (const [index, secret] of shared.entries()) {
    await secret.rotate(world.client(index % 2), world.functionArn)
  }
  await until('all are rotated by both', () => world.over(shared, 1))
  for (const { arn, token } of shared) assert.deepEqual(site.begun(arn, token), ONCE, arn)

  const cut = await world.newSecrets(SHARED, 0)
  const isHeld = holding(cut)
  const go = Promise.withResolvers<undefined>()
  site.rule = (asked) => (isHeld(asked) ? go.promise : undefined)
  for (const [index, secret] of cut.entries()) {
    await secret.rotate(world.client(index % 2), world.functionArn)
  }
  await until('each is held', () => site.asked.filter(isHeld).length === cut.length)
  const before = site.alive
  // Whichever has more of them.
  const victim = world.functionsOf(0) > world.functionsOf(1) ? 0 : 1
  const left = 1 - victim
  using reader = world.reader(cut, left)
  await fleet.kill(victim)
  // The other server's own go on, and end before the clock moves: a lease is its holder's to put off.
  go.resolve(undefined)
  site.rule = () => undefined
  await until('those of the other server are over', () => world.isQuiet())
  const lost = cut.filter(({ isUnderWay }) => isUnderWay)
  t.diagnostic(`${lost.length} of ${before} rotations lost their server`)
  assert.ok(lost.length > 0)

  await world.passLease()
  await until('all are rotated', () => world.over(cut, left))
  for (const [index, secret] of cut.entries()) {
    const expected = lost.includes(secret) ? runsWithCut(index % STEPS.length) : ONCE
    assert.deepEqual(site.begun(secret.arn, secret.token), expected, secret.arn)
  }
  await conclude(t, world, { reader, left })
})

/** @param left The server that still runs. */
async function conclude(
  t: TestContext,
  world: World,
  { reader, left }: { readonly reader: RotationReader; readonly left: number },
): Promise<void> {
  const { site, fleet, secrets, postgres, url } = world
  for (const secret of secrets) await secret.demandOncePerRequest(world.client(left))
  await reader.end()
  await fleet.stopAll()
  await demandGone(world.mark)
  const rows = await postgres.sql<{ body: string }>('select body from trail_events', { database: DATABASE })
  demandEvents(
    secrets,
    rows.map(({ body }) => body),
  )
  await demandLabels(postgres, DATABASE)
  assert.deepEqual(site.overlaps, [])
  t.diagnostic(`${reader.reads} reads, ${reader.unanswered} without an answer`)
  t.diagnostic(`lockstep trail verify: ${await demandIntact(fleet, url)}`)
}
