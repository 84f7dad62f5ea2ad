import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { type Caller, sdk } from './sdk.ts'

/** A node that no agent stands behind. */
export interface Planted {
  /** 17 hexadecimal digits, which both of its ids end with. */
  readonly digits: string
  readonly hostname: string
  readonly ipAddress: string
  readonly hostKeys: readonly string[]
  readonly tags: Readonly<Record<string, string>>
  /** When it was heard of last. */
  readonly seenAt: Date
}

/** Writes nodes into a running server's SQLite, as its own registration would. */
export async function plantNodes(directory: string, admin: Caller, nodes: readonly Planted[]): Promise<void> {
  const { Account = '' } = await sdk(STSClient, admin).send(new GetCallerIdentityCommand({}))
  const place = [Account, admin.region]
  const database = new DatabaseSync(join(directory, 'lockstep.db'))
  try {
    for (const node of nodes) plant(database, place, node)
  } finally {
    database.close()
  }
}

function plant(database: DatabaseSync, place: readonly string[], node: Planted): void {
  const { digits, hostname, ipAddress, hostKeys, tags, seenAt } = node
  const id = `mi-${digits}`
  const facts = {
    ...{ hostname, ipAddress, sshPort: 22, platformType: 'Linux', platformName: 'Debian GNU/Linux' },
    ...{ platformVersion: '12', agentVersion: '1.0.0.0', machineId: `machine-${digits}` },
  }
  const row = {
    ...{ id, state: 'registered', activation_id: '00000000-0000-4000-8000-000000000001' },
    ...{ iam_role: 'nodes', public_key: `key-${digits}`, machine_id: facts.machineId },
    ...{ facts: JSON.stringify(facts), host_keys: JSON.stringify(hostKeys), tags: JSON.stringify(tags) },
    ...{ registered_at: seenAt.getTime(), last_seen_at: seenAt.getTime() },
  }
  const names = ['account', 'region', ...Object.keys(row)]
  const marks = names.map(() => '?').join(', ')
  database
    .prepare(`insert into nodes (${names.join(', ')}) values (${marks})`)
    .run(...place, ...Object.values(row))
  for (const [key, value] of Object.entries(tags))
    database.prepare('insert into node_tags values (?, ?, ?, ?, ?)').run(...place, key, value, id)
}
