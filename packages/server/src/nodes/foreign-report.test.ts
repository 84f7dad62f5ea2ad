import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Keyring } from '../keyring/keyring.ts'
import { openMemoryRootKey } from '../keyring/root-keys/memory.ts'
import { jsonLogger } from '../platform/logger.ts'
import { systemRandom } from '../platform/random.ts'
import { openTestStore } from '../store/test-store.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { noteForeign } from './foreign-report.ts'
import { PLACE } from './nodes.test-support.ts'
import { runCommand } from './run-command.ts'

const ID = '00000000-0000-4000-8000-00000000000c'
const NODE = 'mi-0123456789abcdef0'

function log() {
  const lines: string[] = []
  return { lines, logger: jsonLogger('debug', (line) => lines.push(line)) }
}

describe('a report of what a node was never sent', () => {
  test('is taken and changes nothing, and the log has one line for all of it', async () => {
    const clock = new ManualClock()
    await using store = await openTestStore({ kind: 'memory' }, clock)
    const { keyring } = await Keyring.create(openMemoryRootKey(systemRandom), systemRandom, clock.now())
    const { lines, logger } = log()
    const { takeReport } = runCommand({ store, keyring, clock, random: systemRandom, logger })
    const startedAt = clock.now().toISOString()
    await takeReport(
      { ...PLACE, id: NODE },
      {
        started: [{ commandId: ID.replace('c', 'd'), startedAt }],
        results: [{ commandId: ID, outcome: 'Completed', steps: [] }],
      },
    )
    assert.equal(lines.length, 1)
    assert.partialDeepStrictEqual(JSON.parse(lines[0] ?? ''), {
      ...{ level: 'warn', event: 'nodes.foreign-report', node: NODE, what: 'command' },
      ...{ id: ID.replace('c', 'd'), count: 2 },
    })
  })

  test('brings nothing into the log but ids that could be ours', () => {
    const { lines, logger } = log()
    noteForeign(logger, NODE, 'association', ['a-password'])
    noteForeign(logger, NODE, 'association', [])
    assert.equal(lines.length, 1)
    assert.ok(!lines[0]?.includes('a-password'))
  })
})
