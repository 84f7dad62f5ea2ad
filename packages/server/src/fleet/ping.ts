import type { FleetNode } from '../store/nodes.ts'

/** A node that was not heard of for so long has lost its connection. */
export const ONLINE_MS = 5 * 60 * 1000

/** AWS's words. Its third, Inactive, is of the past. */
export type PingStatus = 'Online' | 'ConnectionLost'

export function pingStatus({ lastSeenAt }: Pick<FleetNode, 'lastSeenAt'>, now: Date): PingStatus {
  return now.getTime() - lastSeenAt.getTime() <= ONLINE_MS ? 'Online' : 'ConnectionLost'
}
