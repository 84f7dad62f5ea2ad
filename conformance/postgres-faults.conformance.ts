/**
 * What goes wrong with a database under running servers. Each time: health is red with the reason, calls are refused
 * with an error that AWS clients try again, nothing is told that should not be, and once the fault is gone all is
 * well without a restart.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { needing } from './components.ts'
import { isRetryable } from './fleet-calls.ts'
import { fill, mount, unmount } from './full-disk.ts'
import { Postgres } from './postgres.ts'
import { demandCourse, type Fault } from './postgres-course.ts'
import { callerOf, sdk } from './sdk.ts'
import { clockBy, Scratch, Server } from './server.ts'
import { TcpProxy } from './tcp-proxy.ts'

const { test } = needing('postgresql')

const DISK = '48m'
/** A page of one table may have room while another's has none. */
const REFUSALS = 10
const HOUR_MS = 3_600_000

/** Ends the connections that Lockstep has, so that it needs new ones. */
async function disconnect(postgres: Postgres): Promise<void> {
  await postgres.sql(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'lockstep'`)
}

/** A fault of the database's settings, which new connections meet. */
function setting(postgres: Postgres, begin: string, end: string, reason: RegExp): Fault {
  // A database that is read-only could not be told from within to be so no longer.
  const place = { database: begin.startsWith('alter table') ? 'lockstep' : 'postgres' }
  return {
    reason,
    async begin() {
      await postgres.sql(begin, place)
      await disconnect(postgres)
    },
    async end() {
      await postgres.sql(end, place)
      await disconnect(postgres)
    },
  }
}

const SETTINGS: Readonly<
  Record<string, readonly [begin: string, end: (password: string) => string, reason: RegExp]>
> = {
  'no connection to spare': [
    'alter role lockstep connection limit 0',
    () => 'alter role lockstep connection limit -1',
    /no connection to spare/,
  ],
  'a password that was changed': [
    `alter role lockstep password 'other'`,
    (password) => `alter role lockstep password '${password}'`,
    /refused the user, the password/,
  ],
  'a database that was set to read-only': [
    'alter database lockstep set default_transaction_read_only = on',
    () => 'alter database lockstep set default_transaction_read_only = off',
    /takes no writes/,
  ],
  'a right that was revoked': [
    'alter table trail_events owner to postgres',
    () => 'alter table trail_events owner to lockstep',
    /refused .* a right/,
  ],
}

for (const [what, [begin, end, reason]] of Object.entries(SETTINGS)) {
  test(what, async () => {
    await using postgres = await Postgres.start()
    const url = await postgres.createDatabase('lockstep')
    await using server = await Server.start({ env: { LOCKSTEP_STORE: url } })
    await demandCourse({ postgres, server, url }, setting(postgres, begin, end(postgres.password), reason))
  })
}

test('PostgreSQL is killed, and comes back', async () => {
  await using postgres = await Postgres.start()
  const url = await postgres.createDatabase('lockstep')
  await using server = await Server.start({ env: { LOCKSTEP_STORE: url } })
  await demandCourse(
    { postgres, server, url },
    { reason: /cannot be reached/, begin: () => postgres.kill(), end: () => postgres.restart() },
  )
})

test('the address leads to a standby, which is promoted after a while', async () => {
  await using postgres = await Postgres.start()
  await using proxy = await TcpProxy.start(postgres.port)
  await postgres.createDatabase('lockstep')
  const url = postgres.url('lockstep', { port: proxy.port })
  await using standby = await postgres.standby()
  await using server = await Server.start({ env: { LOCKSTEP_STORE: url } })
  await demandCourse(
    { postgres, server, url },
    {
      reason: /takes no writes/,
      async begin() {
        await caughtUp(postgres, standby)
        proxy.redirect(standby.port)
      },
      async end() {
        await postgres.kill()
        await standby.sql('select pg_promote()')
      },
    },
  )
})

/** Waits until the standby has everything that was committed by now. */
async function caughtUp(primary: Postgres, standby: Postgres): Promise<void> {
  const [row] = await primary.sql<{ lsn: string }>('select pg_current_wal_lsn() as lsn')
  for (;;) {
    const [there] = await standby.sql<{ ok: boolean }>(
      `select pg_last_wal_replay_lsn() >= '${row?.lsn}' as ok`,
    )
    if (there?.ok) return
    await sleep(50)
  }
}

test('the disk is full, and room is all it takes to recover', async (t) => {
  await using postgres = await Postgres.start()
  const disk = postgres.directory('disk')
  const why = await mount(disk, DISK)
  if (why !== undefined) return t.skip(why)
  try {
    postgres.own(disk)
    await postgres.sql(`create tablespace small location '${disk}'`)
    const url = await postgres.createDatabase('lockstep', 'tablespace small')
    await using server = await Server.start({ env: { LOCKSTEP_STORE: url } })
    await demandCourse(
      { postgres, server, url },
      {
        reason: /disk .* is full/,
        async begin() {
          fill(join(disk, 'filler'))
          await untilFull(server)
        },
        end: () => writeFileSync(join(disk, 'filler'), ''),
      },
    )
    await postgres.sql('drop database lockstep with (force)')
  } finally {
    await postgres.kill()
    await unmount(disk)
  }
})

/** Writes, and reads, into the room that the tables still have in their last pages: until no event fits any more. */
async function untilFull(server: Server): Promise<void> {
  const client = sdk(SecretsManagerClient, callerOf(await server.administrator()))
  let count = 0
  await untilRefused(() =>
    client.send(new CreateSecretCommand({ Name: `filler-${count++}`, SecretString: 'x'.repeat(30_000) })),
  )
  for (let refusals = 0; refusals < REFUSALS; refusals++) {
    await untilRefused(() => client.send(new GetSecretValueCommand({ SecretId: 'kept' })))
  }
}

async function untilRefused(call: () => Promise<unknown>): Promise<void> {
  for (let calls = 0; calls < 2_000; calls++) {
    try {
      await call()
    } catch (error) {
      assert.ok(isRetryable(error), String(error))
      return
    }
  }
  assert.fail('the disk never was full')
}

test('a server’s clock is set an hour ahead, and back', async () => {
  await using postgres = await Postgres.start()
  const url = await postgres.createDatabase('lockstep')
  using scratch = new Scratch()
  const file = join(scratch.path, 'ahead')
  writeFileSync(file, '0')
  await using server = await Server.start({ env: { LOCKSTEP_STORE: url, ...clockBy(file) } })
  await demandCourse(
    { postgres, server, url },
    {
      reason: /clock is more than/,
      begin: () => writeFileSync(file, String(HOUR_MS)),
      end: () => writeFileSync(file, '0'),
    },
  )
})
