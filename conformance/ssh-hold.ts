/** Holds a rotation where a test wants it, and looks where it is. */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { cleanEnvironment } from './loopback.ts'
import type { SshNode } from './ssh-node.ts'

const QUIET_MS = 1_000
const LOOK_AGAIN_MS = 50

/** Something that waits until it is let go. */
export interface Held {
  release(): void
}

/** Has scripts that change the keys of that user wait. They do so for thirty seconds, and then fail. */
export async function holdScripts(node: SshNode, user: string): Promise<Held> {
  const lock = join(dirname(node.authorizedKeysFile(user)), '.lockstep-authorized-keys.lock')
  const child = spawn('flock', [lock, 'sh', '-c', 'echo held && read line'], {
    env: cleanEnvironment('/root'),
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  await new Promise((held) => child.stdout.once('data', held))
  return { release: () => void child.stdin.end() }
}

/** Scripts that the agent runs on the node. */
export function runningScripts(node: SshNode): readonly string[] {
  const steps = join(node.folder, 'state/steps')
  return readdirSync(steps)
    .map((step) => join(steps, step, 'script'))
    .filter((script) => existsSync(script))
    .map((script) => readFileSync(script, 'utf8'))
}

/** Until the agent has run nothing for a while. */
export async function quiet(node: SshNode): Promise<void> {
  for (let quietMs = 0; quietMs < QUIET_MS; quietMs += LOOK_AGAIN_MS) {
    await sleep(LOOK_AGAIN_MS)
    if (runningScripts(node).length > 0) quietMs = 0
  }
}

export interface LedgerEntry {
  readonly kind: 'begun' | 'ended' | 'acknowledged'
  readonly commandId?: string
  readonly result?: { readonly commandId: string; readonly outcome: string }
}

/** The agent's own record of what it has begun and ended. */
export function ledger({ folder }: SshNode): readonly LedgerEntry[] {
  const lines = readFileSync(join(folder, 'state/ledger'), 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line))
}

/** A secret as the store has it, whether a server is there or not. */
export interface StoredSecret {
  /** Of the rotation under way. */
  readonly step: string | undefined
  /** Which version has each. */
  readonly labels: Readonly<Record<string, string>>
}

/** Looks at secrets behind the server's back, which no call could do as fast. */
export class StoreWatch implements Disposable {
  readonly #database: DatabaseSync

  constructor(directory: string) {
    this.#database = new DatabaseSync(join(directory, 'lockstep.db'), { readOnly: true })
  }

  secret(arn: string): StoredSecret {
    const row = this.#database.prepare('select labels, rotation from secrets where arn = ?').get(arn)
    const { run } = JSON.parse(String(row?.rotation ?? '{}'))
    return { step: run?.step, labels: Object.fromEntries(JSON.parse(String(row?.labels ?? '[]'))) }
  }

  [Symbol.dispose](): void {
    this.#database.close()
  }
}
