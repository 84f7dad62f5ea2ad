/** The whole course of a database's fault under a running server. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { isRetryable } from './fleet-calls.ts'
import { demandRecovery, demandRed, health } from './health.ts'
import type { Postgres } from './postgres.ts'
import { callerOf, sdk } from './sdk.ts'
import { lockstep, type Server } from './server.ts'

/** Until health has noticed: it asks once a second, and a silent database is given twelve. */
const RED_WITHIN_MS = 20_000
const GREEN_WITHIN_MS = 20_000
/** No call waits longer for its refusal. */
const ANSWER_WITHIN_MS = 20_000
/** Longer than health's answer is good for. */
const STILL_MS = 1_500

export interface Fault {
  readonly reason: RegExp
  readonly begin: () => Promise<unknown> | unknown
  readonly end: () => Promise<unknown> | unknown
}

export interface Patient {
  readonly postgres: Postgres
  readonly server: Server
  readonly url: string
}

/** The whole course of a fault: well, broken, well again, and nothing that was acknowledged is lost. */
export async function demandCourse({ postgres, server, url }: Patient, fault: Fault): Promise<void> {
  const caller = callerOf(await server.administrator())
  const client = sdk(SecretsManagerClient, caller)
  await client.send(new CreateSecretCommand({ Name: 'kept', SecretString: 'before' }))
  await fault.begin()
  const red = await demandRed(server, fault.reason, RED_WITHIN_MS)
  assert.doesNotMatch(red, /Another program/, 'that is SQLite’s')
  const refusals = await Promise.all([
    refusalOf(client.send(new GetSecretValueCommand({ SecretId: 'kept' }))),
    refusalOf(client.send(new PutSecretValueCommand({ SecretId: 'kept', SecretString: 'during' }))),
  ])
  await sleep(STILL_MS)
  assert.equal((await health(server)).code, 503, 'health says so for as long as it is so')
  await fault.end()
  await demandRecovery(server, GREEN_WITHIN_MS)
  // Another client: the one before may have taken the faulty server's clock for its own.
  const later = sdk(SecretsManagerClient, caller)
  const read = await later.send(new GetSecretValueCommand({ SecretId: 'kept' }))
  assert.equal(read.SecretString, 'before', 'what was refused has not happened')
  await later.send(new PutSecretValueCommand({ SecretId: 'kept', SecretString: 'after' }))
  const log = server.stderr
  await server.stop()
  const flags = ['--data', server.directory]
  const verified = await lockstep(['trail', 'verify', ...flags], { LOCKSTEP_STORE: url })
  assert.equal(verified.code, 0, verified.stderr)
  for (const text of [
    red,
    log,
    verified.stdout,
    ...refusals.map((error) => JSON.stringify(error) + error.stack),
  ]) {
    assert.doesNotMatch(text, new RegExp(`${postgres.password}|postgres://`))
  }
}

/** The error, which clients are to try again, and which has come in time. */
async function refusalOf(call: Promise<unknown>): Promise<Error> {
  const startedAt = performance.now()
  const error = await call.then(
    () => assert.fail('a call was answered that could not be recorded'),
    (reason: unknown) => reason,
  )
  assert.ok(performance.now() - startedAt < ANSWER_WITHIN_MS, 'the refusal took too long')
  assert.ok(error instanceof Error && isRetryable(error), String(error))
  assert.equal(error.name, 'ServiceUnavailable')
  return error
}
