import type { FleetNode, NodeTags } from '../../store/nodes.ts'

const SSH_PORT = 'lockstep:ssh-port'
const HOST_KEY = 'lockstep:host-key-'

type Told = Pick<FleetNode, 'facts' | 'hostKeys'>

/**
 * What whoever logs in to a node must know of its sshd: where it listens, and the host keys to pin. Shown among its
 * tags, computed from what the node told when it was registered; nobody can set or remove them (`fleet/tags.ts`), they
 * count towards no limit, and no policy sees them, for a node must not choose which statements are about it.
 */
function serverTags({ facts, hostKeys }: Told): NodeTags {
  const keys = hostKeys.map((line, index): [string, string] => [`${HOST_KEY}${index + 1}`, line])
  return { [SSH_PORT]: String(facts.sshPort), ...Object.fromEntries(keys) }
}

/** Everything that a node's list of tags shows. */
// DIVERGENCE: EC2's tags have values of at most 256 characters; a host key of RSA that `lockstep:host-key-1` shows is
// longer.
export function shownTags(node: Told & Pick<FleetNode, 'tags'>): NodeTags {
  return { ...node.tags, ...serverTags(node) }
}
