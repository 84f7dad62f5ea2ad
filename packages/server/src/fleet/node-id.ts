import { type Random, randomText } from '../platform/random.ts'

// A node's two ids share their digits: Systems Manager says `mi-…`, EC2 says `i-…`.

const DIGITS = 17
const EITHER = /^m?i-([0-9a-f]{17})$/

/** The id of a new node, as the store has it: `mi-` and 17 hexadecimal digits. */
export function newNodeId(random: Random): string {
  return `mi-${randomText(random, '0123456789abcdef', DIGITS)}`
}

/** The `mi-` id of what is named by either of its ids; undefined for what no node can be called. */
export function nodeIdOf(eitherId: string): string | undefined {
  const digits = EITHER.exec(eitherId)?.[1]
  return digits === undefined ? undefined : `mi-${digits}`
}

/** What EC2 calls the node with this `mi-` id. */
export function ec2IdOf(nodeId: string): string {
  return nodeId.replace(/^mi-/, 'i-')
}
