/**
 * A server that is killed while it rotates secrets: the next one goes on, no label is lost or doubled, every reader
 * has a value all the while, and nothing of the dead server's functions lives on.
 */
import assert from 'node:assert/strict'
import { randomInt, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { demandGone, demandNoWorkspace, processesWith } from './marked-processes.ts'
import { freePort } from './postgres.ts'
import { demandEvents, ifAnswered, RotatingSecret, RotationReader, runsWithCut } from './rotating-secret.ts'
import { newGatedFunction, newRotationRole } from './rotation-functions.ts'
import { type Point, RotationSite, STEPS, until } from './rotation-site.ts'
import { type Caller, callerOf, sdk } from './sdk.ts'
import { lockstep, Scratch, Server } from './server.ts'

/** How many kills at random instants. */
const KILLS = Number(process.env.LOCKSTEP_CONFORMANCE_KILLS ?? 20)
/** Which instants those are. */
const SEED = Number(process.env.LOCKSTEP_CONFORMANCE_SEED ?? randomInt(1_000_000))
/** A little more than the lease of a job, whose server may yet live, as far as others know. */
const LEASE_MS = 61_000
const STORM_SECRETS = 3
const EARLY_ONE_IN = 5
const EARLY_MS = [0, 900] as const
const RUN_MS = [0, 3000] as const
const READ_AGAIN_MS = 50

/** One data directory, one port, and the servers that live there one after the other. */
class Place implements AsyncDisposable {
  readonly site: RotationSite
  readonly mark = randomUUID()
  functionArn = ''
  server: Server | undefined
  readonly #scratch = new Scratch()
  readonly #port: number
  #caller: Caller | undefined
  #aheadMs = 0

  private constructor(site: RotationSite, port: number) {
    this.site = site
    this.#port = port
  }

  static async open(): Promise<Place> {
    const place = new Place(await RotationSite.open(), await freePort())
    const server = await place.begin()
    const caller = callerOf(await server.administrator())
    place.#caller = caller
    const role = await newRotationRole(caller)
    const variables = { MARK: place.mark }
    place.functionArn = await newGatedFunction(caller, {
      name: 'gated',
      role,
      site: place.site.url,
      variables,
    })
    return place
  }

  get directory(): string {
    return join(this.#scratch.path, 'data')
  }

  /** A client of whichever server is there, by its clock. */
  client(): SecretsManagerClient {
    assert.ok(this.#caller)
    return sdk(SecretsManagerClient, this.#caller, this.#aheadMs)
  }

  spawn(): Server {
    const flags = ['--listen', `127.0.0.1:${this.#port}`]
    this.server = Server.spawn({ directory: this.directory, flags, clockAheadMs: this.#aheadMs })
    return this.server
  }

  async begin(): Promise<Server> {
    const server = this.spawn()
    await server.ready()
    return server
  }

  /** SIGKILL; what it had claimed is free for the next one, and nothing that it started lives. */
  async kill(): Promise<void> {
    await using server = this.server
    await server?.kill()
    await demandGone(this.mark)
    this.#aheadMs += LEASE_MS
    this.site.aheadMs = this.#aheadMs
  }

  /** Ends politely; then the trail is intact. Answers the verdict, and every event. */
  async end(): Promise<{ readonly verdict: string; readonly bodies: readonly string[] }> {
    await using server = this.server
    await server?.stop()
    this.server = undefined
    const verified = await lockstep(['trail', 'verify', '--data', this.directory])
    assert.equal(verified.code, 0, verified.stdout + verified.stderr)
    using database = new DatabaseSync(join(this.directory, 'lockstep.db'), { readOnly: true })
    const bodies = database.prepare('select body from trail_events').all()
    return { verdict: verified.stdout.trim(), bodies: bodies.map(({ body }) => String(body)) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server?.[Symbol.asyncDispose]()
    await this.site[Symbol.asyncDispose]()
    this.#scratch[Symbol.dispose]()
  }
}

/** mulberry32: numbers below 1 that are the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

async function allOver(secrets: readonly RotatingSecret[], client: SecretsManagerClient): Promise<boolean> {
  for (const secret of secrets) await secret.look(client)
  return secrets.every(({ isUnderWay }) => !isUnderWay)
}

function pause(): Promise<void> {
  return sleep(READ_AGAIN_MS)
}

async function conclude(
  t: TestContext,
  place: Place,
  { secrets, reader }: { readonly secrets: readonly RotatingSecret[]; readonly reader: RotationReader },
): Promise<void> {
  for (const secret of secrets) await secret.demandOncePerRequest(place.client())
  await reader.end()
  const { verdict, bodies } = await place.end()
  demandEvents(secrets, bodies)
  assert.deepEqual(place.site.overlaps, [])
  await demandGone(place.mark)
  assert.ok(reader.reads > secrets.length, 'too little was read to mean anything')
  t.diagnostic(`${reader.reads} reads, ${reader.unanswered} without an answer`)
  t.diagnostic(`lockstep trail verify: ${verdict}`)
}

describe('a server that is killed while it rotates', () => {
  test('in each step, before its work and after it, is followed by one that repeats that step alone', async (t) => {
    await using place = await Place.open()
    const { site } = place
    const points = STEPS.flatMap((step) => (['begin', 'done'] as const).map((point) => ({ step, point })))
    const secrets: RotatingSecret[] = []
    for (const { step, point } of points) {
      secrets.push(await RotatingSecret.create(place.client(), `${step}/${point}`))
    }
    const heldAt = new Map(secrets.map(({ arn }, index) => [arn, points[index]]))
    const held: Promise<undefined> = new Promise(() => {})
    const isHeld = (arn: string, step: string, point: Point) => {
      const at = heldAt.get(arn)
      return at?.step === step && at.point === point
    }
    site.rule = ({ secret, step, point }) => (isHeld(secret, step, point) ? held : undefined)
    using reader = new RotationReader(secrets, () => place.client(), pause)
    for (const secret of secrets) await secret.rotate(place.client(), place.functionArn)
    await until(
      'each is held at its point',
      () =>
        site.asked.filter(({ secret, step, point }) => isHeld(secret, step, point)).length === points.length,
    )
    assert.ok(processesWith(place.mark).length >= points.length)
    const dead = place.server?.pid ?? 0
    await place.kill()
    await until('the site has noticed, too', () => site.alive === 0)

    site.rule = () => undefined
    await place.begin()
    await until('all are rotated', () => allOver(secrets, place.client()))
    for (const [index, { arn, token }] of secrets.entries()) {
      const cut = points[index] ? STEPS.indexOf(points[index].step) : -1
      assert.deepEqual(site.begun(arn, token), runsWithCut(cut), arn)
    }
    demandNoWorkspace(dead)
    await conclude(t, place, { secrets, reader })
  })

  test(`${KILLS} kills at random instants lose, double and leave nothing, and each rotation happens once`, async (t) => {
    t.diagnostic(`LOCKSTEP_CONFORMANCE_SEED=${SEED}`)
    const random = seeded(SEED)
    const between = ([from, to]: readonly [number, number]) => from + random() * (to - from)
    await using place = await Place.open()
    const secrets: RotatingSecret[] = []
    for (let index = 0; index < STORM_SECRETS; index++) {
      secrets.push(await RotatingSecret.create(place.client(), `storm/${index}`))
    }
    using reader = new RotationReader(secrets, () => place.client(), pause)
    const ask = async () => {
      for (const secret of secrets) {
        await secret.look(place.client())
        if (secret.isUnderWay) await secret.rotate(place.client(), place.functionArn)
        if (secret.isUnderWay) await secret.resume(place.client())
        else await secret.rotate(place.client(), place.functionArn)
      }
    }
    for (let kill = 1; kill <= KILLS; kill++) {
      const isEarly = kill % EARLY_ONE_IN === 0
      if (!isEarly) await place.server?.ready()
      const asking = isEarly ? undefined : ifAnswered(ask)
      await sleep(between(isEarly ? EARLY_MS : RUN_MS))
      await place.kill()
      await asking
      place.spawn()
    }
    await place.server?.ready()
    await until('all are rotated', async () => {
      for (const secret of secrets)
        if (secret.isUnderWay) await secret.rotate(place.client(), place.functionArn)
      for (const secret of secrets) if (secret.isUnderWay) await secret.resume(place.client())
      await sleep(500)
      return allOver(secrets, place.client())
    })
    const requests = secrets.reduce((sum, secret) => sum + secret.requests, 0)
    const begun = place.site.asked.filter(({ point }) => point === 'begin').length
    t.diagnostic(`${requests} rotations, ${begun} steps begun`)
    await conclude(t, place, { secrets, reader })
  })
})
