import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '..')
const server = 'packages/server/src'

/** One forbidden import for each arrow of ARCHITECTURE.md: where it is planted, and what it reaches for. */
const FORBIDDEN = [
  [`${server}/store/planted.ts`, '../services/registry.ts'],
  [`${server}/store/planted.ts`, '../gateway/call.ts'],
  [`${server}/policy/planted.ts`, '../store/store.ts'],
  [`${server}/keyring/planted.ts`, '../store/store.ts'],
  [`${server}/gateway/planted.ts`, '../services/registry.ts'],
  [`${server}/gateway/planted.ts`, '../http/listener.ts'],
  [`${server}/services/kms/planted.ts`, '../secretsmanager/index.ts'],
  [`${server}/services/kms/planted.ts`, '../lambda/index.ts'],
  [`${server}/services/lambda/planted.ts`, '../kms/index.ts'],
  [`${server}/services/kms/planted.ts`, '../../store/sqlite/connection.ts'],
  [`${server}/services/kms/planted.ts`, '../../http/listener.ts'],
  [`${server}/moving/planted.ts`, '../gateway/call.ts'],
  [`${server}/functions/planted.ts`, '../services/registry.ts'],
  [`${server}/functions/planted.ts`, '../http/listener.ts'],
  [`${server}/nodes/planted.ts`, '../services/registry.ts'],
  [`${server}/nodes/planted.ts`, '../http/listener.ts'],
  ['packages/agent/src/planted.ts', '@lockstep/server/main'],
  ['packages/agent/src/planted.ts', '../../wire/src/index.ts'],
  [`${server}/jobs/planted.ts`, '../gateway/call.ts'],
  [`${server}/fleet/planted.ts`, '../services/registry.ts'],
  [`${server}/fleet/planted.ts`, '../store/sqlite/connection.ts'],
  [`${server}/services/kms/planted.ts`, '../ssm/index.ts'],
  [`${server}/outbound/planted.ts`, '../store/store.ts'],
  [`${server}/notify/planted.ts`, '../gateway/call.ts'],
  [`${server}/notify/planted.ts`, '../jobs/index.ts'],
  [`${server}/services/kms/planted.ts`, '../sns/index.ts'],
  [`${server}/jobs/planted.ts`, '../store/postgres/pool.ts'],
  [`${server}/rotation/planted.ts`, '../services/registry.ts'],
  [`${server}/rotation/planted.ts`, '../jobs/job.ts'],
  [`${server}/schedule/planted.ts`, '../store/store.ts'],
  [`${server}/fleet/planted.ts`, '../services/registry.ts'],
  [`${server}/fleet/planted.ts`, '../jobs/index.ts'],
  [`${server}/patterns/planted.ts`, '../platform/clock.ts'],
  [`${server}/bus/planted.ts`, '../gateway/call.ts'],
  [`${server}/bus/planted.ts`, '../jobs/job.ts'],
  [`${server}/http/planted.ts`, '../store/store.ts'],
  [`${server}/platform/planted.ts`, '../store/store.ts'],
  ['packages/wire/src/planted.ts', '@lockstep/server/main'],
  ['packages/wire/src/planted.ts', '@lockstep/workers/rotation/rotator'],
  ['packages/workers/src/planted.ts', '@lockstep/server/main'],
  ['packages/workers/src/rotation/planted.ts', '../../../server/src/platform/plaintext.ts'],
  ['packages/cli/src/planted.ts', '@lockstep/server/main'],
] as const

interface Planted {
  readonly path: string
  readonly source: string
}

/** Plants files, lints them in one run, and answers which of them the rule named. */
function named(planted: readonly Planted[], rule: string): readonly string[] {
  for (const { path, source } of planted) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), source)
  }
  try {
    const paths = planted.map(({ path }) => path)
    const run = spawnSync('biome', ['lint', '--reporter=json', '--max-diagnostics=none', ...paths], {
      cwd: root,
      encoding: 'utf8',
    })
    const { diagnostics } = JSON.parse(run.stdout) as { diagnostics: readonly Diagnostic[] } // biome's own format
    return diagnostics.filter(({ category }) => category.endsWith(rule)).map(({ location }) => location.path)
  } finally {
    for (const { path } of planted) rmSync(join(root, path))
  }
}

interface Diagnostic {
  readonly category: string
  readonly location: { readonly path: string }
}

test('an import across a forbidden boundary fails the lint', () => {
  const planted = FORBIDDEN.map(([from, to], i) => ({
    path: from.replace('planted', `planted-${i}`),
    source: `import * as forbidden from '${to}'\n\nexport const found = forbidden\n`,
  }))
  assert.deepEqual(
    named(planted, 'noRestrictedImports').toSorted(),
    planted.map(({ path }) => path).toSorted(),
  )
})

test('time and chance outside platform/ fail the lint', () => {
  const planted = ['new Date()', 'Date.now()', 'Math.random()', 'setTimeout(() => {}, 1)'].map(
    (source, i) => ({
      path: `${server}/services/kms/planted-${i}.ts`,
      source: `export const found = ${source}\n`,
    }),
  )
  assert.deepEqual(named(planted, 'plugin').toSorted(), planted.map(({ path }) => path).toSorted())
})

test('an allowed import passes, so that the failures above mean something', () => {
  const source = "import { AwsError } from '@lockstep/wire'\n\nexport const found = AwsError\n"
  assert.deepEqual(named([{ path: `${server}/services/kms/planted.ts`, source }], ''), [])
})
