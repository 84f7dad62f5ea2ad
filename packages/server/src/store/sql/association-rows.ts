import type {
  Association,
  AssociationExecution,
  AssociationSettings,
  AssociationVersion,
  ExecutionTarget,
  TargetStatus,
} from '../associations.ts'

export interface AssociationRow {
  account: string
  region: string
  id: string
  document: string
  version: number
  settings: string
  sealed_parameters: Uint8Array | null
  tags: string
  execution: number
  created_at: number
  updated_at: number
}

export interface AssociationVersionRow {
  account: string
  region: string
  association: string
  version: number
  document: string
  settings: string
  sealed_parameters: Uint8Array | null
  created_at: number
}

export interface ExecutionRow {
  account: string
  region: string
  association: string
  number: number
  id: string
  association_version: number
  created_at: number
}

export interface TargetRow {
  account: string
  region: string
  association: string
  execution: number
  node: string
  version: string
  status: string
  succeeded_steps: number
  failed_steps: number
  timed_out_steps: number
  executed_at: number
}

export function associationOf(row: AssociationRow): Association {
  return {
    account: row.account,
    region: row.region,
    id: row.id,
    document: row.document,
    version: Number(row.version),
    settings: JSON.parse(row.settings) as AssociationSettings,
    ...(row.sealed_parameters !== null && { sealedParameters: row.sealed_parameters }),
    tags: JSON.parse(row.tags) as Record<string, string>,
    execution: Number(row.execution),
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
  }
}

export function associationVersionOf(row: AssociationVersionRow): AssociationVersion {
  return {
    document: row.document,
    version: Number(row.version),
    settings: JSON.parse(row.settings) as AssociationSettings,
    ...(row.sealed_parameters !== null && { sealedParameters: row.sealed_parameters }),
    createdAt: new Date(row.created_at),
  }
}

export function executionOf(row: ExecutionRow): AssociationExecution {
  return {
    number: Number(row.number),
    id: row.id,
    associationVersion: Number(row.association_version),
    createdAt: new Date(row.created_at),
  }
}

export function targetOf(row: TargetRow): ExecutionTarget {
  return {
    association: row.association,
    execution: Number(row.execution),
    node: row.node,
    version: row.version,
    status: row.status as TargetStatus,
    steps: {
      success: Number(row.succeeded_steps),
      failed: Number(row.failed_steps),
      timedOut: Number(row.timed_out_steps),
    },
    executedAt: new Date(row.executed_at),
  }
}
