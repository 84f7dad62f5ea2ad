import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { openWorkspace, removeWorkspace } from './workspace.ts'

/**
 * The user ids, each a group id as well, that functions run as: where there is one, all run as that; where there are
 * more, no two at once run as the same. Only root may choose.
 */
export interface FunctionUsers {
  readonly firstUid: number
  readonly lastUid: number
}

/** How many functions may run at once. */
export function placesFor(concurrency: number, users: FunctionUsers | undefined): number {
  if (!users || users.firstUid === users.lastUid) return concurrency
  return Math.min(concurrency, users.lastUid - users.firstUid + 1)
}

/** Who the one in this place runs as, counted from 0; nobody in particular: as the server. */
export function uidIn(place: number, users: FunctionUsers | undefined): number | undefined {
  if (!users || users.firstUid === users.lastUid) return users?.firstUid
  return users.firstUid + place
}

/** What this machine offers to keep a function away from everything else. */
export interface Confinement {
  /** `unshare` makes process and mount namespaces; `user` where it needs a user namespace for it. */
  readonly namespaces: 'none' | 'user' | 'root'
  /** `setpriv` is there: no new privileges, and a process that dies with its parent. */
  readonly setpriv: boolean
}

const PROBE_MS = 5_000
/** Where the tools are, whatever the server's own PATH says. */
const TOOLS_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Tries out what works here: a container's runtime or the system may forbid what is installed. */
export async function probeConfinement(isRoot: boolean): Promise<Confinement> {
  const work = await openWorkspace()
  try {
    const namespaces = isRoot ? 'root' : 'user'
    // The very command line of a function, with everything that it may have to do.
    const launch = {
      work,
      directory: '/',
      program: ['true'],
      hidden: [join(work, 'tmp'), '/dev/null'],
      // The scripts are run behind the cover, and a checkout may lie below /tmp.
      needed: [import.meta.dirname],
    }
    for (const found of [
      { namespaces, setpriv: true } as const,
      { namespaces: 'none', setpriv: true } as const,
    ]) {
      if (await works(commandOf(launch, found))) return found
    }
    return { namespaces: 'none', setpriv: false }
  } finally {
    await removeWorkspace(work)
  }
}

/** Whether a function is kept from what the server's user alone may read. */
export function isKeptApart({ namespaces, setpriv }: Confinement, uid: number | undefined): boolean {
  return namespaces !== 'none' || (setpriv && uid !== undefined)
}

/** The command that runs another in namespaces of its own, which end with it. */
function unshareCommand(kind: 'user' | 'root'): readonly string[] {
  const user = kind === 'user' ? ['--user', '--map-root-user'] : []
  return ['unshare', ...user, '--mount', '--pid', '--fork', '--kill-child=KILL', '--mount-proc']
}

function works([program = '', ...args]: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: PROBE_MS, env: { PATH: TOOLS_PATH } }, (error) => resolve(!error))
  })
}

/** What a function's process is to be, and what must be kept out of its sight. */
export interface Launch {
  /** Of its own; holds `tmp`. */
  readonly work: string
  /** Where it starts. */
  readonly directory: string
  readonly program: readonly string[]
  /** Files and directories of the server's. */
  readonly hidden: readonly string[]
  /** What it must still see of /tmp and /var/tmp besides {@link work}. */
  readonly needed: readonly string[]
  readonly uid?: number | undefined
}

/** Processes and threads of one function. @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const MAX_PROCESSES = 1024

/** The whole command line of a function's process. Nothing in it is secret: every user of the machine may read it. */
export function commandOf(launch: Launch, { namespaces, setpriv }: Confinement): readonly string[] {
  const { work, directory, program, hidden, uid } = launch
  // The count is per user: where that is the server's own, others' processes would be counted in.
  const isCounted = uid !== undefined || namespaces === 'user'
  const limits = isCounted ? String(MAX_PROCESSES) : 'unlimited'
  const start = ['/bin/sh', scriptPath('start.sh'), limits, directory, ...program]
  if (!setpriv) return start
  const drop = [...dropCommand(uid, namespaces), ...start]
  if (namespaces === 'none') return drop
  return [
    'setpriv',
    '--pdeathsig',
    'KILL',
    ...unshareCommand(namespaces),
    '/bin/sh',
    scriptPath('confine.sh'),
    work,
    isTmpFree(launch) ? 'yes' : 'no',
    ...hidden,
    '--',
    ...drop,
  ]
}

/** No privilege, and no way to one. */
function dropCommand(uid: number | undefined, namespaces: Confinement['namespaces']): readonly string[] {
  const user = uid === undefined ? [] : [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups']
  // Whoever has no capability cannot give any up, and need not.
  const caps = namespaces === 'none' && uid === undefined ? [] : ['--bounding-set=-all', '--inh-caps=-all']
  return ['setpriv', '--pdeathsig', 'KILL', '--no-new-privs', ...user, ...caps]
}

/** Whether nothing that the process needs would vanish when it gets a /tmp of its own. */
function isTmpFree({ needed }: Launch): boolean {
  return !needed.some((path) => /^\/(?:var\/)?tmp(?:\/|$)/.test(resolve(path)))
}

export function scriptPath(name: string): string {
  return join(import.meta.dirname, 'bootstrap', name)
}
