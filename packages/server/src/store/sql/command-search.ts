import type { Command, CommandQuery, InvocationQuery, ListedInvocation } from '../commands.ts'
import type { Place } from '../store.ts'
import { commandOf, listedOf } from './command-rows.ts'
import type { Sql } from './sql.ts'

/** The latest first; of one instant, by id. */
export async function listCommands(
  sql: Sql,
  { account, region }: Place,
  query: CommandQuery,
): Promise<readonly Command[]> {
  const { after, statuses, instanceId } = query
  if (statuses?.length === 0) return []
  let rows = sql.query
    .selectFrom('commands')
    .selectAll()
    .where('account', '=', account)
    .where('region', '=', region)
    .orderBy('requested_at', 'desc')
    .orderBy('id')
    .limit(query.limit)
  if (query.commandId !== undefined) rows = rows.where('id', '=', query.commandId)
  if (statuses) rows = rows.where('status', 'in', statuses)
  if (query.documentName !== undefined) rows = rows.where('document_name', '=', query.documentName)
  if (query.invokedAfter) rows = rows.where('requested_at', '>', query.invokedAfter.getTime())
  if (query.invokedBefore) rows = rows.where('requested_at', '<', query.invokedBefore.getTime())
  if (instanceId !== undefined) {
    rows = rows.where('id', 'in', (eb) =>
      eb
        .selectFrom('command_invocations')
        .select('command_id')
        .where('account', '=', account)
        .where('region', '=', region)
        .where('instance_id', '=', instanceId),
    )
  }
  if (after) {
    const at = after.requestedAt.getTime()
    rows = rows.where((eb) =>
      eb.or([eb('requested_at', '<', at), eb.and([eb('requested_at', '=', at), eb('id', '>', after.id)])]),
    )
  }
  return (await rows.execute()).map(commandOf)
}

/** The latest first; of one instant, by command and node. Without a limit, those that are open. */
export async function listInvocations(
  sql: Sql,
  { account, region }: Place,
  query: InvocationQuery | { readonly instanceId: string; readonly isOpen: true },
): Promise<readonly ListedInvocation[]> {
  let rows = sql.query
    .selectFrom('command_invocations as i')
    .innerJoin('commands as c', (join) =>
      join
        .onRef('c.account', '=', 'i.account')
        .onRef('c.region', '=', 'i.region')
        .onRef('c.id', '=', 'i.command_id'),
    )
    .select(['i.command_id', 'i.instance_id', 'i.requested_at', 'i.status'])
    .select(['i.dispatched_at', 'i.started_at', 'i.ended_at'])
    .select(['c.document_name', 'c.document_version', 'c.comment', 'c.expires_at', 'c.timeout_seconds'])
    .where('i.account', '=', account)
    .where('i.region', '=', region)
    .orderBy('i.requested_at', 'desc')
    .orderBy('i.command_id')
    .orderBy('i.instance_id')
  if (query.instanceId !== undefined) rows = rows.where('i.instance_id', '=', query.instanceId)
  if ('isOpen' in query) {
    return (await rows.where('i.ended_at', 'is', null).execute()).map(listedOf)
  }
  const { after, statuses } = query
  if (statuses?.length === 0) return []
  rows = rows.limit(query.limit)
  if (query.commandId !== undefined) rows = rows.where('i.command_id', '=', query.commandId)
  if (statuses) rows = rows.where('i.status', 'in', statuses)
  if (query.documentName !== undefined) rows = rows.where('c.document_name', '=', query.documentName)
  if (query.invokedAfter) rows = rows.where('i.requested_at', '>', query.invokedAfter.getTime())
  if (query.invokedBefore) rows = rows.where('i.requested_at', '<', query.invokedBefore.getTime())
  if (after) {
    const at = after.requestedAt.getTime()
    rows = rows.where((eb) =>
      eb.or([
        eb('i.requested_at', '<', at),
        eb.and([
          eb('i.requested_at', '=', at),
          eb.or([
            eb('i.command_id', '>', after.commandId),
            eb.and([eb('i.command_id', '=', after.commandId), eb('i.instance_id', '>', after.instanceId)]),
          ]),
        ]),
      ]),
    )
  }
  return (await rows.execute()).map(listedOf)
}
