import type { CommandFilter } from '@aws-sdk/client-ssm'
import type { CommandQuery, CommandStatus, InvocationQuery, InvocationStatus } from '../../store/commands.ts'
import { invalidFilterValue } from './command-errors.ts'
import { COARSE, SHOWN } from './command-view.ts'
import { invalidFilterKey } from './errors.ts'

type Times = Pick<CommandQuery, 'invokedAfter' | 'invokedBefore' | 'documentName'>

/** With an offset or `Z`, as AWS wants it, and what `Date` makes of it besides nothing. */
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})$/

const OPEN = new Set<CommandStatus | InvocationStatus>([
  ...(['Waiting', 'Pending', 'Recalled', 'InProgress', 'Cancelling'] as const),
])

/** @throws InvalidFilterKey, InvalidFilterValue */
export function commandFilters(
  filters: readonly CommandFilter[] | undefined,
): Times & Pick<CommandQuery, 'statuses'> {
  const given = byKey(filters)
  const all = Object.keys(COARSE) as CommandStatus[]
  const wanted = given.get('Status')
  const byStatus =
    wanted === undefined
      ? undefined
      : demandSome(all.filter((status) => status === wanted || COARSE[status] === wanted))
  return { ...times(given), ...narrowed(all, byStatus, given.get('ExecutionStage')) }
}

/**
 * Delayed and Pending are one in the store.
 * @throws InvalidFilterKey, InvalidFilterValue
 */
export function invocationFilters(
  filters: readonly CommandFilter[] | undefined,
): Times & Pick<InvocationQuery, 'statuses'> & { readonly shown: string | undefined } {
  const given = byKey(filters)
  const all = Object.keys(SHOWN) as InvocationStatus[]
  const wanted = given.get('Status')
  const stored = wanted === 'Delayed' ? 'Pending' : wanted
  const byStatus =
    stored === undefined
      ? undefined
      : demandSome(
          all.filter((each) => SHOWN[each].Status === stored || SHOWN[each].StatusDetails === stored),
        )
  return { ...times(given), ...narrowed(all, byStatus, given.get('ExecutionStage')), shown: wanted }
}

function byKey(filters: readonly CommandFilter[] = []): ReadonlyMap<string, string> {
  const given = new Map(filters.map(({ key = '', value = '' }) => [String(key), value]))
  // Which of two of a key is meant nobody knows.
  if (given.size < filters.length) throw invalidFilterKey()
  return given
}

function times(given: ReadonlyMap<string, string>): Times {
  const documentName = given.get('DocumentName')
  return {
    invokedAfter: instantOf(given.get('InvokedAfter')),
    invokedBefore: instantOf(given.get('InvokedBefore')),
    documentName,
  }
}

function instantOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined
  const at = INSTANT.test(text) ? new Date(text) : undefined
  if (!at || Number.isNaN(at.getTime())) throw invalidFilterValue()
  return at
}

function demandSome<Status>(statuses: readonly Status[]): readonly Status[] {
  if (statuses.length === 0) throw invalidFilterValue()
  return statuses
}

function narrowed<Status extends CommandStatus | InvocationStatus>(
  all: readonly Status[],
  byStatus: readonly Status[] | undefined,
  stage: string | undefined,
): { readonly statuses: readonly Status[] | undefined } {
  if (stage === undefined) return { statuses: byStatus }
  if (stage !== 'Executing' && stage !== 'Complete') throw invalidFilterValue()
  const isExecuting = stage === 'Executing'
  return { statuses: (byStatus ?? all).filter((status) => OPEN.has(status) === isExecuting) }
}
