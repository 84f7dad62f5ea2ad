import type { Context } from '../gateway/context.ts'

/**
 * What it takes to find keys and to use their material, without asking any policy: a call's context has it, and so
 * has whoever acts for a service that nobody called.
 */
export type KeyDoors = Pick<Context, 'region' | 'keyring' | 'random' | 'store' | 'access' | 'keysRevision'>
