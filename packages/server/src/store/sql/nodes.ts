import type { ExpressionBuilder } from 'kysely'
import type {
  Activation,
  ActivationQuery,
  FleetNode,
  NodeQuery,
  NodeTags,
  NodeWriter,
  TagTest,
} from '../nodes.ts'
import type { Place } from '../store.ts'
import type { Sql, SqlValue } from './sql.ts'
import type { Tables } from './tables.ts'

export interface NodeTables {
  activations: ActivationRow
  nodes: NodeRow
  node_tags: NodeTagRow
}

interface ActivationRow {
  account: string
  region: string
  id: string
  code_digest: string
  description: string | null
  default_name: string | null
  iam_role: string
  registration_limit: number
  registrations: number
  expires_at: number
  tags: string
  readmits: number
  created_at: number
}

interface NodeRow {
  account: string
  region: string
  id: string
  state: string
  activation_id: string
  name: string | null
  iam_role: string
  public_key: string | null
  machine_id: string
  facts: string
  host_keys: string
  tags: string
  registered_at: number
  last_seen_at: number
}

/** Of registered nodes only. */
interface NodeTagRow {
  account: string
  region: string
  key: string
  value: string
  node_id: string
}

const OF_ID = 'where account = ? and region = ? and id = ?'

function at({ account, region }: Place, id: string): [string, string, string] {
  return [account, region, id]
}

export class SqlNodes implements NodeWriter {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  async activation(place: Place, id: string): Promise<Activation | undefined> {
    const text = `select * from activations ${OF_ID}${this.#sql.locking}`
    const row = await this.#sql.row<ActivationRow>(text, ...at(place, id))
    return row && activationOf(row)
  }

  async placeOfActivation(id: string): Promise<Place | undefined> {
    const row = await this.#sql.row<Place>('select account, region from activations where id = ?', id)
    return row && { account: row.account, region: row.region }
  }

  async activations(place: Place, { after = '', limit }: ActivationQuery): Promise<readonly Activation[]> {
    const text = 'select * from activations where account = ? and region = ? and id > ? order by id limit ?'
    const rows = await this.#sql.rows<ActivationRow>(text, ...at(place, after), limit)
    return rows.map(activationOf)
  }

  async find(place: Place, id: string): Promise<FleetNode | undefined> {
    const text = `select * from nodes ${OF_ID}${this.#sql.locking}`
    const row = await this.#sql.row<NodeRow>(text, ...at(place, id))
    return row && nodeOf(row)
  }

  async ofMachine(place: Place, machineId: string): Promise<readonly FleetNode[]> {
    const text = `select * from nodes
      where account = ? and region = ? and machine_id = ? and state = 'registered' order by id`
    const rows = await this.#sql.rows<NodeRow>(text, ...at(place, machineId))
    return rows.map(nodeOf)
  }

  async list(place: Place, { after = '', limit, ids, tags = [] }: NodeQuery): Promise<readonly FleetNode[]> {
    if (ids?.length === 0 || tags.some(({ keys, values }) => keys.length === 0 || values?.length === 0))
      return []
    let rows = this.#sql.query
      .selectFrom('nodes')
      .selectAll()
      .where('account', '=', place.account)
      .where('region', '=', place.region)
      .where('id', '>', after)
      .where('state', '=', 'registered')
      .orderBy('id')
      .limit(limit)
    if (ids) rows = rows.where('id', 'in', ids)
    for (const test of tags) rows = rows.where((eb) => hasTag(eb, place, test))
    return (await rows.execute()).map(nodeOf)
  }

