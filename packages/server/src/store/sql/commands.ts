import type {
  Command,
  CommandContent,
  CommandQuery,
  CommandWriter,
  Ending,
  Invocation,
  InvocationQuery,
  InvocationStatus,
  ListedInvocation,
  StepOutcome,
  Tally,
} from '../commands.ts'
import type { Place } from '../store.ts'
import {
  type CommandRow,
  type ContentRow,
  changeable,
  commandOf,
  type InvocationRow,
  invocationOf,
  millis,
  type OutcomeRow,
  outcomeOf,
} from './command-rows.ts'
import { listCommands, listInvocations } from './command-search.ts'
import type { Sql } from './sql.ts'

const OF_ID = 'where account = ? and region = ? and id = ?'
const OF_COMMAND = 'where account = ? and region = ? and command_id = ?'
const OF_NODE = `${OF_COMMAND} and instance_id = ?`

function at({ account, region }: Place, id: string): [string, string, string] {
  return [account, region, id]
}

export class SqlCommands implements CommandWriter {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  async find(place: Place, id: string): Promise<Command | undefined> {
    const text = `select * from commands ${OF_ID}${this.#sql.locking}`
    const row = await this.#sql.row<CommandRow>(text, ...at(place, id))
    return row && commandOf(row)
  }

  async content(place: Place, id: string): Promise<CommandContent | undefined> {
    const text = `select parameters, steps from command_contents ${OF_COMMAND}`
    const row = await this.#sql.row<Pick<ContentRow, 'parameters' | 'steps'>>(text, ...at(place, id))
    return row && { parameters: row.parameters, steps: row.steps }
  }

  list(place: Place, query: CommandQuery): Promise<readonly Command[]> {
    return listCommands(this.#sql, place, query)
  }

  async tally(place: Place, id: string): Promise<Tally> {
    const rows = await this.#sql.rows<{ status: InvocationStatus; count: number }>(
      `select status, count(*) as count from command_invocations ${OF_COMMAND} group by status`,
      ...at(place, id),
    )
    return Object.fromEntries(rows.map(({ status, count }) => [status, Number(count)]))
  }

