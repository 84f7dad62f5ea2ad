import type {
  Association,
  AssociationExecution,
  AssociationKey,
  AssociationVersion,
  AssociationWriter,
  ExecutionTarget,
} from '../associations.ts'
import type { Place } from '../store.ts'
import {
  type AssociationRow,
  type AssociationVersionRow,
  associationOf,
  associationVersionOf,
  type ExecutionRow,
  executionOf,
  type TargetRow,
  targetOf,
} from './association-rows.ts'
import type { Sql, SqlValue } from './sql.ts'

export interface AssociationTables {
  ssm_associations: AssociationRow
  ssm_association_versions: AssociationVersionRow
  ssm_association_executions: ExecutionRow
  ssm_association_targets: TargetRow
}

/** Of each association so many executions are remembered. */
const EXECUTIONS_KEPT = 100

const OF_ID = 'where account = ? and region = ? and id = ?'
const OF_ASSOCIATION = 'where account = ? and region = ? and association = ?'
const PARTS = ['ssm_association_versions', 'ssm_association_executions', 'ssm_association_targets']

interface Down {
  readonly before: number | undefined
  readonly limit: number
}

function at({ account, region }: Place, id: string): [string, string, string] {
  return [account, region, id]
}

export class SqlAssociations implements AssociationWriter {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  async find(place: Place, id: string): Promise<Association | undefined> {
    const text = `select * from ssm_associations ${OF_ID}${this.#sql.locking}`
    const row = await this.#sql.row<AssociationRow>(text, ...at(place, id))
    return row && associationOf(row)
  }

