import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  BatchGetSecretValueCommand,
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  type ListSecretsCommandInput,
  paginateListSecrets,
  SecretsManagerClient,
  UpdateSecretCommand,
} from '@aws-sdk/client-secrets-manager'
import { nextTurn, systemTimer } from '../../platform/timer.ts'
import { eventually } from '../../testing/eventually.ts'
import { startServer, TEST_ACCOUNT, type TestServer } from '../../testing/server.ts'

const V1 = '11111111-1111-4111-8111-111111111111'

async function named(server: TestServer, ...names: string[]): Promise<SecretsManagerClient> {
  const secrets = server.sdk(SecretsManagerClient, server.admin)
  for (const Name of names) {
    await secrets.send(new CreateSecretCommand({ Name, SecretString: 'needle' }))
    server.clock.advance(1)
  }
  return secrets
}

async function list(secrets: SecretsManagerClient, input: ListSecretsCommandInput = {}): Promise<string[]> {
  const { SecretList = [] } = await secrets.send(new ListSecretsCommand(input))
  return SecretList.map(({ Name = '' }) => Name)
}

/** Secrets `secret-0` and on, each a moment younger, put into the store itself; `tags` by number. */
async function insertMany(
  server: TestServer,
  count: number,
  tags: Readonly<Record<number, Readonly<Record<string, string>>>> = {},
): Promise<void> {
  const place = { account: TEST_ACCOUNT, region: 'us-east-1' }
  await server.house.store.write(async (tx) => {
    for (let i = 0; i < count; i++) {
      const name = `secret-${i}`
      const arn = `arn:aws:secretsmanager:us-east-1:${TEST_ACCOUNT}:secret:${name}-AbCdEf`
      const at = new Date(1_700_000_000_000 + i)
      const secret = { ...place, name, arn, labels: new Map(), createdAt: at, changedAt: at }
      await tx.secrets.insert({ ...secret, tags: tags[i] })
    }
  })
}

