/** Where a node's sshd listens, and by which host keys it is known. */
import { DescribeInstancesCommand, type EC2Client, type Instance } from '@aws-sdk/client-ec2'
import { callFailed } from '../rotation-error.ts'
import type { FleetNode } from './fleet.ts'
import type { Address } from './login.ts'

const DEFAULT_PORT = 22
/** As many values as a filter of EC2 takes. */
const MAX_VALUES = 200

/** What EC2 says about a node. */
export interface Ec2Record {
  readonly ipAddress: string | undefined
  /** From tags that the server alone writes; empty at Amazon. */
  readonly port: number | undefined
  readonly hostKeys: readonly string[]
}

/** By the id that Systems Manager knows the node by. */
export async function ec2Records(
  ec2: EC2Client,
  nodes: readonly FleetNode[],
): Promise<ReadonlyMap<string, Ec2Record>> {
  const nodeOf = new Map(nodes.map(({ id }) => [ec2IdOf(id), id]))
  const ids = [...nodeOf.keys()]
  const records = new Map<string, Ec2Record>()
  for (let at = 0; at < ids.length; at += MAX_VALUES) {
    for (const instance of await describe(ec2, ids.slice(at, at + MAX_VALUES))) {
      const nodeId = nodeOf.get(instance.InstanceId ?? '')
      if (nodeId !== undefined) records.set(nodeId, recordOf(nodeId, instance))
    }
  }
  return records
}

/** A node of Lockstep has both an `mi-` and an `i-` id, of the same digits; at Amazon a node has one or the other. */
function ec2IdOf(id: string): string {
  return id.replace(/^mi-/, 'i-')
}

async function describe(ec2: EC2Client, ids: readonly string[]): Promise<readonly Instance[]> {
  const instances: Instance[] = []
  let NextToken: string | undefined
  do {
    try {
      // By filter: an id that is not EC2's is no error then.
      const page = await ec2.send(
        new DescribeInstancesCommand({ Filters: [{ Name: 'instance-id', Values: [...ids] }], NextToken }),
      )
      instances.push(...(page.Reservations ?? []).flatMap((each) => each.Instances ?? []))
      NextToken = page.NextToken || undefined
    } catch (error) {
      throw callFailed('DescribeInstances', error)
    }
  } while (NextToken !== undefined)
  return instances
}

function recordOf(nodeId: string, { PrivateIpAddress, Tags = [] }: Instance): Ec2Record {
  const record = { ipAddress: PrivateIpAddress, port: undefined, hostKeys: [] }
  // At Amazon whoever may tag an instance could say which host keys it has. Nobody there can make one that has
  // the digits of a managed node.
  if (!nodeId.startsWith('mi-')) return record
  const tags = new Map(Tags.map(({ Key = '', Value = '' }) => [Key, Value]))
  const hostKeys = [...tags].filter(([key]) => /^lockstep:host-key-\d{1,2}$/.test(key))
  return {
    ...record,
    port: portOf(tags.get('lockstep:ssh-port')),
    hostKeys: hostKeys.map(([, line]) => line),
  }
}

function portOf(text: string | undefined): number | undefined {
  const port = /^\d{1,5}$/.test(text ?? '') ? Number(text) : 0
  return port > 0 && port < 65_536 ? port : undefined
}

/** Prints the port and the host keys of the node's sshd, for {@link readReport}. Systems Manager vouches for who says it. */
export const HOST_KEY_SCRIPT: readonly string[] = [
  'PATH=$PATH:/usr/sbin:/sbin',
  'settings=$(sshd -T 2>/dev/null)',
  'printf "%s\\n" "$settings" | sed -n "s/^port /lockstep-port /p"',
  'keys=$(printf "%s\\n" "$settings" | sed -n "s/^hostkey //p")',
  '[ -n "$keys" ] || keys=$(ls /etc/ssh/ssh_host_*_key 2>/dev/null)',
  'for key in $keys; do [ ! -r "$key.pub" ] || sed "s/^/lockstep-host-key /" "$key.pub"; done',
]

/** What {@link HOST_KEY_SCRIPT} printed on a node. */
export function readReport(output: string): Pick<Ec2Record, 'port' | 'hostKeys'> {
  const [, port] = /^lockstep-port (\d+)$/m.exec(output) ?? []
  const hostKeys = [...output.matchAll(/^lockstep-host-key (\S+ [A-Za-z0-9+/=]+)/gm)].map(
    ([, line = '']) => line,
  )
  return { port: portOf(port), hostKeys }
}

/** Undefined where no address is known. */
export function addressOf(
  { ipAddress }: FleetNode,
  record: Ec2Record | undefined,
  report: Pick<Ec2Record, 'port' | 'hostKeys'> | undefined,
): Address | undefined {
  const host = record?.ipAddress ?? ipAddress
  if (host === undefined || host === '') return undefined
  const hostKeys = record && record.hostKeys.length > 0 ? record.hostKeys : (report?.hostKeys ?? [])
  return { host, port: record?.port ?? report?.port ?? DEFAULT_PORT, hostKeys }
}
