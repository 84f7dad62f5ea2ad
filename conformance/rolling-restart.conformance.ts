/** Three servers behind a balancer are restarted one after the other, and clients that never try again notice nothing. */
import assert from 'node:assert/strict'
import { CreateKeyCommand, EncryptCommand } from '@aws-sdk/client-kms'
import { CreateSecretCommand, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import { Balancer } from './balancer.ts'
import { needing } from './components.ts'
import { Fleet } from './fleet.ts'
import { type Clients, clientsOf } from './fleet-calls.ts'
import { Postgres } from './postgres.ts'

const { test } = needing('postgresql')

/** The balancer looks five times a second; this is for its looks that come late on a busy machine. */
const LAME_DUCK_SECONDS = 2
const CLIENTS = 6
const LEAST_CALLS = 500

interface Traffic {
  readonly answered: number
  /** What the calls that failed said. */
  readonly failures: readonly string[]
  /** How many connections the balancer made for all of them. */
  readonly connections: number
}

/** Reads, writes and encrypts through a balancer while `act` goes on. */
async function during(fleet: Fleet, act: (balancer: Balancer) => Promise<void>): Promise<Traffic> {
  await using balancer = await Balancer.start(fleet.indexes.map((index) => fleet.caller(index).endpoint))
  const caller = { ...fleet.caller(0), endpoint: balancer.url }
  const { secrets, kms } = clientsOf(caller)
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}))
  for (let index = 0; index < CLIENTS; index++) {
    await secrets.send(new CreateSecretCommand({ Name: `of-${index}`, SecretString: 'first' }))
  }
  const key = { KeyId: KeyMetadata?.KeyId ?? '', Plaintext: Buffer.from('plain') }
  let answered = 0
  const failures: string[] = []
  let isOver = false
  const calls: readonly ((clients: Clients, SecretId: string, turn: number) => Promise<unknown>)[] = [
    (clients, SecretId) => clients.secrets.send(new GetSecretValueCommand({ SecretId })),
    (clients) => clients.kms.send(new EncryptCommand(key)),
    (clients, SecretId) => clients.secrets.send(new GetSecretValueCommand({ SecretId })),
    // A new one each time: however fast the servers are, no secret gets as many versions as it may have.
    (clients, SecretId, turn) =>
      clients.secrets.send(new CreateSecretCommand({ Name: `${SecretId}/${turn}`, SecretString: 'next' })),
  ]
  const work = Array.from({ length: CLIENTS }, async (_, index) => {
    const own = clientsOf(caller)
    for (let turn = 0; !isOver; turn++) {
      try {
        await calls[turn % calls.length]?.(own, `of-${index}`, turn)
        answered += 1
      } catch (error) {
        failures.push(String(error))
      }
    }
  })
  const [acted] = await Promise.allSettled([act(balancer)])
  isOver = true
  await Promise.all(work)
  if (acted.status === 'rejected') throw acted.reason
  return { answered, failures, connections: balancer.connections }
}

test(`a restart of each of three servers, --lame-duck-seconds ${LAME_DUCK_SECONDS}, fails no call`, async (t) => {
  await using postgres = await Postgres.start()
  const flags = ['--lame-duck-seconds', String(LAME_DUCK_SECONDS)]
  await using fleet = await Fleet.start({ url: await postgres.createDatabase('lockstep'), flags })
  const { answered, failures, connections } = await during(fleet, async (balancer) => {
    for (const index of fleet.indexes) {
      const askedAt = performance.now()
      await fleet.stop(index)
      assert.ok(performance.now() - askedAt >= LAME_DUCK_SECONDS * 1000, 'it ended before its time')
      await fleet.begin(index)
      await balancer.until(fleet.indexes.length)
    }
  })
  t.diagnostic(`${answered} calls over ${connections} connections, ${failures.length} failed`)
  assert.deepEqual(failures, [])
  assert.ok(answered >= LEAST_CALLS, `only ${answered} calls`)
  assert.ok(connections < answered / 10, 'connections were not kept')
})

test('the same traffic does notice servers that are killed', async (t) => {
  await using postgres = await Postgres.start()
  await using fleet = await Fleet.start({ url: await postgres.createDatabase('lockstep') })
  const { answered, failures } = await during(fleet, async (balancer) => {
    for (const index of fleet.indexes) {
      await fleet.kill(index)
      await fleet.begin(index)
      await balancer.until(fleet.indexes.length)
    }
  })
  t.diagnostic(`${answered} calls, ${failures.length} failed`)
  assert.ok(failures.length > 0)
})
