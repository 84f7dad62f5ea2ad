import type {
  AssociationDescription,
  AssociationVersionInfo,
  Association as AssociationView,
} from '@aws-sdk/client-ssm'
import { openParameters } from '../../fleet/association-parameters.ts'
import { overviewOf, standings } from '../../fleet/association-status.ts'
import type { Context } from '../../gateway/context.ts'
import type { Association, AssociationSettings, AssociationVersion } from '../../store/associations.ts'

type Settings = Pick<
  AssociationDescription,
  | 'DocumentVersion'
  | 'Targets'
  | 'AssociationName'
  | 'ScheduleExpression'
  | 'MaxErrors'
  | 'MaxConcurrency'
  | 'ComplianceSeverity'
  | 'SyncCompliance'
  | 'ApplyOnlyAtCronInterval'
>

function settingsView(settings: AssociationSettings): Settings {
  return present({
    DocumentVersion: settings.documentVersion,
    Targets: settings.targets.map(({ Key, Values }) => ({ Key, Values: [...Values] })),
    AssociationName: settings.associationName,
    ScheduleExpression: settings.scheduleExpression,
    MaxErrors: settings.maxErrors,
    MaxConcurrency: settings.maxConcurrency,
    ComplianceSeverity: settings.complianceSeverity,
    SyncCompliance: settings.syncCompliance,
    ApplyOnlyAtCronInterval: settings.applyOnlyAtCronInterval,
  } as Settings) // Kept as the model admitted them.
}

/** Without the members that are undefined. */
function present<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T
}

function parametersView(
  ctx: Context,
  association: Parameters<typeof openParameters>[1],
): Record<string, string[]> {
  const opened = Object.entries(openParameters(ctx.keyring, association))
  return Object.fromEntries(opened.map(([name, values]) => [name, [...values]]))
}

/** How an association stands on the nodes it is meant for. */
async function overviewView(ctx: Context, association: Association) {
  const { status, counts } = overviewOf(await standings(ctx, association, ctx.clock.now()))
  return { Status: status, DetailedStatus: status, AssociationStatusAggregatedCount: { ...counts } }
}

export async function associationDescription(
  ctx: Context,
  association: Association,
): Promise<AssociationDescription> {
  const last = await ctx.store.associations.lastExecuted(association)
  return present({
    AssociationId: association.id,
    Name: association.document,
    InstanceId: association.settings.instanceId,
    AssociationVersion: String(association.version),
    Date: association.createdAt,
    LastUpdateAssociationDate: association.updatedAt,
    Overview: await overviewView(ctx, association),
    ...settingsView(association.settings),
    Parameters: parametersView(ctx, association),
    LastExecutionDate: last.at,
    LastSuccessfulExecutionDate: last.successAt,
  })
}

export async function associationView(ctx: Context, association: Association): Promise<AssociationView> {
  const { DocumentVersion, Targets, ScheduleExpression, AssociationName } = settingsView(association.settings)
  const last = await ctx.store.associations.lastExecuted(association)
  return present({
    AssociationId: association.id,
    Name: association.document,
    InstanceId: association.settings.instanceId,
    AssociationVersion: String(association.version),
    LastExecutionDate: last.at,
    Overview: await overviewView(ctx, association),
    ...{ DocumentVersion, Targets, ScheduleExpression, AssociationName },
  })
}

export function associationVersionView(
  ctx: Context,
  association: Association,
  version: AssociationVersion,
): AssociationVersionInfo {
  const { account, region, id } = association
  return present({
    AssociationId: id,
    AssociationVersion: String(version.version),
    CreatedDate: version.createdAt,
    Name: version.document,
    Parameters: parametersView(ctx, { account, region, id, ...version }),
    ...settingsView(version.settings),
  })
}
