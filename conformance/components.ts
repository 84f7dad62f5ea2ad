import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'

/** Where `conformance/setup` puts what it installs. */
const CACHE = join(import.meta.dirname, '.cache')
const MISSING = join(CACHE, 'missing')

/** The real clients and tools that tests need besides Node, as `.cache/missing` names them. */
export type Component =
  | 'aws-cli'
  | 'boto3'
  | 'openssl'
  | 'postgresql'
  /** Amazon's clients of Lambda's Runtime API, of Python and of Node.js. */
  | 'awslambdaric'
  | 'aws-lambda-ric'
  /** sshd and ssh. */
  | 'openssh'
  /** A foreign AWS endpoint. */
  | 'moto'

export const AWS = join(CACHE, 'python/bin/aws')
export const MOTO = join(CACHE, 'python/bin/moto_server')
export const PYTHON = join(CACHE, 'python/bin/python')
export const NODE_RUNTIME_CLIENT = join(CACHE, 'runtime/node_modules/aws-lambda-ric/index.mjs')

/** Debian's folder of PostgreSQL versions; only clients are on the PATH there. */
const DEBIAN_POSTGRES = '/usr/lib/postgresql'

/** The folder of PostgreSQL's server programs, the newest where there are several. */
export const POSTGRES_BINARIES = [
  ...versionsIn(DEBIAN_POSTGRES).map((version) => join(DEBIAN_POSTGRES, version, 'bin')),
  ...(process.env.PATH ?? '').split(delimiter),
].find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')))

function versionsIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).sort((a, b) => Number(b) - Number(a)) : []
}

const FILES: Readonly<Partial<Record<Component, string>>> = {
  'aws-cli': AWS,
  boto3: PYTHON,
  awslambdaric: PYTHON,
  'aws-lambda-ric': NODE_RUNTIME_CLIENT,
  moto: MOTO,
  openssh: '/usr/sbin/sshd',
  // What is found nowhere is still looked for, so that its absence is told.
  postgresql: POSTGRES_BINARIES ?? join(DEBIAN_POSTGRES, 'bin'),
}

type Body = () => Promise<void> | void

/** node:test's own functions, or such that skip. */
export interface Hooks {
  test(name: string, body: (t: TestContext) => Promise<void> | void): void
  before(body: Body): void
  after(body: Body): void
}

/**
 * node:test for tests that need components. Where one is missing, each test is counted as skipped, with the
 * reason, and no hook runs. Skipping the suite instead would leave its tests uncounted.
 */
export function needing(...components: readonly Component[]): Hooks {
  const [reason] = components.flatMap((component) => missing(component) ?? [])
  return {
    test: (name, body) => void test(name, reason === undefined ? {} : { skip: reason }, body),
    before: (body) => void (reason === undefined && before(body)),
    after: (body) => void (reason === undefined && after(body)),
  }
}

/** Why `component` is not there; undefined when it is. */
function missing(component: Component): string | undefined {
  if (!existsSync(MISSING)) return `${component}: conformance/setup has not been run`
  const line = readFileSync(MISSING, 'utf8')
    .split('\n')
    .find((text) => text.startsWith(`${component}\t`))
  if (line !== undefined) return line.replace('\t', ': ')
  const file = FILES[component]
  return file === undefined || existsSync(file)
    ? undefined
    : `${component}: conformance/setup has not been run`
}
