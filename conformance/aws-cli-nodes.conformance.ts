/** What admits machines, and the list of them, through the real `aws` command. */
import assert from 'node:assert/strict'
import type {
  CreateActivationResult,
  DescribeActivationsResult,
  DescribeInstanceInformationResult,
  GetConnectionStatusResponse,
} from '@aws-sdk/client-ssm'
import { AwsCli } from './aws-cli.ts'
import { needing } from './components.ts'
import { Scratch, Server } from './server.ts'

const { test } = needing('aws-cli')
const NOBODY = 'mi-00000000000000000'

test('an activation is made once its role trusts Systems Manager, listed over a SIGKILL, and taken back', async () => {
  using scratch = new Scratch()
  const options = { directory: `${scratch.path}/data` }
  const activation = { 'iam-role': 'nodes', 'registration-limit': 5, tags: [{ Key: 'team', Value: 'a' }] }
  let id = ''
  {
    await using server = await Server.start(options)
    const cli = new AwsCli(await server.administrator())
    const refusal = await cli.refused('ssm create-activation', activation)
    assert.equal(refusal.code, 'ValidationException')
    assert.match(refusal.message, /^Nonexistent role or missing ssm service principal in trust policy: arn:/)
    const trust = { Effect: 'Allow', Principal: { Service: 'ssm.amazonaws.com' }, Action: 'sts:AssumeRole' }
    await cli.run('iam create-role', {
      'role-name': 'nodes',
      'assume-role-policy-document': { Version: '2012-10-17', Statement: [trust] },
    })
    const made = await cli.run<CreateActivationResult>('ssm create-activation', activation)
    assert.match(made.ActivationCode ?? '', /^[A-Za-z0-9]{22,}$/)
    id = made.ActivationId ?? ''
    await server.kill()
  }
  await using server = await Server.start(options)
  const cli = new AwsCli(await server.administrator())
  const listed = await cli.run<DescribeActivationsResult>('ssm describe-activations', {
    filters: [{ FilterKey: 'ActivationIds', FilterValues: [id] }],
  })
  assert.deepEqual(
    listed.ActivationList?.map(({ RegistrationLimit, Tags }) => [RegistrationLimit, Tags]),
    [[5, activation.tags]],
  )
  await cli.run('ssm delete-activation', { 'activation-id': id })
  assert.equal(
    (await cli.refused('ssm delete-activation', { 'activation-id': id })).code,
    'InvalidActivation',
  )
  await server.stop()
})

test('where no machine is, lists are empty and whatever names one is refused', async () => {
  using scratch = new Scratch()
  await using server = await Server.start({ directory: `${scratch.path}/data` })
  const cli = new AwsCli(await server.administrator())
  const listed = await cli.run<DescribeInstanceInformationResult>('ssm describe-instance-information', {
    filters: [
      { Key: 'tag:team', Values: ['a'] },
      { Key: 'PingStatus', Values: ['Online'] },
    ],
  })
  assert.deepEqual(listed.InstanceInformationList, [])
  const status = await cli.run<GetConnectionStatusResponse>('ssm get-connection-status', { target: NOBODY })
  assert.equal(status.Status?.toLowerCase(), 'notconnected')
  const tagged = { 'resource-type': 'ManagedInstance', 'resource-id': NOBODY }
  assert.equal((await cli.refused('ssm list-tags-for-resource', tagged)).code, 'InvalidResourceId')
  const deregister = await cli.refused('ssm deregister-managed-instance', { 'instance-id': NOBODY })
  assert.equal(deregister.code, 'InvalidInstanceId')
  await server.stop()
})