  async insertActivation(activation: Activation): Promise<void> {
    const { codeDigest, description, defaultName, iamRole, registrationLimit, registrations } = activation
    await this.#change(
      `insert into activations (account, region, id, code_digest, description, default_name, iam_role,
         registration_limit, registrations, expires_at, tags, readmits, created_at)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[...at(activation, activation.id), codeDigest, description ?? null, defaultName ?? null, iamRole],
      ...[registrationLimit, registrations, activation.expiresAt.getTime(), JSON.stringify(activation.tags)],
      ...[activation.readmits ? 1 : 0, activation.createdAt.getTime()],
    )
  }

  async removeActivation(place: Place, id: string): Promise<boolean> {
    return (await this.#change(`delete from activations ${OF_ID}`, ...at(place, id))) > 0
  }

  async spendActivation(place: Place, id: string, now: Date): Promise<boolean> {
    const text = `update activations set registrations = registrations + 1
      ${OF_ID} and registrations < registration_limit and expires_at > ?`
    return (await this.#change(text, ...at(place, id), now.getTime())) > 0
  }

  async insert(node: FleetNode): Promise<void> {
    await this.#change(
      `insert into nodes (account, region, id, activation_id, registered_at, state, name, iam_role, public_key,
         machine_id, facts, host_keys, tags, last_seen_at)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[...at(node, node.id), node.activationId, node.registeredAt.getTime()],
      ...changeable(node),
    )
    await this.#insertTags(node)
  }

  async update(node: FleetNode): Promise<void> {
    const before = await this.find(node, node.id)
    await this.#change(
      `update nodes set state = ?, name = ?, iam_role = ?, public_key = ?, machine_id = ?, facts = ?,
         host_keys = ?, tags = ?, last_seen_at = ? ${OF_ID}`,
      ...changeable(node),
      ...at(node, node.id),
    )
    if (before?.state === node.state && sameTags(before.tags, node.tags)) return
    const text = 'delete from node_tags where account = ? and region = ? and node_id = ?'
    await this.#sql.run(text, ...at(node, node.id))
    await this.#insertTags(node)
  }

  async seen(place: Place, id: string, seenAt: Date): Promise<void> {
    const text = `update nodes set last_seen_at = ? ${OF_ID} and last_seen_at < ?`
    await this.#sql.run(text, seenAt.getTime(), ...at(place, id), seenAt.getTime())
  }

  async #insertTags(node: FleetNode): Promise<void> {
    if (node.state !== 'registered') return
    const text = 'insert into node_tags (account, region, key, value, node_id) values (?, ?, ?, ?, ?)'
    for (const [key, value] of Object.entries(node.tags))
      await this.#sql.run(text, node.account, node.region, key, value, node.id)
  }

  async #change(text: string, ...values: readonly SqlValue[]): Promise<number> {
    const rows = await this.#sql.run(text, ...values)
    if (rows > 0) this.#sql.changes('nodes')
    return rows
  }
}

/**
 * Counted for each node, and not joined: whatever a database guesses about tags, it looks each up in their index. A join
 * in the wrong order compares every node with every tag.
 */
function hasTag(
  eb: ExpressionBuilder<Tables, 'nodes'>,
  { account, region }: Place,
  { keys, values }: TagTest,
) {
  const tagged = eb
    .selectFrom('node_tags')
    .select((tag) => tag.fn.countAll<number>().as('count'))
    .where('node_tags.account', '=', account)
    .where('node_tags.region', '=', region)
    .whereRef('node_tags.node_id', '=', 'nodes.id')
    .where('node_tags.key', 'in', keys)
  return eb(values ? tagged.where('node_tags.value', 'in', values) : tagged, '>', 0)
}

/** What {@link SqlNodes.update} may change, in the order of its columns. */
function changeable(node: FleetNode): SqlValue[] {
  const { state, name, iamRole, publicKey, facts, hostKeys, tags, lastSeenAt } = node
  return [
    ...[state, name ?? null, iamRole, publicKey ?? null, facts.machineId],
    ...[JSON.stringify(facts), JSON.stringify(hostKeys), JSON.stringify(tags), lastSeenAt.getTime()],
  ]
}

function sameTags(before: NodeTags, after: NodeTags): boolean {
  const keys = Object.keys(after)
  return keys.length === Object.keys(before).length && keys.every((key) => before[key] === after[key])
}

function activationOf(row: ActivationRow): Activation {
  return {
    account: row.account,
    region: row.region,
    id: row.id,
    codeDigest: row.code_digest,
    ...(row.description !== null && { description: row.description }),
    ...(row.default_name !== null && { defaultName: row.default_name }),
    iamRole: row.iam_role,
    registrationLimit: row.registration_limit,
    registrations: row.registrations,
    expiresAt: new Date(row.expires_at),
    tags: JSON.parse(row.tags) as NodeTags,
    readmits: row.readmits === 1,
    createdAt: new Date(row.created_at),
  }
}

function nodeOf(row: NodeRow): FleetNode {
  return {
    account: row.account,
    region: row.region,
    id: row.id,
    state: row.state === 'registered' ? 'registered' : 'deregistered',
    activationId: row.activation_id,
    ...(row.name !== null && { name: row.name }),
    iamRole: row.iam_role,
    ...(row.public_key !== null && { publicKey: row.public_key }),
    facts: JSON.parse(row.facts) as FleetNode['facts'],
    hostKeys: JSON.parse(row.host_keys) as readonly string[],
    tags: JSON.parse(row.tags) as NodeTags,
    registeredAt: new Date(row.registered_at),
    lastSeenAt: new Date(row.last_seen_at),
  }
}
