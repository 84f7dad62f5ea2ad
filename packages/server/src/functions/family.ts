import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** One process as the system lists it. */
export interface ProcessEntry {
  readonly pid: number
  readonly parent: number
  readonly group: number
  readonly session: number
  /** Tells a process from a later one of the same number. */
  readonly startedAtTick: number
}

/**
 * Reads a line of /proc/PID/stat. The program's name, in parentheses, may hold anything; what follows the last one is
 * numbers.
 * @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
export function readStat(stat: string): ProcessEntry | undefined {
  const after = stat.lastIndexOf(')')
  const pid = Number.parseInt(stat, 10)
  const fields = stat.slice(after + 2).split(' ')
  const [state, parent, group, session] = fields
  if (after < 0 || state === undefined || state === 'Z' || state === 'X') return undefined
  return {
    pid,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    startedAtTick: Number(fields[19]),
  }
}

/** Every process that lives; empty where the system has no /proc. */
function processes(): readonly ProcessEntry[] {
  let names: readonly string[]
  try {
    names = readdirSync('/proc')
  } catch {
    return []
  }
  return names.flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    const entry = readStat(readProc(`${name}/stat`))
    return entry ? [entry] : []
  })
}

/** A list of processes that many may look at: one that is young enough is not made again. */
export class Census {
  #takenAtMs = Number.NEGATIVE_INFINITY
  #entries: readonly ProcessEntry[] = []

  /** @param maxAgeMs how old the list may be */
  entries(maxAgeMs: number): readonly ProcessEntry[] {
    const nowMs = performance.now()
    if (nowMs - this.#takenAtMs > maxAgeMs) {
      this.#entries = processes()
      this.#takenAtMs = nowMs
    }
    return this.#entries
  }
}

/** Nothing where the process has ended meanwhile, or is not ours to look into. */
function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'latin1')
  } catch {
    return ''
  }
}

/**
 * The leader's processes among `all`: of its group or session, those known from before, and the descendants of all
 * these. One that leaves group and session stays known as long as it is seen once while its parent lives.
 *
 * @param known Their marks, as {@link markOf} makes them; those found are added.
 */
export function familyOf(
  leader: number,
  all: readonly ProcessEntry[],
  known: Set<string>,
): readonly ProcessEntry[] {
  const found = new Map<number, ProcessEntry>()
  for (const entry of all) {
    const isNear = entry.pid === leader || entry.group === leader || entry.session === leader
    if (isNear || known.has(markOf(entry))) found.set(entry.pid, entry)
  }
  let before: number
  do {
    before = found.size
    for (const entry of all) if (found.has(entry.parent)) found.set(entry.pid, entry)
  } while (found.size > before)
  for (const entry of found.values()) known.add(markOf(entry))
  return [...found.values()]
}

function markOf({ pid, startedAtTick }: ProcessEntry): string {
  return `${pid}/${startedAtTick}`
}

/** The memory that processes hold, shared pages counted for each, as the kernel counts it. */
export function residentBytes(members: readonly ProcessEntry[]): number {
  const kib = members.map(({ pid }) =>
    Number(/^VmRSS:\s*(\d+) kB$/m.exec(readProc(`${pid}/status`))?.[1] ?? 0),
  )
  return 1024 * kib.reduce((sum, each) => sum + each, 0)
}

/** Whether the process was started with this variable, `NAME=value`, and has not overwritten it. */
export function hasVariable(pid: number, variable: string): boolean {
  return readProc(`${pid}/environ`).split('\0').includes(variable)
}

/**
 * The inode of the socket at the far end of a loopback connection; nothing where there is no such list, or no such
 * socket.
 *
 * @param table The text of /proc/net/tcp.
 * @see https://www.kernel.org/doc/Documentation/networking/proc_net_tcp.txt
 */
export function socketInode(
  table: string,
  ends: { remotePort: number; localPort: number },
): string | undefined {
  const [far, near] = [loopbackEnd(ends.remotePort), loopbackEnd(ends.localPort)]
  for (const line of table.split('\n')) {
    const fields = line.trim().split(/\s+/)
    if (fields[1] === far && fields[2] === near) return fields[9]
  }
  return undefined
}

function loopbackEnd(port: number): string {
  return `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`
}

/** Whether one of the processes holds the far end of the connection. True where the system cannot say. */
export function holdsSocket(
  members: readonly ProcessEntry[],
  ends: { remotePort: number; localPort: number },
): boolean {
  const table = readProc('self/net/tcp')
  if (table === '') return true
  const inode = socketInode(table, ends)
  return inode !== undefined && members.some(({ pid }) => holds(pid, `socket:[${inode}]`))
}

function holds(pid: number, file: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((name) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${name}`) === file
      } catch {
        return false // closed meanwhile
      }
    })
  } catch {
    return false
  }
}
