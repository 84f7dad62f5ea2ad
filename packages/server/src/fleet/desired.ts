import { createHash } from 'node:crypto'
import type { DesiredState, NodeAssociation, NodeStep, Report } from '@lockstep/wire'
import type { Keyring } from '../keyring/keyring.ts'
import { parseSchedule } from '../schedule/schedule.ts'
import type { Association, ExecutionTarget, TargetStatus } from '../store/associations.ts'
import type { FleetNode } from '../store/nodes.ts'
import type { Place, Readers, Writers } from '../store/store.ts'
import { openParameters } from './association-parameters.ts'
import { lastTick, rateSeconds } from './association-schedule.ts'
import { DocumentFault, ParameterFault } from './document-fault.ts'
import { parseDocument } from './documents.ts'
import { findDocument, findVersion } from './find-document.ts'
import { resolve } from './resolve.ts'
import { isSelected, type NodeSelection, selectionOf } from './targets.ts'

/** What it takes to know what nodes are to be brought to. */
export interface DesiredSources {
  readonly store: Pick<Readers, 'documents' | 'associations'>
  readonly keyring: Keyring
}

/** An association as it is at one instant, the same for every node. */
export interface AssociationPlan {
  readonly association: Association
  readonly selection: NodeSelection
  /** As nodes are told and report it. */
  readonly version: string
  readonly everySeconds: number | undefined
  /** Where it was due at one instant only: nodes that came later wait for the next. */
  readonly dueAt: Date | undefined
  readonly steps: readonly NodeStep[]
}

/** So many rows are read at a time. */
const STRETCH = 200

/** What a node is to be brought to now. Ask again when `associations` or its tags change, and each minute. */
export async function desiredFor(
  sources: DesiredSources,
  node: FleetNode,
  now: Date,
): Promise<DesiredState['associations']> {
  return desiredOf(await plansOf(sources, node, now), node)
}

/** The same from plans that are at hand, for a server that holds many nodes of one place. */
export function desiredOf(
  plans: readonly AssociationPlan[],
  node: Pick<FleetNode, 'id' | 'tags' | 'registeredAt'>,
): DesiredState['associations'] {
  return plans
    .filter(({ selection, dueAt }) => isSelected(node, selection) && !(dueAt && dueAt < node.registeredAt))
    .map(
      ({ association, version, everySeconds, steps }): NodeAssociation => ({
        associationId: association.id,
        version,
        ...(everySeconds !== undefined && { everySeconds }),
        steps,
      }),
    )
}

/** What the associations of a place come to now, by their ids. Those that cannot be carried out are left out. */
export async function plansOf(
  sources: DesiredSources,
  place: Place,
  now: Date,
): Promise<readonly AssociationPlan[]> {
  const { account, region } = place
  const plans: AssociationPlan[] = []
  let after: string | undefined
  for (;;) {
    const stretch = await sources.store.associations.list({ account, region }, { after, limit: STRETCH })
    for (const association of stretch) {
      const plan = await planOf(sources, association, now)
      if (plan) plans.push(plan)
    }
    if (stretch.length < STRETCH) return plans
    after = stretch.at(-1)?.id
  }
}

/**
 * Nothing where the association is not due yet, or where its document, as it is by now, has nothing for nodes or does
 * not admit its parameters.
 */
export async function planOf(
  { store, keyring }: DesiredSources,
  association: Association,
  now: Date,
): Promise<AssociationPlan | undefined> {
  const { settings, execution } = association
  const found = await findDocument(store.documents, association, association.document)
  const asked = { version: settings.documentVersion }
  const content = found && (await findVersion(store.documents, found, asked))
  const selection = selectionOf(settings.targets)
  if (!content || !selection) return undefined

  const schedule = settings.scheduleExpression ? parseSchedule(settings.scheduleExpression) : undefined
  const tick = lastTick(schedule, association.updatedAt, now)
  const isAtTicksOnly = settings.applyOnlyAtCronInterval === true && schedule?.kind === 'cron'
  const isStarted = isAtTicksOnly && (await wasStarted(store, association))
  if (isAtTicksOnly && !tick && !isStarted) return undefined
  try {
    const steps = resolve(
      parseDocument(content.content, content.format),
      openParameters(keyring, association),
    )
    if (steps.length === 0) return undefined
    // Parameters are not in the digest: other parameters are another version, and so another execution.
    const digest = digestOf([
      association.document,
      content.format,
      content.content,
      tick?.toISOString() ?? '',
    ])
    return {
      ...{ association, selection, steps, version: `${execution}.${digest}` },
      everySeconds: rateSeconds(schedule),
      dueAt: isAtTicksOnly && !isStarted ? tick : undefined,
    }
  } catch (error) {
    if (error instanceof DocumentFault || error instanceof ParameterFault) return undefined
    throw error
  }
}

/** Whether somebody asked for it to be carried out besides its schedule. */
async function wasStarted(store: DesiredSources['store'], association: Association): Promise<boolean> {
  const execution = await store.associations.execution(association, association.execution)
  const before = await store.associations.execution(association, association.execution - 1)
  return execution !== undefined && before?.associationVersion === execution.associationVersion
}

function digestOf(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
}

const VERSION = /^([1-9][0-9]{0,14})\.[0-9a-f]{32}$/

/**
 * Notes what a node reports of an association. What is about no association that is meant for the node, or of an
 * execution that nobody remembers, is dropped: it can be acknowledged. Answers whether it was noted.
 */
export async function associationReported(
  tx: Pick<Writers, 'associations'>,
  node: FleetNode,
  report: Report['associations'][number],
  now: Date,
): Promise<boolean> {
  const place = { account: node.account, region: node.region }
  const execution = Number(VERSION.exec(report.version)?.[1])
  if (!Number.isSafeInteger(execution)) return false
  const association = await tx.associations.look(place, report.associationId)
  const selection = association && selectionOf(association.settings.targets)
  if (!association || !selection || !isSelected(node, selection)) return false
  if (!(await tx.associations.execution(association, execution))) return false
  await tx.associations.report(place, targetOf(node, { ...report, execution }, now))
  return true
}

function targetOf(
  node: FleetNode,
  report: Report['associations'][number] & { readonly execution: number },
  now: Date,
): ExecutionTarget {
  const count = (...statuses: readonly string[]) =>
    report.steps.filter(({ status }) => statuses.includes(status)).length
  const steps = {
    success: count('Success'),
    failed: count('Failed', 'Cancelled'),
    timedOut: count('TimedOut'),
  }
  return {
    ...{ association: report.associationId, execution: report.execution, node: node.id },
    ...{ version: report.version, status: statusOf(steps), steps },
    executedAt: endOf(report.steps.at(-1)?.endedAt, now),
  }
}

function statusOf({ failed, timedOut }: ExecutionTarget['steps']): TargetStatus {
  if (failed > 0) return 'Failed'
  return timedOut > 0 ? 'TimedOut' : 'Success'
}

/** By the node's clock, which may be wrong: never later than it was heard. */
function endOf(endedAt: string | undefined, now: Date): Date {
  const instant = new Date(endedAt ?? '')
  return instant.getTime() <= now.getTime() ? instant : now
}
