import type { Secret } from './secrets.ts'
import type { Place, Store } from './store.ts'

export const PLACE: Place = { account: '111122223333', region: 'us-east-1' }
export const NOW = new Date('2026-01-10T12:00:00Z')
export const LONG_AGO = new Date('2025-01-01T00:00:00Z')

export function arnOf(name: string, { account, region }: Place = PLACE): string {
  return `arn:aws:secretsmanager:${region}:${account}:secret:${name}-AbCdEf`
}

/** A secret without a value, long there. */
export function secret(name: string, changes: Partial<Secret> = {}): Secret {
  const arn = arnOf(name, { ...PLACE, ...changes })
  return { ...PLACE, name, arn, labels: new Map(), createdAt: LONG_AGO, changedAt: LONG_AGO, ...changes }
}

export async function insertAll(store: Store, ...secrets: readonly Secret[]): Promise<void> {
  await store.write(async (tx) => {
    for (const one of secrets) await tx.secrets.insert(one)
  })
}
