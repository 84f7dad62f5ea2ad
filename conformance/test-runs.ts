/** Runs the project's own test files in processes of their own and answers what became of every single test. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { cleanEnvironment, type Environment } from './loopback.ts'
import { finish } from './process.ts'
import { Scratch } from './server.ts'

export const SERVER_SOURCE = join(import.meta.dirname, '../packages/server/src')
const REPORTER = join(import.meta.dirname, 'test-outcomes.ts')
const RUN_LIMIT_MS = 420_000

/** What became of one test. Suites are none. */
export interface Outcome {
  /** Below {@link SERVER_SOURCE}. */
  readonly file: string
  readonly line: number
  readonly name: string
  readonly outcome: 'passed' | 'failed' | 'skipped'
  /** Of a failure, or why it was skipped. */
  readonly reason: string
}

/** The test files below {@link SERVER_SOURCE} that import `target`, themselves or by way of others. */
export function testFilesReaching(target: string): readonly string[] {
  const files = readdirSync(SERVER_SOURCE, { recursive: true, encoding: 'utf8' })
  const tests = files.filter((file) => file.endsWith('.test.ts')).map((file) => join(SERVER_SOURCE, file))
  const known = new Map<string, boolean>()
  return tests.filter((file) => reaches(file, join(SERVER_SOURCE, target), known)).sort()
}

function reaches(file: string, target: string, known: Map<string, boolean>): boolean {
  if (file === target) return true
  const answer = known.get(file)
  if (answer !== undefined) return answer
  known.set(file, false)
  const imports = readFileSync(file, 'utf8').matchAll(/^(?:import|export|\}) ?.*from '(\.[^']+\.ts)'$/gm)
  const found = imports.some(([, path = '']) => reaches(resolve(dirname(file), path), target, known))
  known.set(file, found)
  return found
}

/** Identifies a test wherever it ran. */
export function nameOf({ file, line, name }: Outcome): string {
  return `${file}:${line} ${name}`
}

/** @param processes So many at a time; within one, file follows file, which saves each its start. */
export async function runTests(
  files: readonly string[],
  { env = {}, processes }: { readonly env?: Environment; readonly processes: number },
): Promise<readonly Outcome[]> {
  const shares = Array.from({ length: processes }, (_, share) =>
    files.filter((_, index) => index % processes === share),
  )
  const outcomes = await Promise.all(
    shares.filter((share) => share.length > 0).map((share) => runShare(share, env)),
  )
  return outcomes.flat()
}

async function runShare(files: readonly string[], env: Environment): Promise<readonly Outcome[]> {
  using scratch = new Scratch()
  const report = join(scratch.path, 'outcomes.jsonl')
  const { NODE_TEST_CONTEXT: _, ...clean } = cleanEnvironment(scratch.path)
  const flags = ['--test', '--test-isolation=none', '--test-timeout=120000']
  const ending = await finish(
    process.execPath,
    [...flags, `--test-reporter=${REPORTER}`, `--test-reporter-destination=${report}`, ...files],
    { env: { ...clean, ...env }, limitMs: RUN_LIMIT_MS },
  )
  const outcomes = readFileSync(report, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Outcome) // written by the reporter
    .map((outcome) => ({ ...outcome, file: relative(SERVER_SOURCE, outcome.file) }))
  const hasFailed = outcomes.some(({ outcome }) => outcome === 'failed')
  if (ending.code !== 0 && !hasFailed) {
    throw new Error(`The tests ended with ${ending.code ?? ending.signal}: ${ending.stderr}${ending.stdout}`)
  }
  return outcomes
}
