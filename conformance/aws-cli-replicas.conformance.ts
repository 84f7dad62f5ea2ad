/** Replica regions, through the real `aws` command. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type {
  DescribeSecretResponse,
  GetSecretValueResponse,
  ListSecretsResponse,
  ReplicateSecretToRegionsResponse,
} from '@aws-sdk/client-secrets-manager'
import { AwsCli } from './aws-cli.ts'
import { needing } from './components.ts'
import { Scratch, Server } from './server.ts'

const { test } = needing('aws-cli')
const EUROPE = { region: 'eu-west-1' }
const DB = { 'secret-id': 'db' }
const ADD = { 'add-replica-regions': [{ Region: 'eu-west-1' }] }

function valueIn(cli: AwsCli, where: object = {}): Promise<string | undefined> {
  return cli
    .run<GetSecretValueResponse>('secretsmanager get-secret-value', { ...DB, ...where })
    .then(({ SecretString }) => SecretString)
}

function describe(cli: AwsCli, where: object = {}) {
  return cli.run<DescribeSecretResponse>('secretsmanager describe-secret', { ...DB, ...where })
}

/** Replicas are a second behind, or more where the machine does much else. */
async function untilIs(wanted: string, ask: () => Promise<string | undefined>): Promise<void> {
  let found = await ask()
  for (let asked = 1; found !== wanted && asked < 20; asked++) {
    await sleep(500)
    found = await ask()
  }
  assert.equal(found, wanted)
}

test('a replica follows its primary, also over a SIGKILL, is read-only, and is promoted', async () => {
  using scratch = new Scratch()
  const options = { directory: `${scratch.path}/data`, flags: ['--regions', 'eu-west-1'] }
  let replicaArn: string | undefined
  {
    await using server = await Server.start(options)
    const cli = new AwsCli(await server.administrator())
    await cli.run('secretsmanager create-secret', { name: 'db', 'secret-string': 'one' })
    const added = await cli.run<ReplicateSecretToRegionsResponse>(
      'secretsmanager replicate-secret-to-regions',
      { ...DB, ...ADD },
    )
    assert.equal(added.ReplicationStatus?.[0]?.Status, 'InProgress')
    replicaArn = added.ARN?.replace('us-east-1', 'eu-west-1')
    await untilIs('InSync', async () => (await describe(cli)).ReplicationStatus?.[0]?.Status)
    assert.equal(await valueIn(cli, EUROPE), 'one')
    const refusal = await cli.refused('secretsmanager put-secret-value', {
      ...DB,
      ...EUROPE,
      'secret-string': 'x',
    })
    assert.equal(refusal.code, 'InvalidParameterException')
    await cli.run('secretsmanager put-secret-value', { ...DB, 'secret-string': 'two' })
    await server.kill()
  }
  await using server = await Server.start(options)
  const cli = new AwsCli(await server.administrator())
  await untilIs('two', () => valueIn(cli, EUROPE))
  const listed = await cli.run<ListSecretsResponse>('secretsmanager list-secrets', {
    ...EUROPE,
    filters: [{ Key: 'primary-region', Values: ['us-east-1'] }],
  })
  assert.deepEqual(
    listed.SecretList?.map(({ ARN, PrimaryRegion }) => [ARN, PrimaryRegion]),
    [[replicaArn, 'us-east-1']],
  )
  await cli.run('secretsmanager stop-replication-to-replica', { ...DB, ...EUROPE })
  await cli.run('secretsmanager put-secret-value', { ...DB, ...EUROPE, 'secret-string': 'own' })
  await cli.run('secretsmanager delete-secret', DB)
  const { ARN, PrimaryRegion } = await describe(cli, EUROPE)
  assert.deepEqual([ARN, PrimaryRegion], [replicaArn, undefined])
  assert.equal(await valueIn(cli, EUROPE), 'own')
  await server.stop()
})
