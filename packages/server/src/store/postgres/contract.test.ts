import { describe } from 'node:test'
import { storeContracts } from '../contracts.test-support.ts'
import type { Store } from '../store.ts'
import { openTestStore } from '../test-store.ts'
import { openTestDatabase, TEST_POSTGRES } from './test-database.ts'

const skip = TEST_POSTGRES ? false : 'LOCKSTEP_TEST_POSTGRES names no PostgreSQL; npm run conformance does'

async function open(): Promise<Store> {
  const database = await openTestDatabase(TEST_POSTGRES ?? '')
  const store = await openTestStore({ kind: 'postgres', url: database.url })
  const close = store[Symbol.asyncDispose].bind(store)
  return Object.assign(store, {
    async [Symbol.asyncDispose]() {
      await close()
      await database[Symbol.asyncDispose]()
    },
  })
}

describe('PostgreSQL', { skip }, () => storeContracts(open, { interleavings: 15, serial: false }))
