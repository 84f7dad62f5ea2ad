/**
 * Copies, backups and restores between SQLite and PostgreSQL, by the commands that an operator types, against
 * servers in processes of their own.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { needing } from './components.ts'
import { cleanEnvironment } from './loopback.ts'
import { type Place, postgresPlace, sqlitePlace } from './moving-place.ts'
import { ADMINISTRATOR, administratorAt, create, demandAll, populate, type World } from './moving-world.ts'
import { Postgres } from './postgres.ts'
import { endingOf } from './process.ts'
import { lockstep, Scratch, Server } from './server.ts'
import { nameOf, runTests, SERVER_SOURCE } from './test-runs.ts'

const { test } = needing('postgresql')

const CLI = join(import.meta.dirname, '../packages/cli/bin/lockstep')
const SECRETS = 320
/** The sealer's second, and what a busy machine adds. */
const SEALED_WITHIN_MS = 2_500
const KILLS = 5
/** A copy of so many secrets takes some such time once it has begun. */
const KILL_WITHIN_MS = 250
/** What Node takes to start. */
const START_MS = 400
const LOOK_AGAIN_MS = 5

function startServer({ directory, env }: Place): Promise<Server> {
  return Server.start({
    directory,
    env: {
      ...env,
      LOCKSTEP_ADMIN_ACCESS_KEY_ID: ADMINISTRATOR.accessKeyId,
      LOCKSTEP_ADMIN_SECRET_ACCESS_KEY: ADMINISTRATOR.secretAccessKey,
    },
  })
}

/** A server's life on `place`; it has ended when this answers, and its world is what it acknowledged. */
async function liveOn(place: Place, secrets = SECRETS): Promise<World> {
  await using server = await startServer(place)
  const world = await populate(administratorAt(server.url), secrets)
  await server.stop()
  return world
}

/** @throws AssertionError with what the command said, where it fails. */
async function succeed(args: readonly string[], place?: Place): Promise<string> {
  const { code, stdout, stderr } = await lockstep(args, place?.env)
  assert.equal(code, 0, `${args[0]}: ${stdout}${stderr}`)
  return stdout
}

function copyArguments(from: Place, to: Place): readonly string[] {
  return ['store', 'copy', '--from', from.spec, '--to', to.spec, '--data', from.directory]
}

/** The root key is kept apart from everything else, and put where the next server looks for it. */
function bringRootKey(from: Place | string, to: Place): void {
  mkdirSync(to.directory, { recursive: true, mode: 0o700 })
  const file = typeof from === 'string' ? from : join(from.directory, 'root.key')
  if (file !== join(to.directory, 'root.key')) copyFileSync(file, join(to.directory, 'root.key'))
}

test('SQLite to PostgreSQL and back: every row is the same on the way, and servers go on with it', async () => {
  using scratch = new Scratch()
  await using postgres = await Postgres.start({ isDurable: false })
  const start = sqlitePlace(join(scratch.path, 'start'))
  const middle = await postgresPlace(postgres, 'middle', join(scratch.path, 'middle'))
  const end = sqlitePlace(join(scratch.path, 'end'))
  const world = await liveOn(start)
  for (const [from, to] of [
    [start, middle],
    [middle, end],
  ] as const) {
    bringRootKey(from, to)
    const told = await succeed(copyArguments(from, to))
    assert.match(
      told,
      /copied and compared: \d+ rows in \d+ tables\ntrail intact: \d+ events; every MAC checked/,
    )
    assert.deepEqual(await to.content(), await from.content())
    await using server = await startServer(to)
    await demandAll(server.url, world)
    await create(administratorAt(server.url), world, { name: `made-on-${to.engine}` })
    await server.stop()
    await succeed(['trail', 'verify', '--data', to.directory], to)
  }
})

