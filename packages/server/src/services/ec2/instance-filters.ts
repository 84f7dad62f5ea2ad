import { ec2IdOf } from '../../fleet/node-id.ts'
import type { FleetNode } from '../../store/nodes.ts'
import { type FieldOf, fieldsOf } from './filters.ts'
import { shownTags } from './server-tags.ts'
import { addressesOf, instanceView, reservationIdOf } from './view.ts'
import { zoneIdOf, zoneOf } from './zones.ts'

const TAG = 'tag:'

const fields = fieldsOf<FleetNode>({
  'availability-zone': ({ region }) => [zoneOf(region)],
  'availability-zone-id': ({ region }) => [zoneIdOf(region)],
  'dns-name': () => [''],
  'image-id': (node) => textOf(instanceView(node).ImageId),
  'instance-id': ({ id }) => [ec2IdOf(id)],
  'instance-state-code': (node) => textOf(instanceView(node).State?.Code),
  'instance-state-name': (node) => textOf(instanceView(node).State?.Name),
  'instance-type': (node) => textOf(instanceView(node).InstanceType),
  'ip-address': () => [],
  'ipv6-address': (node) => textOf(addressesOf(node).Ipv6Address),
  'launch-time': ({ registeredAt }) => [registeredAt.toISOString()],
  'network-interface.addresses.private-ip-address': (node) => textOf(addressesOf(node).PrivateIpAddress),
  'owner-id': ({ account }) => [account],
  platform: () => [],
  'platform-details': (node) => textOf(instanceView(node).PlatformDetails),
  'private-dns-name': ({ facts }) => [facts.hostname],
  'private-ip-address': (node) => textOf(addressesOf(node).PrivateIpAddress),
  'reservation-id': (node) => [reservationIdOf(node)],
  'subnet-id': (node) => textOf(instanceView(node).SubnetId),
  'tag-key': (node) => Object.keys(shownTags(node)),
  'tag-value': (node) => Object.values(shownTags(node)),
  tenancy: () => ['default'],
  'vpc-id': (node) => textOf(instanceView(node).VpcId),
})

/** DIVERGENCE: of AWS's filters those about what our instances do not have, such as volumes, are refused as unknown. */
export const instanceField: FieldOf<FleetNode> = (name) => {
  if (!name.startsWith(TAG)) return fields(name)
  const key = name.slice(TAG.length)
  return (node) => {
    const tags = shownTags(node)
    return Object.hasOwn(tags, key) ? textOf(tags[key]) : []
  }
}

function textOf(value: string | number | undefined): readonly string[] {
  return value === undefined ? [] : [String(value)]
}
