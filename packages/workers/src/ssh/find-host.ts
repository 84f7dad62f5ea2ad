/** Which host somebody means, and by which keys it is known: the server's record of its nodes, over EC2's API. */
import { isIP } from 'node:net'
import { DescribeInstancesCommand, type EC2Client, type Filter, type Instance } from '@aws-sdk/client-ec2'
import type { Address } from './connect.ts'

const DEFAULT_PORT = 22

export interface FoundHost extends Address {
  readonly instanceId: string
  /** The tag Name. */
  readonly name: string | undefined
}

export class HostError extends Error {
  override readonly name = 'HostError'
  readonly kind: 'not-found' | 'ambiguous'

  constructor(kind: HostError['kind'], sentence: string) {
    super(sentence)
    this.kind = kind
  }
}

/**
 * The node of an id (`i-…`, `mi-…`), an address, or a tag Name.
 *
 * Host keys come from tags that Lockstep alone writes. Amazon's EC2 has no such record and lets whoever may tag an instance
 * write any: there `hostKeys` is empty, and the caller needs them from elsewhere.
 *
 * @throws HostError where there is none, or more than one.
 */
export async function findHost(ec2: EC2Client, named: string): Promise<FoundHost> {
  let answeredBy = ''
  const instances: Instance[] = []
  let NextToken: string | undefined
  do {
    const command = new DescribeInstancesCommand({ Filters: [filterOf(named)], NextToken })
    command.middlewareStack.add(
      (next) => (args) => {
        const { request } = args
        if (typeof request === 'object' && request !== null && 'hostname' in request)
          answeredBy = String(request.hostname)
        return next(args)
      },
      { step: 'finalizeRequest', name: 'lockstepWhoAnswers' },
    )
    const page = await ec2.send(command)
    instances.push(...(page.Reservations ?? []).flatMap((each) => each.Instances ?? []))
    NextToken = page.NextToken || undefined
  } while (NextToken !== undefined)
  return hostOf(only(instances, named), !isAmazon(answeredBy))
}

function filterOf(named: string): Filter {
  const [, digits] = /^m?i-([0-9a-f]{8}|[0-9a-f]{17})$/.exec(named) ?? []
  if (digits !== undefined) return { Name: 'instance-id', Values: [`i-${digits}`] }
  if (isIP(named)) return { Name: 'private-ip-address', Values: [named] }
  // Filters have wildcards.
  return { Name: 'tag:Name', Values: [named.replaceAll(/[\\*?]/g, '\\$&')] }
}

/** What has ended has no address any more; what only has no agent may well have an sshd. */
function only(known: readonly Instance[], named: string): Instance {
  const addressed = known.filter(({ PrivateIpAddress }) => PrivateIpAddress !== undefined)
  const running = addressed.filter(({ State }) => State?.Name === 'running')
  const instances = running.length > 0 ? running : addressed
  const [found, second] = instances
  if (!found) {
    throw new HostError(
      'not-found',
      `There is no node ${named} that you may see. HOST is an instance id, the tag Name, or the address of a node.`,
    )
  }
  if (second) {
    const ids = instances.slice(0, 5).map(({ InstanceId }) => InstanceId)
    throw new HostError('ambiguous', `${named} is more than one node: ${ids.join(', ')}. Name it by its id.`)
  }
  return found
}

function hostOf({ InstanceId = '', PrivateIpAddress, Tags = [] }: Instance, isBelieved: boolean): FoundHost {
  const tags = new Map(Tags.map(({ Key = '', Value = '' }) => [Key, Value]))
  const hostKeys = [...tags].filter(([key]) => /^lockstep:host-key-\d{1,2}$/.test(key))
  return {
    instanceId: InstanceId,
    name: tags.get('Name'),
    host: PrivateIpAddress ?? '',
    port: (isBelieved && portOf(tags.get('lockstep:ssh-port'))) || DEFAULT_PORT,
    hostKeys: isBelieved ? hostKeys.map(([, line]) => line) : [],
  }
}

function portOf(text: string | undefined): number | undefined {
  const port = /^\d{1,5}$/.test(text ?? '') ? Number(text) : 0
  return port > 0 && port < 65_536 ? port : undefined
}

function isAmazon(hostname: string): boolean {
  return (
    hostname === '' ||
    /(^|\.)(amazonaws\.com(\.cn)?|amazonaws\.eu|api\.aws|api\.amazonwebservices\.com\.cn)$/.test(hostname)
  )
}
