import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Secret } from '../secrets.ts'
import type { Readers, Store } from '../store.ts'
import { StoreUnavailable } from '../unavailable.ts'
import { entry, openScene, PLACE, recordedNumbers, skip } from './stores.test-support.ts'

const STOP = new Error('stop')
const LISTS = { ...PLACE, name: 'lists' }

/** A transaction over lists that only grow: it reads some and puts its own number at the end of some of these. */
interface Script {
  readonly server: number
  readonly steps: readonly { readonly key: string; readonly append: boolean }[]
  readonly fails: boolean
}

const script: fc.Arbitrary<Script> = fc.record({
  server: fc.nat(1),
  steps: fc.uniqueArray(fc.record({ key: fc.constantFrom('x', 'y', 'z'), append: fc.boolean() }), {
    selector: ({ key }) => key,
    minLength: 1,
    maxLength: 3,
  }),
  fails: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
})

interface Numbered extends Script {
  /** Unlike any other's, and its event's. */
  readonly number: number
}

function secret(name: string): Secret {
  const at = new Date(0)
  const arn = `arn:aws:secretsmanager:us-east-1:111122223333:secret:${name}-AbCdEf`
  return { ...PLACE, name, arn, labels: new Map(), createdAt: at, changedAt: at }
}

type Reads = ReadonlyMap<string, readonly number[]>

async function listOf(reader: Pick<Readers, 'jobs'>, kind: string, key: string): Promise<readonly number[]> {
  const job = await reader.jobs.find(PLACE, kind, key)
  // What `play` has put there.
  return (job?.payload.list ?? []) as readonly number[]
}

/** Answers what the transaction saw. */
function play(store: Store, kind: string, { number, steps, fails }: Numbered): Promise<Reads> {
  return store.write(async (tx) => {
    await tx.trail.append(entry(number))
    const reads = new Map<string, readonly number[]>()
    for (const { key, append } of steps) {
      const list = await listOf(tx, kind, key)
      reads.set(key, list)
      if (!append) continue
      const payload = { list: [...list, number] }
      await tx.jobs.queue({ ...PLACE, id: 'id', kind, key, runAt: new Date(0), payload })
    }
    if (fails) throw STOP
    return reads
  }, LISTS)
}

/**
 * Fails where no order of the transactions, one after another, would have let each see what it saw and left what
 * there is: the lists tell who came after whom, and nobody may come after himself.
 */
function demandSerial(seen: ReadonlyMap<number, Reads>, final: Reads): void {
  const after = new Map<number, Set<number>>()
  const follows = (first: number | undefined, second: number | undefined) => {
    if (first === undefined || second === undefined || first === second) return
    after.set(first, (after.get(first) ?? new Set()).add(second))
  }
  for (const [number, reads] of seen) {
    for (const [key, list] of reads) {
      const whole = final.get(key) ?? []
      assert.deepEqual(whole.slice(0, list.length), list, `${number} saw of ${key} what is not there`)
      follows(list.at(-1), number)
      follows(number, whole[list.length])
    }
  }
  const ended = new Set<number>()
  const visit = (number: number, path: readonly number[]) => {
    assert.ok(!path.includes(number), `each after the next: ${[...path, number]}`)
    if (ended.has(number)) return
    for (const next of after.get(number) ?? []) visit(next, [...path, number])
    ended.add(number)
  }
  for (const number of after.keys()) visit(number, [])
}

describe('transactions of two servers', { skip }, () => {
  test('those that take a lock first end as if one had come after another', async () => {
    await using scene = await openScene()
    const servers = [await scene.serve(), await scene.serve()]
    let runs = 0
    const events: number[] = []
    await fc.assert(
      fc.asyncProperty(fc.array(script, { minLength: 2, maxLength: 16 }), async (scripts) => {
        const kind = `lists-${++runs}`
        const seen = new Map<number, Reads>()
        await Promise.all(
          scripts.map(async (one, index) => {
            const number = runs * 100 + index
            const { store } = servers[one.server] ?? assert.fail()
            const playing = play(store, kind, { ...one, number })
            if (one.fails) await assert.rejects(playing, (error) => error === STOP)
            else {
              seen.set(number, await playing)
              events.push(number)
            }
          }),
        )
        const final = new Map<string, readonly number[]>()
        const { store } = servers[0] ?? assert.fail()
        for (const key of ['x', 'y', 'z']) final.set(key, await listOf(store.read, kind, key))
        const kept = scripts.flatMap(({ steps, fails }, index) =>
          fails ? [] : steps.filter(({ append }) => append).map(({ key }) => `${key}${runs * 100 + index}`),
        )
        const there = [...final].flatMap(([key, list]) => list.map((number) => `${key}${number}`))
        assert.deepEqual(there.sort(), kept.sort())
        demandSerial(seen, final)
      }),
      { numRuns: 15 },
    )
    const { store } = servers[0] ?? assert.fail()
    assert.deepEqual(
      await recordedNumbers(store),
      events.sort((a, b) => a - b),
    )
  })

  test('a secret that is read to be changed waits for whoever changes it: no change is lost, no event either', async () => {
    await using scene = await openScene()
    const servers = [await scene.serve(), await scene.serve()]
    const counter = secret('counter')
    const { store } = servers[0] ?? assert.fail()
    await store.write((tx) => tx.secrets.insert({ ...counter, description: '0' }))
    const increment = (server: Store, number: number) =>
      server.write(async (tx) => {
        const found =
          number % 3 === 0
            ? await tx.secrets.byName(PLACE, 'counter')
            : await tx.secrets.byArn(PLACE, counter.arn)
        assert.ok(found)
        await tx.secrets.update({ ...found, description: String(Number(found.description) + 1) })
        await tx.trail.append(entry(number))
      })
    const numbers = Array.from({ length: 60 }, (_, i) => i + 1)
    await Promise.all(numbers.map((number) => increment(servers[number % 2]?.store ?? store, number)))
    assert.equal((await store.read.secrets.byName(PLACE, 'counter'))?.description, '60')
    assert.deepEqual(await recordedNumbers(store), numbers)
  })

  test('two that wait for each other both succeed: one of them is run again', async () => {
    await using scene = await openScene()
    const { store } = await scene.serve()
    for (const name of ['a', 'b']) await store.write((tx) => tx.secrets.insert(secret(name)))
    let attempts = 0
    const met = Promise.withResolvers<void>()
    const both = [
      ['a', 'b'],
      ['b', 'a'],
    ].map(([first = '', second = '']) =>
      store.write(async (tx) => {
        attempts += 1
        await tx.secrets.byName(PLACE, first)
        if (attempts >= 2) met.resolve()
        await met.promise
        await tx.secrets.byName(PLACE, second)
      }),
    )
    await Promise.all(both)
    assert.equal(attempts, 3)
  })

  test('what never succeeds is given up after a while, and says why', async () => {
    await using scene = await openScene()
    const { store } = await scene.serve()
    await store.write(({ principals }) => principals.addAccessKey(key))
    let attempts = 0
    const taken = store.write(async ({ principals }) => {
      attempts += 1
      await principals.addAccessKey(key)
    })
    await assert.rejects(taken, (error) => error instanceof StoreUnavailable && error.reason === 'contended')
    assert.ok(attempts > 10 && attempts < 100, `${attempts} attempts`)
  })
})

const key = {
  account: PLACE.account,
  id: 'AKIAEXAMPLE',
  ownerId: 'AIDAEXAMPLE',
  sealedSecret: Buffer.from('sealed'),
  active: true,
  createdAt: new Date(0),
}
