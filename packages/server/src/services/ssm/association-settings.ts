import type { CreateAssociationRequest, UpdateAssociationRequest } from '@aws-sdk/client-ssm'
import { associationSchedule } from '../../fleet/association-schedule.ts'
import { ParameterFault } from '../../fleet/document-fault.ts'
import { parseDocument } from '../../fleet/documents.ts'
import { type FoundDocument, findVersion } from '../../fleet/find-document.ts'
import { type GivenParameters, resolve } from '../../fleet/resolve.ts'
import { selectionOf } from '../../fleet/targets.ts'
import type { Context } from '../../gateway/context.ts'
import type { AssociationSettings } from '../../store/associations.ts'
import {
  invalidParameters,
  invalidSchedule,
  invalidTarget,
  noOutputLocation,
  noPlatform,
} from './association-errors.ts'
import { noSuchDocumentVersion } from './document-errors.ts'

/** What both calls that write an association say. */
export type Asked = Omit<CreateAssociationRequest, 'Name'> & Pick<UpdateAssociationRequest, 'Name'>

type Targets = AssociationSettings['targets']

/** The targets of a call; nothing where it names none. @throws InvalidTarget */
export function askedTargets({
  InstanceId,
  Targets = [],
}: Pick<Asked, 'InstanceId' | 'Targets'>): Targets | undefined {
  if (InstanceId !== undefined && Targets.length > 0)
    throw invalidTarget('InstanceId and Targets cannot be used together.')
  if (InstanceId !== undefined) return [{ Key: 'InstanceIds', Values: [InstanceId] }]
  if (Targets.length === 0) return undefined
  const targets = Targets.map(({ Key = '', Values = [] }) => ({ Key, Values }))
  if (targets.some(({ Values }) => Values.length === 0)) throw invalidTarget('A target needs a value.')
  if (!selectionOf(targets)) throw invalidTarget('A target has a key that is not supported.')
  return targets
}

/** What is kept of a call. @throws InvalidSchedule, InvalidOutputLocation, InvalidParameters */
export function askedSettings(input: Asked, targets: Targets, now: Date): AssociationSettings {
  demandSupported(input)
  const { ScheduleExpression } = input
  if (ScheduleExpression !== undefined && !associationSchedule(ScheduleExpression, now))
    throw invalidSchedule()
  return {
    documentVersion: input.DocumentVersion ?? '$DEFAULT',
    targets,
    associationName: input.AssociationName,
    instanceId: input.InstanceId,
    scheduleExpression: ScheduleExpression,
    // DIVERGENCE: MaxErrors and MaxConcurrency of an association are kept and shown, but not heeded: each node
    // carries out its associations as soon as it hears of them.
    maxErrors: input.MaxErrors,
    maxConcurrency: input.MaxConcurrency,
    complianceSeverity: input.ComplianceSeverity,
    syncCompliance: input.SyncCompliance,
    applyOnlyAtCronInterval: input.ApplyOnlyAtCronInterval,
  }
}

function demandSupported(input: Asked): void {
  // DIVERGENCE: associations that write to S3, follow calendars or alarms, reach into other accounts, or run
  // Automation are refused when they are made.
  if (input.OutputLocation?.S3Location) throw noOutputLocation()
  const given = {
    AutomationTargetParameterName: input.AutomationTargetParameterName,
    CalendarNames: input.CalendarNames?.[0],
    TargetLocations: input.TargetLocations?.[0],
    TargetMaps: input.TargetMaps?.[0],
    AlarmConfiguration: input.AlarmConfiguration,
    ScheduleOffset: input.ScheduleOffset,
    Duration: input.Duration,
    AssociationDispatchAssumeRole: input.AssociationDispatchAssumeRole,
  }
  const unsupported = Object.entries(given).find(([, value]) => value !== undefined)
  if (unsupported) throw invalidParameters(`${unsupported[0]} is not supported.`)
}

/** The document as the association would run it now. @throws InvalidDocumentVersion, InvalidParameters, UnsupportedPlatformType */
export async function demandResolvable(
  ctx: Context,
  { found, version }: { readonly found: FoundDocument; readonly version: string },
  parameters: GivenParameters,
): Promise<void> {
  const content = await findVersion(ctx.store.documents, found, { version })
  if (!content) throw noSuchDocumentVersion()
  try {
    const steps = resolve(parseDocument(content.content, content.format), parameters)
    if (steps.length === 0) throw noPlatform()
  } catch (error) {
    throw error instanceof ParameterFault ? invalidParameters(error.message) : error
  }
}
