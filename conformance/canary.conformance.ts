/**
 * A value that nobody may see goes in through every member that is sensitive, rightly and in every wrong way, and
 * values that the server makes come out; then nothing the server wrote may hold one of them. What lies in the data
 * directory unsealed is listed in canary-cases.ts, with its reason, and may be nowhere else.
 *
 * Exempt are the two files that hold keys on purpose, readable by their owner alone: root.key, and
 * administrators.json, which keeps the first access key until somebody deletes it.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { WebReceiver } from '../packages/server/src/testing/web-receiver.ts'
import { Canaries, type Leak } from './canaries.ts'
import { callOf, callWith, type Misused, misuse, onTheWire, SPELLED_WRONG } from './canary-calls.ts'
import { ANSWERING, KEPT, NEVER_MADE, NEVER_RIGHTLY, RIGHTLY, WHOLE } from './canary-cases.ts'
import {
  type Said,
  throughEveryService,
  throughFunctionLog,
  throughNodeLink,
  throughProcesses,
  throughRotation,
  throughWebhook,
} from './canary-journeys.ts'
import { filesOf, type Place, pagesOf, recordsOf } from './canary-places.ts'
import { type CanaryWorld, furnish } from './canary-world.ts'
import { nameOf, type SensitiveMember, sensitiveMembers } from './models.ts'
import { rawCall } from './raw-call.ts'
import { type Caller, callerOf, newUser } from './sdk.ts'
import { Scratch, Server } from './server.ts'

/** What operations that are not answered say. */
const NOT_ANSWERED = /UnknownOperationException|InvalidAction/
/** What an entry of a call is refused with that is answered as a whole. */
const ENTRY_REFUSED = /"FailedEntryCount":1/
/** A shorter text would be found by chance. */
const MIN_LENGTH = 12

/** Calls an operation, which has to succeed; its answer. */
async function succeed(
  admin: Caller,
  member: SensitiveMember,
  asked: ReturnType<typeof callOf>,
): Promise<string> {
  const { status, text } = await rawCall(admin, { service: member.service.signingName, ...asked })
  assert.ok(status < 300 && !ENTRY_REFUSED.test(text), `${nameOf(member)}: ${status} ${text}`)
  return text
}

/** The member's value in an answer; of a list or map, its texts that are long enough to be looked for. */
function valuesIn({ service, path, type, place }: SensitiveMember, answer: string): readonly Buffer[] {
  if (place?.kind === 'payload') return [Buffer.from(answer)]
  const last = path.at(-1) ?? ''
  const xml = new RegExp(`<${last}>([^<]+)</${last}>`).exec(answer)?.[1]
  const texts = textsIn(service.protocol === 'form' ? xml : membersOf(JSON.parse(answer), path))
  const found = texts.map((text) => Buffer.from(text, type === 'blob' ? 'base64' : 'utf8'))
  const long = type === 'list' || type === 'map' ? found.filter(({ length }) => length >= MIN_LENGTH) : found
  assert.ok(long.length > 0, `${path.join('.')} is not in the answer: ${answer}`)
  return long
}

