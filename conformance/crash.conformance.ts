/**
 * Writers at full speed against a server that is killed again and again, as by a power cut. Nothing that was
 * acknowledged may be lost, nothing may be half done, and nothing may have happened without its event.
 */
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { callerOf, type Keys, sdk } from './sdk.ts'
import { lockstep, Scratch, Server } from './server.ts'
import { SharedSecret } from './shared-secret.ts'
import { type Ledger, StormWriter } from './storm-writer.ts'

/** How many kills in all; fewer for a quick look. */
const KILLS = Number(process.env.LOCKSTEP_CONFORMANCE_KILLS ?? 200)
const WRITERS = 6
/** One kill in so many comes before the server is ready. */
const EARLY_ONE_IN = 4
const EARLY_MS = [0, 600] as const
const RUN_MS = [50, 300] as const
/** Every so many kills all secrets are looked at, and not only those in doubt. */
const CHECK_EVERY = 20
const FIRST_START_KILLS = 12

interface Storm {
  readonly directory: string
  readonly keys: Keys
  readonly writers: readonly StormWriter[]
  readonly ledger: Ledger
  /** One for each life of the server, that all writers write. */
  readonly shared: SharedSecret[]
}

function clientOf(storm: Storm, server: Server): SecretsManagerClient {
  return sdk(SecretsManagerClient, { endpoint: server.url, region: 'us-east-1', keys: storm.keys })
}

/** Looks at every secret, some at a time. */
async function checkAll({ writers }: Storm, client: SecretsManagerClient): Promise<void> {
  for (const writer of writers) {
    await Promise.all([...writer.secrets.keys()].map((name) => writer.check(client, name)))
  }
}

/** One life of the server: start, settle what the last kill left in doubt, write, die. */
async function live(storm: Storm, kill: number): Promise<void> {
  await using server = Server.spawn({ directory: storm.directory })
  if (kill % EARLY_ONE_IN === 0) {
    await sleep(randomInt(...EARLY_MS))
    await server.kill()
    return
  }
  await server.ready()
  const client = clientOf(storm, server)
  await Promise.all(storm.writers.map((writer) => writer.settle(client)))
  if (kill % CHECK_EVERY === 1) await checkAll(storm, client)
  await storm.shared.at(-1)?.check(client)
  const shared = await SharedSecret.create(client, `storm/shared/${kill}`, storm)
  storm.shared.push(shared)
  let isOver = false
  const writing = Promise.all(storm.writers.map((writer) => writer.write(client, shared, () => isOver)))
  await Promise.race([sleep(randomInt(...RUN_MS)), writing])
  await server.kill()
  isOver = true
  await writing
  client.destroy()
}

/** Reads every version, which has to hold the value it was given. Answers the ids of all that are there. */
async function readEverything(storm: Storm, client: SecretsManagerClient): Promise<ReadonlySet<string>> {
  const present = new Set<string>()
  for (const { secrets } of storm.writers) {
    for (const [name, { values }] of secrets) {
      const reads = [...values].map(async ([versionId, value]) => {
        const answer = await client.send(new GetSecretValueCommand({ SecretId: name, VersionId: versionId }))
        assert.equal(answer.SecretString, value, `${name} ${versionId}`)
        present.add(versionId)
      })
      await Promise.all(reads)
    }
  }
  for (const shared of storm.shared) for (const id of await shared.check(client)) present.add(id)
  return present
}

/** What the stored events tell of successful changes. */
function successesIn(directory: string) {
  const database = new DatabaseSync(join(directory, 'lockstep.db'), { readOnly: true })
  const operations = new Map<string, string[]>()
  const versions = new Set<string>()
  let events = 0
  for (const { body } of database.prepare('select body from trail_events').iterate()) {
    events += 1
    // Written by the server; only these members are read.
    const record = JSON.parse(String(body)) as {
      readonly requestID?: string
      readonly eventName: string
      readonly errorCode?: string
      readonly requestParameters?: { readonly clientRequestToken?: string } | null
    }
    if (record.errorCode !== undefined || record.requestID === undefined) continue
    const known = operations.get(record.requestID) ?? []
    operations.set(record.requestID, [...known, record.eventName])
    const token = record.requestParameters?.clientRequestToken
    if (token !== undefined) versions.add(token)
  }
  database.close()
  return { events, operations, versions }
}

describe('the writer storm', () => {
  test(`${KILLS} kills lose no acknowledged write, leave no half one, and no change without its event`, async (t) => {
    using scratch = new Scratch()
    const directory = join(scratch.path, 'data')
    const ledger: Ledger = { acknowledged: [], asked: new Set(), inDoubt: new Set() }
    const writers = Array.from({ length: WRITERS }, (_, index) => new StormWriter(String(index), ledger))
    let keys: Keys
    {
      await using first = await Server.start({ directory })
      keys = callerOf(await first.administrator()).keys
      await first.stop()
    }
    const storm: Storm = { directory, keys, writers, ledger, shared: [] }
    for (let kill = 1; kill <= KILLS; kill++) await live(storm, kill)

    await using server = await Server.start({ directory })
    const client = clientOf(storm, server)
    await Promise.all(writers.map((writer) => writer.settle(client)))
    await checkAll(storm, client)
    const present = await readEverything(storm, client)
    await server.stop()

    const verified = await lockstep(['trail', 'verify', '--data', directory])
    const { events, operations, versions } = successesIn(directory)
    const doubtful = [...ledger.inDoubt]
    t.diagnostic(
      `${KILLS} kills, ${ledger.acknowledged.length} acknowledged writes, ${doubtful.length} cut with a value ` +
        `(${doubtful.filter((id) => present.has(id)).length} had happened), ${present.size} values read back, ${events} events`,
    )
    t.diagnostic(`lockstep trail verify: ${verified.stdout.trim()}`)
    assert.equal(verified.code, 0, verified.stdout + verified.stderr)
    for (const { requestId, operation } of ledger.acknowledged) {
      assert.deepEqual(operations.get(requestId), [operation], `the events of the acknowledged ${requestId}`)
    }
    const asked = [...ledger.asked]
    const unmade = asked.filter((id) => versions.has(id) && !present.has(id))
    const unrecorded = asked.filter((id) => present.has(id) && !versions.has(id))
    assert.deepEqual(
      { unmade, unrecorded },
      { unmade: [], unrecorded: [] },
      'a version and its event go together',
    )
    assert.ok(ledger.acknowledged.length > KILLS, 'too little was written to mean anything')
  })

  test(`${FIRST_START_KILLS} kills during the first start leave a directory that starts and lets its administrator in`, async () => {
    for (let kill = 0; kill < FIRST_START_KILLS; kill++) {
      using scratch = new Scratch()
      const directory = join(scratch.path, 'data')
      {
        await using first = Server.spawn({ directory })
        await Promise.race([sleep(randomInt(200, 900)), first.ready()])
        await first.kill()
      }
      await using second = await Server.start({ directory })
      const who = sdk(STSClient, callerOf(await second.administrator()))
      assert.match((await who.send(new GetCallerIdentityCommand({}))).Arn ?? '', /:user\//)
      await second.stop()
    }
  })
})
