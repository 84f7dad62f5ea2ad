import type { FleetNode } from '../store/nodes.ts'
import { TEST_ACCOUNT, TEST_REGION, type TestServer } from '../testing/server.ts'

// For tests of whatever works on nodes, without agents.

/** The `mi-` id of the node with this number. */
export function testNodeId(number: number): string {
  return `mi-${String(number).padStart(17, '0')}`
}

/** A node of TEST_ACCOUNT that was heard of at `at`. */
export function testNode(number: number, at: Date, changes: Partial<FleetNode> = {}): FleetNode {
  return {
    account: TEST_ACCOUNT,
    region: TEST_REGION,
    id: testNodeId(number),
    state: 'registered',
    activationId: '00000000-0000-4000-8000-000000000001',
    iamRole: 'nodes',
    publicKey: `key-${number}`,
    facts: {
      hostname: `host-${number}`,
      ipAddress: '192.0.2.1',
      sshPort: 22,
      platformType: 'Linux',
      platformName: 'Debian GNU/Linux',
      platformVersion: '12',
      agentVersion: '1.0.0.0',
      machineId: `machine-${number}`,
    },
    hostKeys: [`ssh-ed25519 AAAA${number}`],
    tags: {},
    registeredAt: at,
    lastSeenAt: at,
    ...changes,
  }
}

/** Puts nodes into a server's store, heard of now, and answers their ids. */
export async function putNodes(
  { house, clock }: TestServer,
  ...nodes: readonly Partial<FleetNode>[]
): Promise<readonly string[]> {
  const whole = nodes.map((changes, i) => testNode(i + 1, clock.now(), changes))
  await house.store.write(async (tx) => {
    for (const each of whole) await tx.nodes.insert(each)
  })
  return whole.map(({ id }) => id)
}
