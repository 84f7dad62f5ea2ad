/** Row 106 over a SIGKILL between an acknowledged DeleteSecret and its alert. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail'
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { WebReceiver } from '../packages/server/src/testing/web-receiver.ts'
import { alertsAt, newAlertTopic, putDeleteRule } from './delete-alert.ts'
import { callerOf, sdk } from './sdk.ts'
import { Scratch, Server } from './server.ts'
import { until } from './until.ts'

/** How long a dead server's claims last, and what is left to do then, on a machine that does much else. */
const LIMIT_MS = 90_000
const FLAGS = ['--allow-outbound', '127.0.0.0/8']

test('row 106: alerts of acknowledged calls arrive although the server is killed before one is delivered', async (t) => {
  using scratch = new Scratch()
  await using web = await WebReceiver.open()
  const options = { directory: scratch.path, flags: FLAGS }
  await using first = await Server.start(options)
  const caller = callerOf(await first.administrator())
  await putDeleteRule(caller, await newAlertTopic(caller, web))
  const secrets = sdk(SecretsManagerClient, caller)
  for (const Name of ['claimed', 'queued'])
    await secrets.send(new CreateSecretCommand({ Name, SecretString: 'x' }))

  // A receiver that does not answer has not been told.
  web.answer = () => {}
  await secrets.send(new DeleteSecretCommand({ SecretId: 'claimed' }))
  await until('delivery that has begun', LIMIT_MS, () => alertsAt(web)[0])
  await secrets.send(new DeleteSecretCommand({ SecretId: 'queued' }))
  await first.kill()
  const toldBefore = alertsAt(web)
  t.diagnostic(`${toldBefore.length} of 2 deliveries had begun at the kill, and none had ended`)

  web.answer = (response) => void response.writeHead(200).end()
  const restartedAt = performance.now()
  await using second = await Server.start(options)
  for (const secretId of ['queued', 'claimed']) {
    const told = await until(`alert for ${secretId}`, LIMIT_MS, () =>
      alertsAt(web)
        .slice(toldBefore.length)
        .find(({ requestParameters }) => requestParameters.secretId === secretId),
    )
    const ms = Math.round(performance.now() - restartedAt)
    t.diagnostic(`the alert for ${secretId} arrived ${ms} ms after the restart began`)
    const { Events = [] } = await sdk(CloudTrailClient, callerOf(await second.administrator())).send(
      new LookupEventsCommand({
        LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'DeleteSecret' }],
      }),
    )
    const recorded = Events.map(({ CloudTrailEvent = '' }) => JSON.parse(CloudTrailEvent))
    const ofSecret = recorded.filter(({ requestParameters }) => requestParameters.secretId === secretId)
    assert.deepEqual(
      ofSecret.map(({ eventID }) => eventID),
      [told.eventID],
    )
  }
  assert.equal(alertsAt(web).length, toldBefore.length + 2)
  await second.stop()
})
