import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AWS, POSTGRES_BINARIES } from '../components.ts'
import { cleanEnvironment } from '../loopback.ts'
import { type Ending, finish } from '../process.ts'

/** The checkout. */
export const CHECKOUT = join(import.meta.dirname, '../..')
export const DEPLOY = join(CHECKOUT, 'deploy')

const CACHE = join(import.meta.dirname, '../.cache')
const BUILT = join(CACHE, 'bin')

/** What `conformance/setup` and `setup-deploy` install, as `.cache/missing` names it. */
type Tool = 'aws-cli' | 'openssl' | 'postgresql' | 'helm' | 'deploy-check' | 'hadolint' | 'systemd' | 'dpkg'

export const HELM = join(BUILT, 'helm')
export const COMPOSE = join(BUILT, 'compose')
export const KUBERNETES = join(BUILT, 'kubernetes')
export const HADOLINT = join(CACHE, 'python/bin/hadolint')

const FILES: Readonly<Record<Tool, string>> = {
  'aws-cli': AWS,
  openssl: '/usr/bin/openssl',
  postgresql: POSTGRES_BINARIES ?? '/usr/lib/postgresql',
  helm: HELM,
  'deploy-check': KUBERNETES,
  hadolint: HADOLINT,
  systemd: '/usr/bin/systemd-analyze',
  dpkg: '/usr/bin/dpkg',
}

/** For node:test's options: skips, with the reason, where one of `tools` is not there. */
export function needs(...tools: readonly Tool[]): { readonly skip?: string } {
  const [reason] = tools.flatMap((tool) => missing(tool) ?? [])
  return reason === undefined ? {} : { skip: reason }
}

function missing(tool: Tool): string | undefined {
  const file = join(CACHE, 'missing')
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
  const line = lines.find((text) => text.startsWith(`${tool}\t`))
  if (line !== undefined) return line.replace('\t', ': ')
  return existsSync(FILES[tool]) ? undefined : `${tool}: conformance/setup has not been run`
}

/** A program to its end, with nothing in the environment that belongs to whoever runs the tests. */
export function run(program: string, ...args: readonly string[]): Promise<Ending> {
  return finish(program, args, { env: cleanEnvironment('/nonexistent') })
}

/** The script that says of itself, by ending so, that this machine lacks something that it needs. */
export const CANNOT = 77
