import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { AdministratorsFile } from '../administrators-file.ts'
import { compose } from '../compose.ts'
import { ConfigError, readConfig } from '../config.ts'
import { RootKeyError } from '../keyring/root-keys/root-key.ts'
import { silentLogger } from '../platform/logger.ts'
import { Metrics } from '../platform/metrics.ts'
import { systemRandom } from '../platform/random.ts'
import { systemTimer } from '../platform/timer.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { verifyDirectory } from '../trail-offline.ts'

class Scratch implements Disposable {
  readonly path: string
  constructor() {
    this.path = mkdtempSync(join(tmpdir(), 'lockstep-review-'))
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true })
  }
}

/** A server that is started on the directory and stopped again. */
async function run(data: string, accountId?: string): Promise<string> {
  await using house = await compose(
    readConfig({ data, ...(accountId !== undefined && { 'account-id': accountId }) }, {}),
    {
      clock: new ManualClock(),
      random: systemRandom,
      timer: systemTimer,
      logger: silentLogger,
      metrics: new Metrics(),
      keepAdministrator() {},
      dropAdministrator() {},
    },
  )
  return house.account
}

test('a directory keeps its account, and refuses to be started as another', async () => {
  using scratch = new Scratch()
  assert.equal(await run(scratch.path, '111122223333'), '111122223333')
  assert.equal(await run(scratch.path), '111122223333')
  await assert.rejects(run(scratch.path, '999988887777'), ConfigError)
})

test('a stored key-encryption key that was changed does not switch the MACs off', async () => {
  using scratch = new Scratch()
  await run(scratch.path)
  const trusted = { checkpointFiles: [] }
  assert.equal((await verifyDirectory({ data: scratch.path }, {}, trusted)).verdict.kind, 'intact')
  const database = new DatabaseSync(join(scratch.path, 'lockstep.db'))
  database.exec("update keyring_generations set wrapped = x'00'")
  database.close()
  await assert.rejects(verifyDirectory({ data: scratch.path }, {}, trusted), RootKeyError)
})

test('a root key that is asked for and missing is an error, not a verdict without it', async () => {
  using scratch = new Scratch()
  await run(scratch.path)
  const settings = { data: scratch.path, 'root-key': 'file:/nonexistent/root.key' }
  await assert.rejects(verifyDirectory(settings, {}, { checkpointFiles: [] }), RootKeyError)
})

test('what a crash left beside administrators.json does not lend it its mode', () => {
  using scratch = new Scratch()
  const beside = join(scratch.path, 'administrators.json.new')
  writeFileSync(beside, 'half')
  chmodSync(beside, 0o644)
  const file = new AdministratorsFile(scratch.path, 'us-east-1')
  file.keep({ account: '111122223333', accessKeyId: 'AKIA', secretAccessKey: 'secret' })
  assert.equal(statSync(file.path).mode & 0o777, 0o600)
  assert.match(readFileSync(file.path, 'utf8'), /secret/)
})