  async look(place: Place, id: string): Promise<Association | undefined> {
    const row = await this.#sql.row<AssociationRow>(
      `select * from ssm_associations ${OF_ID}`,
      ...at(place, id),
    )
    return row && associationOf(row)
  }

  async list(
    place: Place,
    { after = '', limit }: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<readonly Association[]> {
    const rows = await this.#sql.rows<AssociationRow>(
      'select * from ssm_associations where account = ? and region = ? and id > ? order by id limit ?',
      ...at(place, after),
      limit,
    )
    return rows.map(associationOf)
  }

  async count({ account, region }: Place): Promise<number> {
    const text = 'select count(*) as count from ssm_associations where account = ? and region = ?'
    const row = await this.#sql.row<{ count: number }>(text, account, region)
    return Number(row?.count ?? 0)
  }

  async usesDocument(place: Place, document: string, documentVersion?: number): Promise<boolean> {
    const rows = await this.#sql.rows<AssociationRow>(
      'select * from ssm_associations where account = ? and region = ? and document = ?',
      ...at(place, document),
    )
    return documentVersion === undefined
      ? rows.length > 0
      : rows.some((row) => associationOf(row).settings.documentVersion === String(documentVersion))
  }

  async version(association: AssociationKey, version: number): Promise<AssociationVersion | undefined> {
    const text = `select * from ssm_association_versions ${OF_ASSOCIATION} and version = ?`
    const row = await this.#sql.row<AssociationVersionRow>(text, ...at(association, association.id), version)
    return row && associationVersionOf(row)
  }

  async versions(association: AssociationKey, page: Down): Promise<readonly AssociationVersion[]> {
    const rows = await this.#down<AssociationVersionRow>(
      `select * from ssm_association_versions ${OF_ASSOCIATION} and version < ? order by version desc limit ?`,
      association,
      page,
    )
    return rows.map(associationVersionOf)
  }

  async execution(association: AssociationKey, number: number): Promise<AssociationExecution | undefined> {
    const text = `select * from ssm_association_executions ${OF_ASSOCIATION} and number = ?`
    const row = await this.#sql.row<ExecutionRow>(text, ...at(association, association.id), number)
    return row && executionOf(row)
  }

  async executionOfId(association: AssociationKey, id: string): Promise<AssociationExecution | undefined> {
    const text = `select * from ssm_association_executions ${OF_ASSOCIATION} and id = ?`
    const row = await this.#sql.row<ExecutionRow>(text, ...at(association, association.id), id)
    return row && executionOf(row)
  }

  async executions(association: AssociationKey, page: Down): Promise<readonly AssociationExecution[]> {
    const rows = await this.#down<ExecutionRow>(
      `select * from ssm_association_executions ${OF_ASSOCIATION} and number < ? order by number desc limit ?`,
      association,
      page,
    )
    return rows.map(executionOf)
  }

  async targets(
    association: AssociationKey,
    execution: number,
    { after = '', limit }: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<readonly ExecutionTarget[]> {
    const rows = await this.#sql.rows<TargetRow>(
      `select t.* from ssm_association_targets t join nodes n
         on n.account = t.account and n.region = t.region and n.id = t.node and n.state = 'registered'
       where t.account = ? and t.region = ? and t.association = ? and t.execution = ? and t.node > ?
       order by t.node limit ?`,
      ...at(association, association.id),
      ...[execution, after, limit],
    )
    return rows.map(targetOf)
  }

  async targetsOfNode(place: Place, node: string): Promise<readonly ExecutionTarget[]> {
    const rows = await this.#sql.rows<TargetRow>(
      `select t.* from ssm_association_targets t join ssm_associations a
         on a.account = t.account and a.region = t.region and a.id = t.association and a.execution = t.execution
       where t.account = ? and t.region = ? and t.node = ? order by t.association`,
      ...at(place, node),
    )
    return rows.map(targetOf)
  }

  async lastExecuted(
    association: AssociationKey,
  ): Promise<{ at: Date | undefined; successAt: Date | undefined }> {
    const row = await this.#sql.row<{ last: number | null; success: number | null }>(
      `select max(executed_at) as last, max(case when status = 'Success' then executed_at end) as success
       from ssm_association_targets ${OF_ASSOCIATION}`,
      ...at(association, association.id),
    )
    const instant = (value: number | null | undefined) =>
      value === null || value === undefined ? undefined : new Date(Number(value))
    return { at: instant(row?.last), successAt: instant(row?.success) }
  }

  async insert(association: Association, executionId: string): Promise<void> {
    const { id, document, tags, createdAt } = association
    await this.#change(
      `insert into ssm_associations (account, region, id, document, created_at, version, settings,
         sealed_parameters, execution, updated_at, tags)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[...at(association, id), document, createdAt.getTime()],
      ...[...changeable(association), JSON.stringify(tags)],
    )
    await this.#insertVersion(association, executionId)
  }

  async addVersion(association: Association, executionId: string): Promise<void> {
    await this.#change(
      `update ssm_associations set document = ?, version = ?, settings = ?, sealed_parameters = ?, execution = ?,
         updated_at = ? ${OF_ID}`,
      ...[association.document, ...changeable(association), ...at(association, association.id)],
    )
    await this.#insertVersion(association, executionId)
  }

  async addExecution(association: AssociationKey, execution: AssociationExecution): Promise<void> {
    const { number, id, associationVersion, createdAt } = execution
    const place = at(association, association.id)
    await this.#change(`update ssm_associations set execution = ? ${OF_ID}`, number, ...place)
    await this.#change(
      `insert into ssm_association_executions (account, region, association, number, id, association_version,
         created_at)
       values (?, ?, ?, ?, ?, ?, ?)`,
      ...[...place, number, id, associationVersion, createdAt.getTime()],
    )
    const old = number - EXECUTIONS_KEPT
    await this.#sql.run(
      `delete from ssm_association_executions ${OF_ASSOCIATION} and number <= ?`,
      ...place,
      old,
    )
    await this.#sql.run(
      `delete from ssm_association_targets ${OF_ASSOCIATION} and execution <= ?`,
      ...place,
      old,
    )
  }

  async retag(association: Association, tags: Association['tags']): Promise<void> {
    const place = at(association, association.id)
    await this.#change(`update ssm_associations set tags = ? ${OF_ID}`, JSON.stringify(tags), ...place)
  }

  async remove(association: AssociationKey): Promise<void> {
    const place = at(association, association.id)
    for (const table of PARTS) await this.#sql.run(`delete from ${table} ${OF_ASSOCIATION}`, ...place)
    await this.#change(`delete from ssm_associations ${OF_ID}`, ...place)
  }

  async report(place: Place, target: ExecutionTarget): Promise<void> {
    const { association, execution, node, version, status, steps, executedAt } = target
    await this.#sql.run(
      `insert into ssm_association_targets (account, region, association, execution, node, version, status,
         succeeded_steps, failed_steps, timed_out_steps, executed_at)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       on conflict (account, region, association, execution, node) do update set version = excluded.version,
         status = excluded.status, succeeded_steps = excluded.succeeded_steps,
         failed_steps = excluded.failed_steps, timed_out_steps = excluded.timed_out_steps,
         executed_at = excluded.executed_at
       where ssm_association_targets.executed_at <= excluded.executed_at`,
      ...[...at(place, association), execution, node, version, status],
      ...[steps.success, steps.failed, steps.timedOut, executedAt.getTime()],
    )
  }

  async #insertVersion(association: Association, executionId: string): Promise<void> {
    const { id, version, document, settings, sealedParameters, execution, updatedAt } = association
    await this.#sql.run(
      `insert into ssm_association_versions (account, region, association, version, document, settings,
         sealed_parameters, created_at)
       values (?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[...at(association, id), version, document, JSON.stringify(settings)],
      ...[sealedParameters ?? null, updatedAt.getTime()],
    )
    await this.addExecution(association, {
      number: execution,
      id: executionId,
      associationVersion: version,
      createdAt: updatedAt,
    })
  }

  async #down<Row>(
    text: string,
    association: AssociationKey,
    { before, limit }: Down,
  ): Promise<readonly Row[]> {
    const values = [...at(association, association.id), before ?? Number.MAX_SAFE_INTEGER, limit]
    return this.#sql.rows<Row>(text, ...values)
  }

  async #change(text: string, ...values: readonly SqlValue[]): Promise<void> {
    await this.#sql.run(text, ...values)
    this.#sql.changes('associations')
  }
}

/** What {@link SqlAssociations.addVersion} may change besides the document, in the order of its columns. */
function changeable(association: Association): SqlValue[] {
  const { version, settings, sealedParameters, execution, updatedAt } = association
  return [version, JSON.stringify(settings), sealedParameters ?? null, execution, updatedAt.getTime()]
}
