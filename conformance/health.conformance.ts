/** What a running server says and does when its trail cannot be written: health red, and no secret leaves. */
import assert from 'node:assert/strict'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { fill, mount, unmount } from './full-disk.ts'
import { demandRecovery, health } from './health.ts'
import { callerOf, sdk } from './sdk.ts'
import { Scratch, Server } from './server.ts'

/** Reads until the disk is full, at the most. */
const MAX_READS = 20_000
const DISK = '6m'
/** Longer than the server takes between two checkpoints. */
const PAST_A_CHECKPOINT_MS = 1_500

async function secretsOf(server: Server): Promise<SecretsManagerClient> {
  return sdk(SecretsManagerClient, callerOf(await server.administrator()))
}

/** The value, or the name of the error. */
async function read(client: SecretsManagerClient): Promise<string> {
  try {
    return (await client.send(new GetSecretValueCommand({ SecretId: 's' }))).SecretString ?? ''
  } catch (error) {
    return error instanceof Error ? error.name : String(error)
  }
}

test('health is 200 with both checks, and /metrics counts calls by operation; neither names a secret', async () => {
  await using server = await Server.start()
  const client = await secretsOf(server)
  await client.send(new CreateSecretCommand({ Name: 'quiet/name', SecretString: 'x' }))
  const { code, page } = await health(server)
  assert.equal(code, 200)
  assert.deepEqual(page, { status: 'ok', checks: { store: 'ok', trail: 'ok' } })
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  assert.match(
    metrics,
    /^lockstep_calls_total\{service="secretsmanager",operation="CreateSecret",code="ok"\} 1$/m,
  )
  assert.doesNotMatch(metrics, /quiet/)
  await server.stop()
})

describe('while the database file is away', () => {
  for (const file of ['lockstep.db', 'lockstep.db-wal']) {
    test(`health is red with the reason and reads fail, and all is well once ${file} is back`, async () => {
      await using server = await Server.start()
      const client = await secretsOf(server)
      await client.send(new CreateSecretCommand({ Name: 's', SecretString: 'guarded' }))
      const path = join(server.directory, file)
      renameSync(path, `${path}.away`)
      const red = await health(server)
      assert.equal(red.code, 503)
      assert.match(red.page.checks.trail ?? '', /database file is gone/)
      assert.equal(await read(client), 'ServiceUnavailable')
      renameSync(`${path}.away`, path)
      assert.equal(await read(client), 'guarded')
      await demandRecovery(server)
      await server.stop()
    })
  }
})

test('a checkpoint taken out of the database under a running server turns health red within seconds', async () => {
  await using server = await Server.start()
  const client = await secretsOf(server)
  await client.send(new CreateSecretCommand({ Name: 's', SecretString: 'x' }))
  await sleep(PAST_A_CHECKPOINT_MS)
  const database = new DatabaseSync(join(server.directory, 'lockstep.db'))
  const { changes } = database.prepare('delete from trail_checkpoints').run()
  database.close()
  assert.ok(changes > 0)
  await sleep(PAST_A_CHECKPOINT_MS)
  const { code, page } = await health(server)
  assert.equal(code, 503)
  assert.match(page.checks.trail ?? '', /rolled back/)
  assert.equal(page.checks.store, 'ok')
  await server.stop()
})

test('when the disk is full, health is red, no value leaves without its event, and room is all it takes to recover', async (t) => {
  using scratch = new Scratch()
  const directory = join(scratch.path, 'disk')
  const why = await mount(directory, DISK)
  if (why !== undefined) return t.skip(why)
  try {
    await using server = await Server.start({ directory })
    const client = await secretsOf(server)
    await client.send(new CreateSecretCommand({ Name: 's', SecretString: 'guarded' }))
    fill(join(directory, 'filler'))
    let answered = 0
    let last = await read(client)
    for (; last === 'guarded' && answered < MAX_READS; last = await read(client)) answered += 1
    assert.equal(last, 'ServiceUnavailable')
    const red = await health(server)
    assert.equal(red.code, 503)
    assert.match(red.page.checks.trail ?? '', /full/)
    assert.equal(await read(client), 'ServiceUnavailable', 'and it stays so')

    writeFileSync(join(directory, 'filler'), '')
    assert.equal(await read(client), 'guarded')
    await demandRecovery(server)
    await server.stop()

    const database = new DatabaseSync(join(directory, 'lockstep.db'), { readOnly: true })
    const count = database.prepare(
      `select count(*) as n from trail_events where name = 'GetSecretValue' and body not like '%"errorCode"%'`,
    )
    assert.equal(count.get()?.n, answered + 1, 'as many events as values that left')
    database.close()
  } finally {
    await unmount(directory)
  }
})
