import { resolve } from 'node:path'
import type { FunctionUsers } from '../functions/confinement.ts'
import type { SettingName } from '../settings.ts'
import type { Reader } from './reader.ts'

/** How functions are run. */
export interface FunctionConfig {
  readonly concurrency: number
  readonly python: string
  readonly users?: FunctionUsers
  /** Whether users' functions run where nothing keeps them from the server's files. */
  readonly mayBeUnconfined: boolean
  /** Where they reach the server, if the operator said. */
  readonly endpoint?: string
  readonly caFile?: string
}

export function functionsOf(reader: Reader): FunctionConfig {
  const users = usersOf(reader, 'function-user')
  const endpoint = reader.text('function-endpoint')
  const caFile = reader.text('function-ca')
  if (endpoint !== undefined && !(URL.canParse(endpoint) && /^https?:$/.test(new URL(endpoint).protocol)))
    reader.complain('function-endpoint', `${endpoint} is not an http:// or https:// address`)
  return {
    concurrency: reader.count('function-concurrency'),
    python: reader.text('function-python') ?? '',
    ...(users && { users }),
    mayBeUnconfined: reader.text('insecure-functions') !== undefined,
    ...(endpoint !== undefined && { endpoint }),
    ...(caFile !== undefined && { caFile: resolve(caFile) }),
  }
}

function usersOf(reader: Reader, name: SettingName): FunctionUsers | undefined {
  const text = reader.text(name)
  if (text === undefined) return undefined
  const [, first, last = first] = /^([1-9]\d{0,8})(?:-([1-9]\d{0,8}))?$/.exec(text) ?? []
  if (!(Number(first) <= Number(last)))
    reader.complain(name, `${text} is neither a user id nor two of them, as 20000-20015`)
  else if (process.getuid?.() !== 0) reader.complain(name, 'only root may run functions as another user')
  return { firstUid: Number(first), lastUid: Number(last) }
}
