import type { Instance, InstanceState, Reservation, Tag } from '@aws-sdk/client-ec2'
import { ec2IdOf } from '../../fleet/node-id.ts'
import type { FleetNode, NodeTags } from '../../store/nodes.ts'
import { shownTags } from './server-tags.ts'
import { zoneOf } from './zones.ts'

// DIVERGENCE: a node is a machine of its owner, of which nobody knows an image, a type or a network in EC2's sense.
// Clients expect them, so every node has the same: an image and a network of zeros, and a type of a whole machine.
const IMAGE = 'ami-00000000000000000'
const INSTANCE_TYPE = 'm5.metal'
const VPC = 'vpc-00000000000000000'
const SUBNET = 'subnet-00000000000000000'

/**
 * DIVERGENCE: whether a machine is switched on is not known here; a registered node is running, and whether it is heard
 * of is its status (DescribeInstanceStatus: `impaired`), as of an instance at AWS that does not answer. So a lost node
 * is not lost from the lists of those who ask for running ones.
 */
export const RUNNING: InstanceState = { Code: 16, Name: 'running' }

/** A node as DescribeInstances shows it. */
export function instanceView(node: FleetNode): Instance {
  const { facts, registeredAt, region } = node
  return {
    ...addressesOf(node),
    AmiLaunchIndex: 0,
    ImageId: IMAGE,
    InstanceId: ec2IdOf(node.id),
    InstanceType: INSTANCE_TYPE,
    LaunchTime: registeredAt,
    Monitoring: { State: 'disabled' },
    Placement: { AvailabilityZone: zoneOf(region), GroupName: '', Tenancy: 'default' },
    PlatformDetails: `${facts.platformType}/UNIX`,
    PrivateDnsName: facts.hostname,
    PublicDnsName: '',
    StateTransitionReason: '',
    State: RUNNING,
    SubnetId: SUBNET,
    VpcId: VPC,
    Tags: tagList(shownTags(node)),
  }
}

/** One reservation for each: they came one by one. */
export function reservationView(node: FleetNode): Reservation {
  return {
    ReservationId: reservationIdOf(node),
    OwnerId: node.account,
    Groups: [],
    Instances: [instanceView(node)],
  }
}

export function reservationIdOf({ id }: FleetNode): string {
  return id.replace(/^mi-/, 'r-')
}

/** The address it told, which is a name of one or the other kind. */
export function addressesOf({
  facts: { ipAddress },
}: FleetNode): Pick<Instance, 'PrivateIpAddress' | 'Ipv6Address'> {
  return ipAddress.includes(':') ? { Ipv6Address: ipAddress } : { PrivateIpAddress: ipAddress }
}

function tagList(tags: NodeTags): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}