for (const direction of ['SQLite to PostgreSQL', 'PostgreSQL to SQLite']) {
  test(`a copy from ${direction} that is killed again and again goes on and ends whole`, async () => {
    using scratch = new Scratch()
    await using postgres = await Postgres.start({ isDurable: false })
    const one = sqlitePlace(join(scratch.path, 'one'))
    const other = await postgresPlace(postgres, 'other', join(scratch.path, 'other'))
    const [from, to] = direction.startsWith('SQLite') ? [one, other] : [other, one]
    await liveOn(from)
    bringRootKey(from, to)
    let unfinished = 0
    for (let kill = 0; kill < KILLS; kill++) {
      await copyUntil(from, to, randomInt(KILL_WITHIN_MS))
      if (!(await to.isUnfinished())) continue
      unfinished += 1
      const refused = await lockstep(['serve', '--data', to.directory, '--listen', '127.0.0.1:0'], to.env)
      assert.match(refused.stderr, /copy that has not ended/)
    }
    assert.ok(unfinished > 0, 'no kill came in the middle of a copy')
    const last = await lockstep(copyArguments(from, to))
    // Where a kill came after the last transaction there is nothing left to do.
    if (last.code !== 0) assert.match(last.stderr, /target is not empty/)
    assert.equal(await to.isUnfinished(), false)
    assert.deepEqual(await to.content(), await from.content())
  })
}

for (const [engine, onto] of [
  ['sqlite', 'postgres'],
  ['postgres', 'sqlite'],
] as const) {
  test(`row 132: a backup made under load on ${engine}, the loss of everything, a restore on ${onto}`, async () => {
    using scratch = new Scratch()
    await using postgres = await Postgres.start({ isDurable: false })
    const places = {
      sqlite: sqlitePlace(join(scratch.path, 'on-sqlite')),
      postgres: await postgresPlace(postgres, 'lockstep', join(scratch.path, 'on-postgres')),
    }
    const [before, after] = [places[engine], places[onto]]
    const [file, safe] = [join(scratch.path, 'backup'), join(scratch.path, 'safe.key')]
    const { world, log } = await backUpUnderLoad(before, file)
    copyFileSync(join(before.directory, 'root.key'), safe)
    rmSync(before.directory, { recursive: true })
    if (engine === 'postgres') await postgres.sql('drop database lockstep with (force)')

    const drilled = await succeed(['drill', '--from', file, '--root-key', `file:${safe}`])
    assert.match(
      drilled,
      /keys and values open: \d+ values under 4 generations .*\n.*every MAC\n.* in all\n$/,
    )
    bringRootKey(safe, after)
    const told = await succeed(['restore', '--data', after.directory, '--from', file], after)
    assert.match(told, /restored and compared: \d+ rows .*\ntrail intact: .*every MAC checked/)
    await demandWitnessed(after, { log, path: join(scratch.path, 'server.log') })
    await using server = await startServer(after)
    await demandAll(server.url, world)
    await create(administratorAt(server.url), world, { name: 'after-the-restore' })
    await server.stop()
    await succeed(['trail', 'verify', '--data', after.directory], after)
  })
}

/** A copy that is killed so long after it has begun to fill its target. */
async function copyUntil(from: Place, to: Place, killAfterMs: number): Promise<void> {
  const child = spawn(process.execPath, [CLI, ...copyArguments(from, to)], {
    env: cleanEnvironment(tmpdir()),
    stdio: 'ignore',
  })
  const ended = endingOf(child, { stdout: '', stderr: '' })
  const known = await to.isUnfinished()
  while (child.exitCode === null && !known && !(await to.isUnfinished())) await sleep(LOOK_AGAIN_MS)
  await sleep(known ? START_MS + killAfterMs : killAfterMs)
  child.kill('SIGKILL')
  await ended
}

/** A backup while secrets are made. What was acknowledged before it began is the world; then the server is killed. */
async function backUpUnderLoad(
  place: Place,
  file: string,
): Promise<{ readonly world: World; readonly log: string }> {
  await using server = await startServer(place)
  const admin = administratorAt(server.url)
  const world = await populate(admin, SECRETS)
  const late: World = { ...world, values: new Map() }
  let isOver = false
  const load = (async () => {
    for (let i = 0; !isOver; i++) await create(admin, late, { name: `late/${i}` })
  })()
  await succeed(['backup', '--data', place.directory, '--to', file], place)
  isOver = true
  await load
  assert.ok(late.values.size > 0, 'nothing was written meanwhile')
  // So that a checkpoint later than the backup has left the house.
  await sleep(SEALED_WITHIN_MS)
  await server.kill()
  return { world, log: server.stderr }
}

