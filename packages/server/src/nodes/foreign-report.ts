import type { Logger } from '../platform/logger.ts'

/** Of commands and associations. What a node says in their place may be anything. */
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Tells whoever looks after the server that a node reported of what it was never sent: an old agent's memory, or a node
 * that tries out others' ids. One line, however many they are.
 */
export function noteForeign(
  logger: Logger,
  node: string,
  what: 'command' | 'association',
  ids: readonly string[],
): void {
  if (ids.length > 0)
    logger.warn('nodes.foreign-report', { node, what, id: ids.find((id) => ID.test(id)), count: ids.length })
}
