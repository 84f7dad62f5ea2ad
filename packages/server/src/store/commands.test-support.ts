import type { Command, CommandContent, InvocationStatus } from './commands.ts'
import type { Store } from './store.ts'

export const PLACE = { account: '111122223333', region: 'us-east-1' }
export const ELSEWHERE = [
  { ...PLACE, account: '444455556666' },
  { ...PLACE, region: 'eu-west-1' },
]
export const CONTENT: CommandContent = { parameters: Uint8Array.of(0, 1, 255), steps: Uint8Array.of(7) }
export const AT = new Date(5_000)

export function command(id: string, changes: Partial<Command> = {}): Command {
  return {
    ...PLACE,
    id,
    documentName: 'AWS-RunShellScript',
    documentVersion: '1',
    documentHash: 'ab',
    comment: '',
    instanceIds: [],
    targets: [],
    maxConcurrency: '50',
    maxErrors: '0',
    timeoutSeconds: 600,
    requestedAt: new Date(1_000),
    expiresAt: new Date(9_000),
    requesterArn: 'arn:aws:iam::111122223333:user/a',
    status: 'Pending',
    counts: { target: 2, completed: 0, error: 0, deliveryTimedOut: 0 },
    timerAt: new Date(2_000),
    ...changes,
  }
}

/** Each command with these nodes, all of them waiting. */
export async function holding(
  open: () => Promise<Store>,
  sent: readonly (readonly [Command, ...string[]])[],
): Promise<Store> {
  const store = await open()
  await store.write(async (tx) => {
    for (const [each, ...nodes] of sent) {
      const waiting = nodes.map((instanceId) => ({ instanceId, status: 'Waiting' as const }))
      await tx.commands.insert(each, CONTENT, waiting)
    }
  })
  return store
}

export async function statuses(store: Store, id: string): Promise<Record<string, InvocationStatus>> {
  const found = await store.read.commands.invocations(PLACE, { commandId: id, limit: 100 })
  return Object.fromEntries(found.map(({ instanceId, status }) => [instanceId, status]))
}
