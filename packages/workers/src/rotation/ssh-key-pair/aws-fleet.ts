/** The fleet by Amazon's APIs alone: Systems Manager and EC2. */
import type { EC2Client } from '@aws-sdk/client-ec2'
import { DescribeInstanceInformationCommand, type SSMClient } from '@aws-sdk/client-ssm'
import { callFailed } from '../rotation-error.ts'
import { addressOf, ec2Records, HOST_KEY_SCRIPT, readReport } from './addresses.ts'
import { associate, associatedScript } from './associations.ts'
import { recallCommands, runCommand } from './commands.ts'
import type { CommandResult, Fleet, FleetNode, LoginKey, Pace } from './fleet.ts'
import { type Address, logIn } from './login.ts'
import type { Standing } from './plan.ts'
import type { Settings } from './settings.ts'

/** A login takes some milliseconds of a processor here; the rest of its tenth of a second is the node's and the network's. */
const LOGINS_AT_ONCE = 64
/** sshd turns connections away at random while many are at its door. */
const ATTEMPTS = 3
const BETWEEN_ATTEMPTS_MS = 1_000
const HOST_KEYS_WAIT_MS = 60_000

export interface AwsFleetOptions {
  readonly ssm: SSMClient
  readonly ec2: EC2Client
  readonly settings: Settings
  readonly pace: Pace
}

export function awsFleet({ ssm, ec2, settings, pace }: AwsFleetOptions): Fleet {
  const tag = { Key: `tag:${settings.tagName}`, Values: [settings.tagValue] }
  const associated = { ssm, tag, name: settings.associationName }
  const fleet: Fleet = {
    nodes: () => describeNodes(ssm, tag),
    run: (command, options) => runCommand({ ssm, tag, pace }, command, options),
    recall: (isStale) => recallCommands({ ssm, tag, pace }, isStale),
    association: () => associatedScript(associated),
    associate: (script) => associate(associated, script),
    async logIn(nodes, key) {
      const addresses = await addressesOf(nodes, fleet, ec2)
      return await atOnce(nodes, (node) => standing(node, addresses.get(node.id), key, pace))
    },
  }
  return fleet
}

async function describeNodes(
  ssm: SSMClient,
  { Key, Values }: { readonly Key: string; readonly Values: string[] },
): Promise<readonly FleetNode[]> {
  const nodes: FleetNode[] = []
  let NextToken: string | undefined
  do {
    try {
      const page = await ssm.send(
        new DescribeInstanceInformationCommand({ Filters: [{ Key, Values }], MaxResults: 50, NextToken }),
      )
      for (const { InstanceId, PingStatus, IPAddress } of page.InstanceInformationList ?? []) {
        if (InstanceId === undefined) continue
        nodes.push({ id: InstanceId, isOnline: PingStatus === 'Online', ipAddress: IPAddress })
      }
      NextToken = page.NextToken || undefined
    } catch (error) {
      throw callFailed('DescribeInstanceInformation', error)
    }
  } while (NextToken !== undefined)
  return nodes
}

/** Nodes whose host keys the server has no record of are asked for them over their agents. */
async function addressesOf(
  nodes: readonly FleetNode[],
  fleet: Fleet,
  ec2: EC2Client,
): Promise<ReadonlyMap<string, Address>> {
  const records = await ec2Records(ec2, nodes)
  const asked = nodes.filter(({ id, isOnline }) => isOnline && !records.get(id)?.hostKeys.length)
  const awaited = asked.map(({ id }) => id)
  const reports: ReadonlyMap<string, CommandResult> =
    awaited.length === 0
      ? new Map()
      : await fleet.run(
          { comment: 'host_keys', script: HOST_KEY_SCRIPT, nodeIds: awaited, maxErrors: '100%' },
          { awaited, waitMs: HOST_KEYS_WAIT_MS },
        )
  const addresses = new Map<string, Address>()
  for (const node of nodes) {
    const report = reports.get(node.id)
    const said = report?.state === 'done' ? readReport(report.details) : undefined
    const address = addressOf(node, records.get(node.id), said)
    if (address) addresses.set(node.id, address)
  }
  return addresses
}

async function standing(
  { id, isOnline }: FleetNode,
  address: Address | undefined,
  key: LoginKey,
  pace: Pace,
): Promise<Standing> {
  if (!address) return { nodeId: id, isOnline, is: 'away', why: 'its address is not known' }
  let { outcome, why } = await logIn(address, key)
  for (let attempt = 1; outcome === 'unreachable' && attempt < ATTEMPTS; attempt++) {
    await pace.sleep(BETWEEN_ATTEMPTS_MS)
    ;({ outcome, why } = await logIn(address, key))
  }
  if (outcome === 'ok') return { nodeId: id, isOnline, is: 'ok', why: '' }
  const where = `${why} at ${address.host}:${address.port}`
  if (outcome === 'denied') return { nodeId: id, isOnline, is: 'failed', why: where }
  return { nodeId: id, isOnline, is: 'away', why: `no login: ${where}` }
}

/** In the order of `items`, so many at a time. */
async function atOnce<Item, Result>(
  items: readonly Item[],
  act: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results = new Map<number, Result>()
  const left = items.entries()
  const work = async () => {
    for (const [at, item] of left) results.set(at, await act(item))
  }
  await Promise.all(Array.from({ length: LOGINS_AT_ONCE }, work))
  return [...results].toSorted(([a], [b]) => a - b).map(([, result]) => result)
}
