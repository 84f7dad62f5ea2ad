/** Row 106 with two servers on one database. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { DisableRuleCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { DeleteSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { WebReceiver } from '../packages/server/src/testing/web-receiver.ts'
import { needing } from './components.ts'
import { alertsAt, newAlertTopic, putDeleteRule, RULE } from './delete-alert.ts'
import { Fleet } from './fleet.ts'
import { Postgres } from './postgres.ts'
import { sdk } from './sdk.ts'
import { until } from './until.ts'

const { test } = needing('postgresql')

/** What another server may still believe of the rules, and no longer. */
const BOUND_MS = 1_000
const CALLS = 40
const CALL_EVERY_MS = 50
const DELIVERED_WITHIN_MS = 30_000
/** Twice what the queue is looked at: whatever would be delivered once more has been by then. */
const SETTLED_MS = 2_000

interface Attempt {
  readonly secretId: string
  readonly sentAtMs: number
}

/** Attempts at what is not there, each with a name of its own. */
async function attempts(secrets: SecretsManagerClient, prefix: string): Promise<readonly Attempt[]> {
  const made: Attempt[] = []
  for (let call = 0; call < CALLS; call++) {
    const secretId = `${prefix}-${call}`
    made.push({ secretId, sentAtMs: performance.now() })
    const refused = secrets.send(new DeleteSecretCommand({ SecretId: secretId }))
    await assert.rejects(refused, { name: 'ResourceNotFoundException' })
    await sleep(CALL_EVERY_MS)
  }
  return made
}

test('row 106: a rule put or disabled at one server is obeyed by the other within a second, each delivery once', async (t) => {
  await using postgres = await Postgres.start({ isDurable: false })
  await using web = await WebReceiver.open()
  const url = await postgres.createDatabase('lockstep')
  await using fleet = await Fleet.start({ url, servers: 2, flags: ['--allow-outbound', '127.0.0.0/8'] })
  const topicArn = await newAlertTopic(fleet.caller(0), web)
  const secrets = sdk(SecretsManagerClient, fleet.caller(1))
  // The second server knows that there are no rules.
  await assert.rejects(secrets.send(new DeleteSecretCommand({ SecretId: 'before' })))

  await putDeleteRule(fleet.caller(0), topicArn)
  const putAtMs = performance.now()
  const after = await attempts(secrets, 'put')
  const last = after.at(-1)?.secretId
  const told = () => alertsAt(web).map(({ requestParameters }) => requestParameters.secretId)
  await until(
    'alert for the last attempt',
    DELIVERED_WITHIN_MS,
    () => told().includes(last ?? '') || undefined,
  )
  await sleep(SETTLED_MS)
  const missed = after.filter(({ secretId }) => !told().includes(secretId))
  const obeyedAfter = Math.max(0, ...missed.map(({ sentAtMs }) => sentAtMs - putAtMs))
  t.diagnostic(
    `the other server missed ${missed.length} calls, the last ${Math.round(obeyedAfter)} ms after the rule`,
  )
  assert.ok(obeyedAfter <= BOUND_MS)
  assert.deepEqual(told().toSorted(), [...new Set(told())].toSorted())
  assert.equal(told().length, after.length - missed.length)

  const disabling = sdk(EventBridgeClient, fleet.caller(1)).send(new DisableRuleCommand({ Name: RULE }))
  await disabling
  const disabledAtMs = performance.now()
  const ignored = await attempts(sdk(SecretsManagerClient, fleet.caller(0)), 'disabled')
  await sleep(SETTLED_MS)
  const late = ignored.filter(({ secretId }) => told().includes(secretId))
  assert.ok(late.every(({ sentAtMs }) => sentAtMs - disabledAtMs <= BOUND_MS))
  t.diagnostic(`after the rule was disabled, ${late.length} calls were told all the same`)
})
