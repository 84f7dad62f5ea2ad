import { readFileSync } from 'node:fs'
import { ConfigError } from './config.ts'

/** A system user's ids. @throws ConfigError where there is none of that name */
export function idsOf(user: string): { readonly uid: number; readonly gid: number } {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${user}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  if (uid === undefined || gid === undefined) throw new ConfigError(`there is no user ${user}`)
  return { uid: Number(uid), gid: Number(gid) }
}
