import type { DescribeInstanceInformationRequest } from '@aws-sdk/client-ssm'
import { nodeIdOf } from '../../fleet/node-id.ts'
import { pingStatus } from '../../fleet/ping.ts'
import { type NodeSelection, selectionOf } from '../../fleet/targets.ts'
import type { FleetNode } from '../../store/nodes.ts'
import { bothFilterForms, invalidFilterKey, invalidFilterValue, malformedNodeId } from './errors.ts'

/** What the store looks up, and what is left to ask of each node that it finds. */
export interface NodeFilter {
  readonly selection: NodeSelection
  passes(node: FleetNode, now: Date): boolean
}

interface Filter {
  readonly key: string
  readonly values: readonly string[]
}

interface FilterKind {
  /** The only values there are; absent: any. */
  readonly values?: readonly string[]
  read(node: FleetNode, now: Date): string | undefined
}

/** Every node here is one that registered itself. */
export const RESOURCE_TYPE = 'ManagedInstance'

// DIVERGENCE: AWS also filters by AssociationStatus and by what inventory says of a node's source; here nothing is
// known of either, and those keys are refused rather than ignored.
const KINDS = new Map<string, FilterKind>([
  ['AgentVersion', { read: ({ facts }) => facts.agentVersion }],
  ['PingStatus', { values: ['Online', 'ConnectionLost', 'Inactive'], read: pingStatus }],
  ['PlatformTypes', { values: ['Windows', 'Linux', 'MacOS'], read: ({ facts }) => facts.platformType }],
  ['ActivationIds', { read: ({ activationId }) => activationId }],
  ['IamRole', { read: ({ iamRole }) => iamRole }],
  ['ResourceType', { values: ['ManagedInstance', 'EC2Instance'], read: () => RESOURCE_TYPE }],
])

/**
 * Compiles the filters of DescribeInstanceInformation, of either form: all must pass, each by one of its values.
 *
 * @throws ValidationException for both forms at once, InvalidFilterKey, InvalidInstanceInformationFilterValue,
 *   InvalidInstanceId
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_InstanceInformationStringFilter.html
 */
export function compileInstanceFilters(input: DescribeInstanceInformationRequest): NodeFilter {
  const { Filters = [], InstanceInformationFilterList: older = [] } = input
  if (Filters.length > 0 && older.length > 0) throw bothFilterForms()
  const filters = [
    ...Filters.map(({ Key = '', Values = [] }) => ({ key: Key, values: Values })),
    ...older.map(({ key = '', valueSet = [] }) => ({ key, values: valueSet })),
  ]
  const looked = filters.filter(({ key }) => !KINDS.has(key))
  const asked = filters.flatMap((filter) => {
    const kind = KINDS.get(filter.key)
    return kind ? [testOf(filter, kind)] : []
  })
  return {
    selection: lookUp(looked),
    passes: (node, now) => asked.every((test) => test(node, now)),
  }
}

function lookUp(filters: readonly Filter[]): NodeSelection {
  for (const { key, values } of filters) {
    const malformed = values.find((value) => key === 'InstanceIds' && nodeIdOf(value) === undefined)
    if (malformed !== undefined) throw malformedNodeId(malformed)
  }
  const selection = selectionOf(filters.map(({ key, values }) => ({ Key: key, Values: values })))
  if (!selection) throw invalidFilterKey()
  return selection
}

function testOf({ values }: Filter, kind: FilterKind) {
  if (kind.values && !values.every((value) => kind.values?.includes(value))) throw invalidFilterValue()
  return (node: FleetNode, now: Date) => values.includes(kind.read(node, now) ?? '')
}