  async pendingSince(place: Place, id: string): Promise<Date | undefined> {
    const row = await this.#sql.row<{ since: number | null }>(
      `select min(dispatched_at) as since from command_invocations
       ${OF_COMMAND} and status = 'Pending'`,
      ...at(place, id),
    )
    return row && row.since !== null ? new Date(Number(row.since)) : undefined
  }

  async invocation(place: Place, id: string, instanceId: string): Promise<Invocation | undefined> {
    const text = `select * from command_invocations ${OF_NODE}`
    const row = await this.#sql.row<InvocationRow>(text, ...at(place, id), instanceId)
    return row && invocationOf(row)
  }

  invocations(place: Place, query: InvocationQuery): Promise<readonly ListedInvocation[]> {
    return listInvocations(this.#sql, place, query)
  }

  openOf(place: Place, instanceId: string): Promise<readonly ListedInvocation[]> {
    return listInvocations(this.#sql, place, { instanceId, isOpen: true })
  }

  async waitingAmong({ account, region }: Place, instanceIds: readonly string[]): Promise<readonly string[]> {
    if (instanceIds.length === 0) return []
    const rows = await this.#sql.query
      .selectFrom('command_invocations')
      .select('instance_id')
      .distinct()
      .where('account', '=', account)
      .where('region', '=', region)
      .where('instance_id', 'in', instanceIds)
      .where('ended_at', 'is', null)
      .where('status', 'in', ['Pending', 'Recalled', 'Cancelling'])
      .execute()
    return rows.map(({ instance_id }) => instance_id)
  }

  async outcomes(place: Place, id: string, instanceId: string): Promise<readonly StepOutcome[]> {
    const text = `select * from command_outcomes ${OF_NODE} order by step`
    return (await this.#sql.rows<OutcomeRow>(text, ...at(place, id), instanceId)).map(outcomeOf)
  }

  async insert(
    command: Command,
    content: CommandContent,
    invocations: readonly Pick<Invocation, 'instanceId' | 'status' | 'endedAt'>[],
  ): Promise<void> {
    const { instanceIds, targets, requestedAt, expiresAt } = command
    await this.#sql.run(
      `insert into commands (account, region, id, document_name, document_version, document_hash, comment,
         instance_ids, targets, max_concurrency, max_errors, timeout_seconds, requested_at, expires_at,
         requester_arn, target_count, status, completed_count, error_count,
         delivery_timed_out_count, cancel_requested_at, timer_at)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[...at(command, command.id), command.documentName, command.documentVersion, command.documentHash],
      ...[command.comment, JSON.stringify(instanceIds), JSON.stringify(targets), command.maxConcurrency],
      ...[command.maxErrors, command.timeoutSeconds, requestedAt.getTime(), expiresAt.getTime()],
      ...[command.requesterArn, command.counts.target],
      ...changeable(command),
    )
    await this.#sql.run(
      'insert into command_contents (account, region, command_id, parameters, steps) values (?, ?, ?, ?, ?)',
      ...at(command, command.id),
      content.parameters,
      content.steps,
    )
    for (const { instanceId, status, endedAt } of invocations) {
      await this.#sql.run(
        `insert into command_invocations (account, region, command_id, instance_id, requested_at, status, ended_at)
         values (?, ?, ?, ?, ?, ?, ?)`,
        ...at(command, command.id),
        ...[instanceId, requestedAt.getTime(), status, millis(endedAt)],
      )
    }
  }

  async update(command: Command): Promise<void> {
    await this.#sql.run(
      `update commands set status = ?, completed_count = ?, error_count = ?, delivery_timed_out_count = ?,
         cancel_requested_at = ?, timer_at = ? ${OF_ID}`,
      ...changeable(command),
      ...at(command, command.id),
    )
  }

  async dispatch(
    place: Place,
    id: string,
    { limit, at: turnAt }: { limit: number; at: Date },
  ): Promise<void> {
    const key = at(place, id)
    await this.#sql.run(
      `update command_invocations set status = 'Pending', dispatched_at = ? ${OF_COMMAND} and instance_id in (
         select instance_id from command_invocations ${OF_COMMAND} and status = 'Waiting'
         order by instance_id limit ?)`,
      ...[turnAt.getTime(), ...key, ...key, limit],
    )
    this.#sql.changes('commands')
  }

  async end(place: Place, id: string, { from, as, at: endedAt, dispatchedBy }: Ending): Promise<void> {
    let ending = this.#sql.query
      .updateTable('command_invocations')
      .set({ status: as, ended_at: endedAt.getTime() })
      .where('account', '=', place.account)
      .where('region', '=', place.region)
      .where('command_id', '=', id)
      .where('status', 'in', from)
    if (dispatchedBy) ending = ending.where('dispatched_at', '<=', dispatchedBy.getTime())
    await ending.execute()
  }

  async cancel(place: Place, id: string, when: Date, instanceIds?: readonly string[]): Promise<void> {
    for (const [from, to] of [
      [['Waiting'], { status: 'Cancelled', ended_at: when.getTime() }],
      [['Pending'], { status: 'Recalled' }],
      [['InProgress'], { status: 'Cancelling' }],
    ] as const) {
      let change = this.#sql.query
        .updateTable('command_invocations')
        .set(to)
        .where('account', '=', place.account)
        .where('region', '=', place.region)
        .where('command_id', '=', id)
        .where('status', 'in', from)
      if (instanceIds) change = change.where('instance_id', 'in', instanceIds)
      await change.execute()
    }
    this.#sql.changes('commands')
  }

  async setInvocation(
    place: Place,
    { commandId, instanceId, status, dispatchedAt, startedAt, endedAt }: Invocation,
    outcomes: readonly StepOutcome[] = [],
  ): Promise<void> {
    const key = [...at(place, commandId), instanceId] as const
    await this.#sql.run(
      `update command_invocations set status = ?, dispatched_at = ?, started_at = ?, ended_at = ? ${OF_NODE}`,
      ...[status, millis(dispatchedAt), millis(startedAt), millis(endedAt), ...key],
    )
    for (const [step, outcome] of outcomes.entries()) {
      await this.#sql.run(
        `insert into command_outcomes (account, region, command_id, instance_id, step, name, status, exit_code,
           started_at, ended_at, output)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        ...[...key, step, outcome.name, outcome.status, outcome.exitCode],
        ...[outcome.startedAt.getTime(), outcome.endedAt.getTime(), outcome.output],
      )
    }
  }

  async remove(place: Place, id: string): Promise<void> {
    const key = at(place, id)
    await this.#sql.run(`delete from command_outcomes ${OF_COMMAND}`, ...key)
    await this.#sql.run(`delete from command_invocations ${OF_COMMAND}`, ...key)
    await this.#sql.run(`delete from command_contents ${OF_COMMAND}`, ...key)
    await this.#sql.run(`delete from commands ${OF_ID}`, ...key)
  }
}
