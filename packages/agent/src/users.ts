import { readFileSync } from 'node:fs'
import { ConfigError } from './config.ts'

/** Whom the package and install.sh make to speak with the network. */
export const PACKAGED_USER = 'lockstep-agent'

/** A system user's ids. @throws ConfigError where there is none of that name */
export function idsOf(user: string): { readonly uid: number; readonly gid: number } {
  const [, , uid, gid] = entryOf(user)
  if (uid === undefined || gid === undefined) throw new ConfigError(`there is no user ${user}`)
  return { uid: Number(uid), gid: Number(gid) }
}

/** The user of that name, where this process is root and there is one. */
export function packagedUser(): string | undefined {
  return process.getuid?.() === 0 && entryOf(PACKAGED_USER).length > 0 ? PACKAGED_USER : undefined
}

function entryOf(user: string): readonly string[] {
  const entries = readFileSync('/etc/passwd', 'utf8').split('\n')
  return entries.find((entry) => entry.startsWith(`${user}:`))?.split(':') ?? []
}
