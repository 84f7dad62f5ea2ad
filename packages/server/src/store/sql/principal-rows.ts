import type { AccessKey, Account, Entity, PolicyVersion } from '../principals.ts'

/** IAM belongs to no region. */
export const GLOBAL = 'global'

export interface Placed {
  account: string
  region: string
}

export interface AccountRow extends Placed {
  alias: string | null
  created_at: number
}

export interface EntityRow extends Placed {
  id: string
  kind: string
  name: string
  name_key: string
  path: string
  boundary_arn: string | null
  created_at: number
  body: string
}

export interface VersionRow extends Placed {
  policy_id: string
  number: number
  document: string
  created_at: number
}

export interface InlineRow extends Placed {
  owner_id: string
  name: string
  document: string
}

export interface AttachmentRow extends Placed {
  owner_id: string
  owner_kind: string
  policy_arn: string
}

export interface AccessKeyRow extends Placed {
  id: string
  owner_id: string
  sealed_secret: Uint8Array
  active: number
  created_at: number
}

export interface LastUseRow extends Placed {
  id: string
  used_at: number
  used_region: string
  used_service: string
}

export function accountOf({ account, alias, created_at }: AccountRow): Account {
  return { id: account, createdAt: new Date(created_at), ...(alias !== null && { alias }) }
}

/** The row was written by put() from an entity of this kind; only updatedAt has to become an instant again. */
export function entityOf<Found extends Entity>(row: EntityRow): Found {
  const body: Record<string, unknown> = JSON.parse(row.body)
  if (typeof body.updatedAt === 'string') body.updatedAt = new Date(body.updatedAt)
  const { account, id, kind, name, path } = row
  return { ...body, account, id, kind, name, path, createdAt: new Date(row.created_at) } as Found
}

export function versionOf({ number, document, created_at }: VersionRow): PolicyVersion {
  return { versionId: `v${number}`, document, createdAt: new Date(created_at) }
}

/** `v7` -> 7. What is no version id is no number either, and finds nothing. */
export function versionNumber(versionId: string): number {
  return /^v[1-9]\d{0,8}$/.test(versionId) ? Number(versionId.slice(1)) : 0
}

export function accessKeyOf(row: AccessKeyRow): AccessKey {
  return {
    account: row.account,
    id: row.id,
    ownerId: row.owner_id,
    sealedSecret: row.sealed_secret,
    active: row.active === 1,
    createdAt: new Date(row.created_at),
  }
}
