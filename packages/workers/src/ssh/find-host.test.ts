import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EC2Client } from '@aws-sdk/client-ec2'
import { putNodes, testNode } from '../../../server/src/fleet/nodes.test-support.ts'
import { startServer } from '../../../server/src/testing/server.ts'
import { findHost } from './find-host.ts'

const KEY = 'ssh-ed25519 AAAA1'

async function world() {
  const server = await startServer()
  const { facts } = testNode(1, server.clock.now())
  await putNodes(
    server,
    { tags: { Name: 'web' }, hostKeys: [KEY], facts: { ...facts, sshPort: 2222 } },
    { tags: { Name: 'twin' }, facts: { ...facts, ipAddress: '192.0.2.2' } },
    { tags: { Name: 'twin' }, facts: { ...facts, ipAddress: '192.0.2.3' } },
    { tags: { Name: 'w*' }, facts: { ...facts, ipAddress: '192.0.2.4' } },
  )
  const ec2 = server.sdk(EC2Client, server.admin)
  return { server, ec2, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

test('a node is found by either id, its Name and its address, with its port and host keys', async () => {
  await using at = await world()
  const { instanceId } = await findHost(at.ec2, 'web')
  const wanted = { instanceId, name: 'web', host: '192.0.2.1', port: 2222, hostKeys: [KEY] }
  for (const named of ['web', instanceId, `m${instanceId}`, '192.0.2.1']) {
    assert.deepEqual(await findHost(at.ec2, named), wanted)
  }
})

test('a name is no pattern', async () => {
  await using at = await world()
  assert.equal((await findHost(at.ec2, 'w*')).host, '192.0.2.4')
  await assert.rejects(findHost(at.ec2, 't*n'), /There is no node t\*n that you may see/)
})

test('a name that two nodes have is neither', async () => {
  await using at = await world()
  await assert.rejects(findHost(at.ec2, 'twin'), /twin is more than one node: i-\w+, i-\w+\./)
})

test("tags that call themselves the server's are not believed at Amazon", async () => {
  const body = `<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><reservationSet><item><instancesSet><item>
    <instanceId>i-0123456789abcdef0</instanceId><privateIpAddress>192.0.2.9</privateIpAddress><tagSet>
    <item><key>lockstep:host-key-1</key><value>${KEY}</value></item><item><key>lockstep:ssh-port</key><value>2222</value></item>
    </tagSet></item></instancesSet></item></reservationSet></DescribeInstancesResponse>`
  const answering = (endpoint: string) =>
    new EC2Client({
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' },
      requestHandler: {
        handle: async () => ({
          response: {
            statusCode: 200,
            headers: { 'content-type': 'text/xml' },
            body: new Blob([body]).stream(),
          },
        }),
      },
    })
  const amazon = await findHost(answering('https://ec2.us-east-1.amazonaws.com'), '192.0.2.9')
  assert.deepEqual([amazon.hostKeys, amazon.port], [[], 22])
  const lockstep = await findHost(answering('https://amazonaws.com.example'), '192.0.2.9')
  assert.deepEqual([lockstep.hostKeys, lockstep.port], [[KEY], 2222])
})