/**
 * The restored trail agrees with every checkpoint that the server logged up to the backup; and what the server did
 * after it is missed, by those that it logged later.
 */
async function demandWitnessed(
  place: Place,
  { log, path }: { readonly log: string; readonly path: string },
): Promise<void> {
  const verify = ['trail', 'verify', '--data', place.directory]
  const verdict = JSON.parse(await succeed([...verify, '--json'], place)) as {
    readonly lastCheckpoint: { readonly sequence: number }
  }
  const lines = log.split('\n').filter((line) => line.includes('"trail.checkpoint"'))
  const isKnown = (line: string) =>
    Number(/"sequence":(\d+)/.exec(line)?.[1]) <= verdict.lastCheckpoint.sequence
  writeFileSync(path, lines.filter(isKnown).join('\n'))
  assert.notEqual(readFileSync(path, 'utf8'), '')
  await succeed([...verify, '--checkpoint', path], place)
  writeFileSync(path, lines.join('\n'))
  const missed = await lockstep([...verify, '--checkpoint', path], place.env)
  assert.equal(missed.code, 1)
  assert.match(
    missed.stderr,
    /cut-off\. (A checkpoint says that the lane reaches further|Checkpoint \d+ left the house)/,
  )
}

test('a running server’s directory and a store in use are refused as targets', async () => {
  using scratch = new Scratch()
  await using postgres = await Postgres.start({ isDurable: false })
  const used = await postgresPlace(postgres, 'used', join(scratch.path, 'used'))
  const from = sqlitePlace(join(scratch.path, 'from'))
  await using server = await startServer(used)
  await liveOn(from, 16)
  const intoUsed = await lockstep(copyArguments(from, used))
  assert.equal(intoUsed.code, 1)
  assert.match(intoUsed.stderr, /target is not empty/)
  await using other = await startServer(sqlitePlace(join(scratch.path, 'other')))
  const intoOther = await lockstep(copyArguments(from, sqlitePlace(other.directory)))
  assert.equal(intoOther.code, 1)
  assert.match(intoOther.stderr, /uses this directory/)
  const nowhere = await lockstep(['store', 'copy', '--from', from.spec, '--to', `${used.spec}-not-there`])
  assert.equal(nowhere.code, 1)
  assert.match(nowhere.stderr, /has no database of this name/)
  assert.doesNotMatch(intoUsed.stderr + nowhere.stderr, new RegExp(postgres.password))
  await server.stop()
})

test('a drill in PostgreSQL leaves nothing there', async () => {
  using scratch = new Scratch()
  await using postgres = await Postgres.start({ isDurable: false })
  const from = sqlitePlace(join(scratch.path, 'from'))
  const place = await postgresPlace(postgres, 'scratch', join(scratch.path, 'scratch'))
  await liveOn(from, 32)
  const file = join(scratch.path, 'backup')
  await succeed(['backup', '--data', from.directory, '--to', file])
  await succeed(['drill', '--data', from.directory, '--from', file, '--scratch', place.spec])
  assert.deepEqual([...(await place.content()).keys()], [])
})

test('the list of what moves is what both engines have', async () => {
  await using postgres = await Postgres.start({ isDurable: false, asksPassword: false })
  const env = { LOCKSTEP_TEST_POSTGRES: postgres.url('postgres') }
  const outcomes = await runTests([join(SERVER_SOURCE, 'moving/tables.test.ts')], { env, processes: 1 })
  assert.ok(outcomes.length >= 4)
  assert.deepEqual(outcomes.filter(({ outcome }) => outcome !== 'passed').map(nameOf), [])
})
