/** The workers' tests that need a real OpenSSH, which a machine may lack when `npm test` runs, here where it is installed. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { needing } from './components.ts'
import { nameOf, runTests } from './test-runs.ts'

const { test } = needing('openssh')

const WORKERS = join(import.meta.dirname, '../packages/workers/src')
const LEAST_TESTS = 30

test('every test of keys, logins and their rotation runs on a real sshd, and passes', async () => {
  const files = globSync('**/*.test.ts', { cwd: WORKERS })
    .map((file) => join(WORKERS, file))
    .filter((file) => /openssh\.test-support|'ssh-keygen'/.test(readFileSync(file, 'utf8')))
  const outcomes = await runTests(files, { processes: 2 })
  assert.ok(outcomes.length >= LEAST_TESTS, `only ${outcomes.length} tests were run`)
  const others = outcomes.filter(({ outcome }) => outcome !== 'passed')
  assert.deepEqual(
    others.map((one) => `${nameOf(one)}: ${one.outcome}: ${one.reason}`),
    [],
  )
})
