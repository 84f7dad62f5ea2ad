import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DEPLOY } from './tools.ts'

/** What deploy/Dockerfile says of the process that its image runs. */
export interface Image {
  /** Each stage's base, by name and tag. */
  readonly bases: readonly string[]
  /** What follows `RUN deploy/install /opt/lockstep`. */
  readonly installOptions: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly user: string
  readonly workdir: string
  readonly volume: string
  readonly stopSignal: string
  readonly healthcheck: readonly string[]
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
}

/** Reads the few instructions that the file has; hadolint reads it as a whole. */
export function readImage(): Image {
  const lines = readFileSync(join(DEPLOY, 'Dockerfile'), 'utf8')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
  const all = (instruction: string) =>
    lines
      .filter((line) => line.startsWith(`${instruction} `))
      .map((line) => line.slice(instruction.length + 1))
  const last = (instruction: string) => all(instruction).at(-1) ?? ''
  const list = (text: string) => JSON.parse(text.slice(text.indexOf('['))) as string[] // decoded
  const variables = last('ENV').split(/\s+/)
  return {
    bases: all('FROM').map((text) => text.split(' ')[0] ?? ''),
    installOptions:
      /deploy\/install \/opt\/lockstep(.*)$/m.exec(all('RUN').join('\n'))?.[1]?.trim().split(/\s+/) ?? [],
    env: Object.fromEntries(
      variables.map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]),
    ),
    user: last('USER'),
    workdir: last('WORKDIR'),
    volume: last('VOLUME'),
    stopSignal: last('STOPSIGNAL'),
    healthcheck: list(last('HEALTHCHECK')),
    entrypoint: list(last('ENTRYPOINT')),
    command: list(last('CMD')),
  }
}