/** What is at a path, in each element where that leads through lists. */
function membersOf(value: unknown, [name, ...rest]: readonly string[]): readonly unknown[] {
  if (name === undefined) return [value]
  const inner: unknown[] = name === '*' ? Object.values(Object(value)) : [Object(value)[name]]
  return inner.flatMap((one) => membersOf(one, rest))
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return value === '' ? [] : [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

async function isAnswered(admin: Caller, member: SensitiveMember): Promise<boolean> {
  const asked = callOf(member, {})
  const { text, headers } = await rawCall(admin, { service: member.service.signingName, ...asked })
  // REST services say it in a header.
  return !NOT_ANSWERED.test(`${text} ${headers.get('x-amzn-errortype')}`)
}

describe('canaries', () => {
  const members = sensitiveMembers()
  const inputs = members.filter(({ direction }) => direction === 'input')
  const outputs = members.filter(({ direction }) => direction === 'output')
  const canaries = new Canaries()
  const kept = new Canaries()
  const controls = new Canaries()
  const uncovered: string[] = []
  const leaks = { answers: [] as Leak[], running: [] as Leak[], stopped: [] as Leak[] }
  const seen: string[] = []
  const listed = new Set([...Object.keys(RIGHTLY), ...Object.keys(WHOLE), ...Object.keys(ANSWERING)])
  let misused: readonly Misused[] = []
  let controlPlaces: readonly string[] = []
  let keptPlaces: readonly Place[] = []

  async function putIn(admin: Caller, world: CanaryWorld, member: SensitiveMember): Promise<void> {
    const name = nameOf(member)
    listed.delete(name)
    const [right, whole] = [RIGHTLY[name], WHOLE[name]]
    const plant = () => (name in KEPT ? kept : canaries).plant(`${name} rightly`)
    if (whole) await succeed(admin, member, callOf(member, whole(world, plant())))
    else if (right) {
      const canary = plant()
      await succeed(admin, member, callWith(member, onTheWire(member, canary), right(world, canary)))
    } else if (!(name in NEVER_RIGHTLY) && (await isAnswered(admin, member))) uncovered.push(name)
  }

  async function takeOut(admin: Caller, world: CanaryWorld, member: SensitiveMember): Promise<void> {
    const name = nameOf(member)
    const input = ANSWERING[name]
    listed.delete(name)
    if (NEVER_MADE.some(([pattern]) => pattern.test(name)) || !(await isAnswered(admin, member))) return
    if (!input) return void uncovered.push(name)
    for (const value of valuesIn(member, await succeed(admin, member, callOf(member, input(world)))))
      canaries.watch(name, value)
    seen.push(name)
  }

  /** What was found of what may be nowhere, and outside of the data directory of what may be there. */
  function leaksIn(places: readonly Place[]): readonly Leak[] {
    return places.flatMap(({ name, content, isData }) => [
      ...canaries.findIn(name, content),
      ...(isData ? [] : kept.findIn(name, content)),
    ])
  }

  function noteAnswers(said: Said): void {
    for (const [what, text] of said) leaks.answers.push(...canaries.findIn(`the answer to ${what}`, text))
  }

  before(async () => {
    using scratch = new Scratch()
    await using receiver = await WebReceiver.open()
    const flags = ['--log-level', 'debug', '--limit-failed-signature', '100000/100000']
    const outbound = ['--allow-outbound', '127.0.0.0/8']
    await using server = await Server.start({
      directory: join(scratch.path, 'data'),
      flags: [...flags, ...outbound],
    })
    const admin = callerOf(await server.administrator())
    const rootKey = readFileSync(join(server.directory, 'root.key'), 'utf8').trim()
    canaries.watch('the root key', rootKey)
    canaries.watch('the root key', Buffer.from(rootKey, 'base64'))
    canaries.watch("the administrator's secret access key", admin.keys.secretAccessKey)
    const stranger = await newUser(admin, 'stranger')
    canaries.watch("the stranger's secret access key", stranger.secretAccessKey)
    const world = await furnish(admin, controls.plant('the control'), canaries)

    const journey = { admin, world, receiver, canaries, kept }
    for (const go of [throughNodeLink, throughRotation, throughProcesses, throughFunctionLog, throughWebhook])
      noteAnswers(await go(journey))
    noteAnswers(await throughEveryService(journey, members))
    for (const member of inputs) await putIn(admin, world, member)
    for (const member of outputs) await takeOut(admin, world, member)
    const perMember: Misused[][] = []
    for (const member of inputs) perMember.push([...(await misuse(admin, stranger, member, canaries))])
    misused = perMember.flat()
    noteAnswers(misused.map(({ what, answer }) => [what, answer.text]))

    const running = [...filesOf(server), ...(await pagesOf(admin, server))]
    leaks.running.push(...leaksIn(running))
    keptPlaces = running.filter(({ isData }) => isData)
    await server.stop()
    const stopped = [...(await recordsOf(server, join(scratch.path, 'records'))), ...filesOf(server)]
    leaks.stopped.push(...leaksIn(stopped))
    controlPlaces = [...running, ...stopped]
      .filter(({ name, content }) => controls.findIn(name, content).length > 0)
      .map(({ name }) => name)
  })

  test('every sensitive member of an operation that is answered has its case, and every case its member', () => {
    assert.deepEqual(uncovered, [])
    assert.deepEqual([...listed], [])
    assert.ok(seen.length > 20)
  })

  test('each misuse is refused, but for an unknown member where nothing else is required, which is ignored', () => {
    assert.ok(misused.length > 1000)
    const accepted = misused
      .filter(({ answer }) => answer.status < 400 && !ENTRY_REFUSED.test(answer.text))
      .map(({ what }) => what)
    assert.deepEqual(
      accepted.filter((what) => !what.endsWith(SPELLED_WRONG)),
      [],
    )
  })

  test('no answer to a misuse, and no other process, shows its value', () =>
    assert.deepEqual(leaks.answers, []))

  test('the search finds what is no secret: a description is in the database, the events and the export', () => {
    const shown = [
      'LookupEvents',
      'lockstep trail export',
      'lockstep trail lookup',
      'trail export --cloudtrail',
    ]
    for (const place of shown) assert.ok(controlPlaces.includes(place), place)
    assert.ok(controlPlaces.some((place) => place.startsWith('lockstep.db')))
  })

  test('what is listed as kept unsealed is in the data directory, each of it', () => {
    assert.deepEqual(kept.missingIn(keptPlaces.map(({ content }) => content)), [])
  })

  test('while the server runs, no log, page, event or file holds a value', () =>
    assert.deepEqual(leaks.running, []))

  test('after it has stopped, no log, file or exported record holds a value', () =>
    assert.deepEqual(leaks.stopped, []))

  after(() => {
    const { count } = canaries
    process.stdout.write(
      `${count} canaries planted in ${inputs.length} members, ${kept.count} kept on purpose\n`,
    )
  })
})
