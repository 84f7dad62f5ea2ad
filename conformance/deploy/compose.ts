import assert from 'node:assert/strict'
import { join } from 'node:path'
import { COMPOSE, DEPLOY, run } from './tools.ts'

/** A service as compose-go understands it; the members that are looked at. */
interface Service {
  readonly image: string
  readonly user?: string
  readonly command: readonly string[] | null
  readonly entrypoint: readonly string[] | null
  readonly read_only?: boolean
  readonly privileged?: boolean
  readonly cap_add?: readonly string[]
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly restart?: string
  readonly stop_grace_period?: string
  readonly environment?: Readonly<Record<string, string | null>>
  readonly secrets?: readonly { readonly source: string; readonly target?: string }[]
  readonly volumes?: readonly { readonly type: string; readonly source: string; readonly target: string }[]
  readonly tmpfs?: readonly string[]
  readonly ports?: readonly { readonly target: number; readonly published: string }[]
  readonly networks?: Readonly<Record<string, unknown>>
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly ulimits?: Readonly<Record<string, number | object>>
}

export interface Project {
  readonly services: Readonly<Record<string, Service>>
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>
  readonly secrets: Readonly<Record<string, { readonly file?: string; readonly environment?: string }>>
}

/** deploy/compose.yaml, read by the parser of docker compose. */
export async function readProject(): Promise<Project> {
  const { code, stdout, stderr } = await run(COMPOSE, join(DEPLOY, 'compose.yaml'))
  assert.equal(code, 0, stderr)
  assert.equal(stderr, '')
  return JSON.parse(stdout) as Project // decoded
}