describe('ListSecrets', () => {
  test('200 — everything but the value, labels under the name that lists have for them', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    const create = {
      Name: 'hybrid/db',
      SecretString: 'needle',
      ClientRequestToken: V1,
      Description: 'the database',
      Tags: [{ Key: 'version', Value: '1' }],
    }
    const { ARN } = await secrets.send(new CreateSecretCommand(create))
    const answer = await secrets.send(
      new ListSecretsCommand({ Filters: [{ Key: 'name', Values: ['hybrid/'] }] }),
    )
    assert.deepEqual(answer.SecretList, [
      {
        ARN,
        Name: 'hybrid/db',
        Description: 'the database',
        Tags: [{ Key: 'version', Value: '1' }],
        CreatedDate: server.clock.now(),
        LastChangedDate: server.clock.now(),
        SecretVersionsToStages: { [V1]: ['AWSCURRENT'] },
      },
    ])
    assert.ok(!JSON.stringify(answer).includes('needle'))
  })

  test('200 — only names that begin so', async () => {
    await using server = await startServer()
    const secrets = await named(server, 'hybrid/a', 'hybrid/b', 'Hybrid/c', 'x/hybrid/d', '/hybrid/e')
    const Filters: ListSecretsCommandInput['Filters'] = [{ Key: 'name', Values: ['hybrid/', '/h'] }]
    assert.deepEqual((await list(secrets, { Filters })).toSorted(), ['/hybrid/e', 'hybrid/a', 'hybrid/b'])
  })

  test('200 — in any order, the newest first by default', async () => {
    await using server = await startServer()
    const secrets = await named(server, 'b', 'a', 'c')
    await secrets.send(new UpdateSecretCommand({ SecretId: 'b', Description: 'changed' }))
    await secrets.send(new GetSecretValueCommand({ SecretId: 'a' }))
    await server.house.store.write(async () => {})
    assert.deepEqual(await list(secrets), ['c', 'a', 'b'])
    assert.deepEqual(await list(secrets, { SortOrder: 'asc' }), ['b', 'a', 'c'])
    assert.deepEqual(await list(secrets, { SortBy: 'created-date', SortOrder: 'asc' }), ['b', 'a', 'c'])
    assert.deepEqual(await list(secrets, { SortBy: 'last-changed-date' }), ['b', 'c', 'a'])
    assert.deepEqual(await list(secrets, { SortBy: 'name', SortOrder: 'asc' }), ['a', 'b', 'c'])
    await eventually(async () =>
      assert.equal((await list(secrets, { SortBy: 'last-accessed-date' }))[0], 'a'),
    )
  })

  test('200 — secrets that wait for their deletion only when asked for, and never after it', async () => {
    await using server = await startServer()
    const secrets = await named(server, 'live', 'dead')
    await secrets.send(new DeleteSecretCommand({ SecretId: 'dead', RecoveryWindowInDays: 7 }))
    assert.deepEqual(await list(secrets), ['live'])
    assert.deepEqual(await list(secrets, { IncludePlannedDeletion: true }), ['dead', 'live'])
    server.clock.advance(7 * 24 * 60 * 60)
    const later = server.sdk(SecretsManagerClient, server.admin)
    assert.deepEqual(await list(later, { IncludePlannedDeletion: true }), ['live'])
  })

  test('200 — pages join up in every order, past 100 secrets', async () => {
    await using server = await startServer()
    const place = { account: TEST_ACCOUNT, region: 'us-east-1' }
    const names = Array.from({ length: 120 }, (_, i) => `secret-${String(i).padStart(3, '0')}`)
    await server.house.store.write(async (tx) => {
      for (const [i, name] of names.entries()) {
        const at = new Date(1_700_000_000_000 + (i % 7))
        const arn = `arn:aws:secretsmanager:us-east-1:${TEST_ACCOUNT}:secret:${name}-AbCdEf`
        await tx.secrets.insert({ ...place, name, arn, labels: new Map(), createdAt: at, changedAt: at })
      }
    })
    const client = server.sdk(SecretsManagerClient, server.admin)
    const defaults = await client.send(new ListSecretsCommand({}))
    assert.equal(defaults.SecretList?.length, 100)
    assert.ok(defaults.NextToken)
    for (const SortBy of ['name', 'created-date', 'last-changed-date', 'last-accessed-date'] as const) {
      for (const SortOrder of ['asc', 'desc'] as const) {
        const seen: string[] = []
        for await (const page of paginateListSecrets({ client, pageSize: 40 }, { SortBy, SortOrder })) {
          seen.push(...(page.SecretList ?? []).map(({ Name = '' }) => Name))
        }
        assert.deepEqual(seen.toSorted(), names, `${SortBy} ${SortOrder}`)
      }
    }
  })

  test('200 — where filters let few through, a call looks at so many and goes on with the token', async () => {
    await using server = await startServer()
    await insertMany(server, 4_100, { 3: { rare: 'yes' } })
    const client = server.sdk(SecretsManagerClient, server.admin)
    const Filters: ListSecretsCommandInput['Filters'] = [{ Key: 'tag-key', Values: ['rare'] }]
    const pages: (string | undefined)[][] = []
    for await (const { SecretList = [] } of paginateListSecrets({ client }, { Filters })) {
      pages.push(SecretList.map(({ Name }) => Name))
    }
    assert.deepEqual(pages, [[], [], ['secret-3']])
  })

  test('200 — a long look through many secrets lets another call through in between', async () => {
    await using server = await startServer()
    await insertMany(server, 2_000)
    const client = server.sdk(SecretsManagerClient, server.admin)
    const Values = Array.from({ length: 10 }, (_, i) => `nothing like ${i}`)
    const Filters: ListSecretsCommandInput['Filters'] = Array.from({ length: 10 }, () => ({
      Key: 'all',
      Values,
    }))
    const finished: string[] = []
    const long = client.send(new ListSecretsCommand({ Filters })).then(() => finished.push('long'))
    const batch = client
      .send(new BatchGetSecretValueCommand({ Filters }))
      .then(() => finished.push('long batch'))
    // Sent once both are under way.
    await nextTurn(systemTimer)
    await nextTurn(systemTimer)
    await client.send(new DescribeSecretCommand({ SecretId: 'secret-1' })).then(() => finished.push('short'))
    await Promise.all([long, batch])
    assert.equal(finished[0], 'short')
  })

  test('200 — the last full page has no token', async () => {
    await using server = await startServer()
    const secrets = await named(server, 'a', 'b')
    const Filters: ListSecretsCommandInput['Filters'] = [{ Key: 'all', Values: ['b'] }]
    assert.equal((await secrets.send(new ListSecretsCommand({ MaxResults: 2 }))).NextToken, undefined)
    assert.equal(
      (await secrets.send(new ListSecretsCommand({ MaxResults: 1, Filters }))).NextToken,
      undefined,
    )
  })

  test('200 — other accounts and regions have their own', async () => {
    await using server = await startServer()
    await named(server, 'mine')
    assert.deepEqual(await list(server.sdk(SecretsManagerClient, server.otherAdmin)), [])
  })

  test('InvalidNextTokenException — a token of another question, or none at all', async () => {
    await using server = await startServer()
    const secrets = await named(server, 'a', 'b', 'c')
    const { NextToken } = await secrets.send(new ListSecretsCommand({ MaxResults: 1 }))
    assert.deepEqual(await list(secrets, { NextToken, MaxResults: 2 }), ['b', 'a'])
    const Filters: ListSecretsCommandInput['Filters'] = [{ Key: 'name', Values: ['a'] }]
    const flipped = `${NextToken?.slice(0, -2)}${NextToken?.endsWith('AA') ? 'BB' : 'AA'}`
    for (const other of [
      { NextToken, SortOrder: 'asc' },
      { NextToken, SortBy: 'name' },
      { NextToken, Filters },
      { NextToken, IncludePlannedDeletion: true },
      { NextToken: 'made up' },
      { NextToken: flipped },
    ] as const) {
      await assert.rejects(secrets.send(new ListSecretsCommand(other)), { name: 'InvalidNextTokenException' })
    }
    const stranger = server.sdk(SecretsManagerClient, server.otherAdmin)
    await assert.rejects(stranger.send(new ListSecretsCommand({ NextToken })), {
      name: 'InvalidNextTokenException',
    })
  })

  test('ValidationException — a filter that there is not, and more results than a page holds', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    // Out of JSON, because the SDK's types would not let it by.
    const wrong = JSON.parse(`[
      { "Filters": [{ "Key": "invalid", "Values": ["x"] }] },
      { "Filters": [{ "Key": "name", "Values": [] }] },
      { "MaxResults": 101 }
    ]`)
    for (const input of wrong) {
      await assert.rejects(secrets.send(new ListSecretsCommand(input)), { name: 'ValidationException' })
    }
  })

  test('InvalidParameterException — a filter without key or values', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    await assert.rejects(secrets.send(new ListSecretsCommand({ Filters: [{ Values: ['x'] }] })), {
      name: 'InvalidParameterException',
      message: 'Invalid filter key',
    })
    await assert.rejects(secrets.send(new ListSecretsCommand({ Filters: [{ Key: 'description' }] })), {
      name: 'InvalidParameterException',
      message: 'Invalid filter values for key: description',
    })
  })
})
