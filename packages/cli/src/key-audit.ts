import { type ManagedSecret, type NodeAudit, type Owner, ownerOf } from '@lockstep/workers/ssh/audit'
import type { AuthorizedKeyFound } from '@lockstep/workers/ssh/audit-script'
import type { NodeTold } from './nodes.ts'
import { tableLines } from './table.ts'

export interface AuditedNode extends Pick<NodeTold, 'id' | 'name'> {
  readonly keys: readonly (AuthorizedKeyFound & { readonly owner: Owner })[]
  readonly notes: readonly string[]
  readonly failure: string | undefined
}

/** What the nodes said, with whose each key is. A node that was not asked is one whose keys are not known. */
export function auditedNodes(
  nodes: readonly NodeTold[],
  audits: readonly NodeAudit[],
  managed: readonly ManagedSecret[],
): readonly AuditedNode[] {
  return nodes.map(({ id, name, ping }) => {
    const found = audits.find(({ nodeId }) => nodeId === id)
    return {
      id,
      name,
      keys: (found?.keys ?? []).map((key) => ({ ...key, owner: ownerOf(key, managed) })),
      notes: found?.notes ?? [],
      failure: found ? found.failure : `its agent is not connected (${ping})`,
    }
  })
}

export function auditLines(nodes: readonly AuditedNode[]): readonly string[] {
  const rows = nodes.flatMap(({ id, name, keys }) =>
    keys.map((key) => [
      name || id,
      key.user,
      key.type,
      key.fingerprint,
      ownerText(key.owner),
      key.comment || '-',
      `${key.file}:${key.line}`,
      key.changedAt?.toISOString().slice(0, 19).concat('Z') ?? '-',
      key.lastUsed ?? '-',
      key.options || '-',
    ]),
  )
  const titles = [
    'NODE',
    'USER',
    'TYPE',
    'FINGERPRINT',
    'OWNER',
    'COMMENT',
    'FILE',
    'FILE CHANGED',
    'LAST USED',
    'OPTIONS',
  ]
  const notes = nodes.flatMap((node) =>
    node.notes.map((note) => `${node.name || node.id} also asks: ${note}`),
  )
  return [...tableLines(titles, rows), ...notes]
}

function ownerText(owner: Owner): string {
  switch (owner.is) {
    case 'managed':
      return `managed by ${owner.secret}`
    case 'retired':
      return `retired of ${owner.secret}`
    case 'false':
      return 'FALSE NAME'
    case 'stray':
      return 'stray'
  }
}
