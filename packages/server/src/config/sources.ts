import { readFileSync } from 'node:fs'
import { SETTINGS, type SettingName, type Values, variableOf } from '../settings.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** What the environment sets. */
export function fromEnvironment(env: Environment): Values {
  const values: Partial<Record<SettingName, string>> = {}
  for (const { name } of SETTINGS) {
    const value = env[variableOf(name)]
    if (value !== undefined && value !== '') values[name] = value
  }
  return values
}

/** What `lockstep.json` sets. */
export function readFile(path: string, problems: string[]): Values {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return {} // most installations have no file
  }
  const known = new Set<string>(SETTINGS.map((setting) => setting.name))
  const values: Record<string, string> = {}
  try {
    const parsed: unknown = JSON.parse(text)
    for (const [name, value] of Object.entries(parsed ?? {})) {
      if (!known.has(name)) problems.push(`${path}: ${name} is not a setting`)
      else if (value !== false) values[name] = Array.isArray(value) ? value.join(',') : String(value)
    }
  } catch {
    problems.push(`${path}: is not JSON`)
  }
  return values
}
