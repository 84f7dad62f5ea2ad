import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe } from 'node:test'
import { storeContracts } from '../contracts.test-support.ts'
import { openTestStore } from '../test-store.ts'

describe('SQLite in memory', () => {
  storeContracts(() => openTestStore({ kind: 'memory' }), { interleavings: 100, serial: true })
})

describe('SQLite in a directory', () => {
  const root = mkdtempSync(join(tmpdir(), 'lockstep-store-'))
  after(() => rmSync(root, { recursive: true }))
  const open = () => openTestStore({ kind: 'sqlite', directory: mkdtempSync(join(root, 'store-')) })
  storeContracts(open, { interleavings: 15, serial: true })
})
