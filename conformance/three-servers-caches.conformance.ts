/** What one server changes of a policy or a key, the others obey within a second: none asks the database each time. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  DeleteAccessKeyCommand,
  DeleteUserPolicyCommand,
  IAMClient,
  PutUserPolicyCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam'
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { needing } from './components.ts'
import { Fleet } from './fleet.ts'
import { Postgres } from './postgres.ts'
import { newUser, sdk } from './sdk.ts'

const { test } = needing('postgresql')

/** What another server may still believe, and no longer. */
const BOUND_MS = 1_000
const CHANGES = 5
const ASK_EVERY_MS = 15
/** Longer than the bound by far: what is not obeyed until then never is. */
const GIVE_UP_MS = 4_000

/**
 * How long after a change `ask` went on answering as before: until the last call that was sent and got the old
 * answer. Zero where there was none.
 */
async function obeyedAfter(ask: () => Promise<boolean>): Promise<number> {
  const changedAt = performance.now()
  let last = changedAt
  for (;;) {
    const askedAt = performance.now()
    if (await ask()) return last - changedAt
    last = askedAt
    if (askedAt - changedAt > GIVE_UP_MS) return Number.POSITIVE_INFINITY
    await sleep(ASK_EVERY_MS)
  }
}

test('a policy or an access key that one server changes is obeyed by the others within a second', async (t) => {
  await using postgres = await Postgres.start()
  await using fleet = await Fleet.start({ url: await postgres.createDatabase('lockstep') })
  await sdk(SecretsManagerClient, fleet.caller(0)).send(
    new CreateSecretCommand({ Name: 'guarded', SecretString: 'x' }),
  )
  const delays = new Map<string, number[]>()

  for (let change = 0; change < CHANGES; change++) {
    const admin = fleet.caller(change % fleet.indexes.length)
    const iam = sdk(IAMClient, admin)
    const UserName = `user-${change}`
    const keys = await newUser(admin, UserName)
    const own = fleet.indexes.map((index) => sdk(SecretsManagerClient, { ...fleet.caller(index), keys }))
    const becomes = async (what: string, wanted: string) => {
      const waits = own.map((client) => obeyedAfter(async () => (await outcomeOf(client)) === wanted))
      const times = await Promise.all(waits)
      delays.set(what, [...(delays.get(what) ?? []), ...times])
      const worst = Math.max(...times)
      assert.ok(worst <= BOUND_MS, `${what}: still not obeyed after ${Math.round(worst)} ms`)
    }
    const inline = { UserName, PolicyName: 'inline' }
    const Statement = [{ Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: '*' }]
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement })
    await becomes('a new key', 'AccessDeniedException')
    await iam.send(new PutUserPolicyCommand({ ...inline, PolicyDocument }))
    await becomes('a policy that allows', 'x')
    await iam.send(new DeleteUserPolicyCommand(inline))
    await becomes('a policy that is gone', 'AccessDeniedException')
    await iam.send(new PutUserPolicyCommand({ ...inline, PolicyDocument }))
    await becomes('a policy that allows', 'x')
    const key = { UserName, AccessKeyId: keys.accessKeyId }
    await iam.send(new UpdateAccessKeyCommand({ ...key, Status: 'Inactive' }))
    await becomes('a key that is switched off', 'UnrecognizedClientException')
    await iam.send(new UpdateAccessKeyCommand({ ...key, Status: 'Active' }))
    await becomes('a key that is switched on', 'x')
    await iam.send(new DeleteAccessKeyCommand(key))
    await becomes('a key that is gone', 'UnrecognizedClientException')
  }

  for (const [what, times] of delays) {
    const worst = Math.max(...times)
    t.diagnostic(`${what}: obeyed everywhere after ${Math.round(worst)} ms at the most, of ${times.length}`)
  }
})

/** The value that the caller reads, or the error's name. */
async function outcomeOf(client: SecretsManagerClient): Promise<string> {
  try {
    return (await client.send(new GetSecretValueCommand({ SecretId: 'guarded' }))).SecretString ?? ''
  } catch (error) {
    return error instanceof Error ? error.name : String(error)
  }
}
