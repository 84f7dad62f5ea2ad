import { EC2Client } from '@aws-sdk/client-ec2'
import { testNodeId } from '../../fleet/nodes.test-support.ts'
import { TEST_ACCOUNT, TEST_REGION, type TestServer } from '../../testing/server.ts'

/** EC2's id of the node with this number. */
export function instanceId(number: number): string {
  return testNodeId(number).replace('mi-', 'i-')
}

export function instanceArn(number: number): string {
  return `arn:aws:ec2:${TEST_REGION}:${TEST_ACCOUNT}:instance/${instanceId(number)}`
}

export function ec2Of(server: TestServer): EC2Client {
  return server.sdk(EC2Client, server.admin)
}
