/** The nodes as a rotation of SSH keys deals with them. `aws-fleet.ts` is Amazon's APIs; tests have nodes that fail. */
import type { Hidden } from '../hidden.ts'
import type { Standing } from './plan.ts'

export interface FleetNode {
  readonly id: string
  readonly isOnline: boolean
  readonly ipAddress?: string | undefined
}

export interface NodeCommand {
  /** What the command is found by: `add_key TOKEN`. */
  readonly comment: string
  /** Lines of a shell script, run as root. */
  readonly script: readonly string[]
  /** Nodes by id; absent: all that have the tag, at the time when the command is sent. */
  readonly nodeIds?: readonly string[]
  /** How many nodes may fail before no further ones are begun with: a number, or `n%`. */
  readonly maxErrors: string
}

/** How a command went on one node. */
export interface CommandResult {
  /** `undelivered`: it is over, and nothing ran there. */
  readonly state: 'done' | 'failed' | 'undelivered' | 'waiting'
  /** Systems Manager's StatusDetails, with what the script said of a failure. */
  readonly details: string
  /** By which all that it printed is to be had. */
  readonly commandId?: string
}

export interface RunOptions {
  /** Nodes whose end is waited for. */
  readonly awaited: readonly string[]
  readonly waitMs: number
}

export interface LoginKey {
  readonly user: string
  readonly privateKey: Hidden
}

export interface Fleet {
  /** Every node that has the tag, away or not. */
  nodes(): Promise<readonly FleetNode[]>
  /**
   * Runs a script and waits until it has ended on the awaited nodes, or the time is over. One of the same that is
   * still running is waited for instead. Answers for every node of which something is known.
   */
  run(command: NodeCommand, options: RunOptions): Promise<ReadonlyMap<string, CommandResult>>
  /** Takes back every command with such a comment that has not ended, so that no node begins it later. */
  recall(isStale: (comment: string) => boolean): Promise<void>
  /** The script that the secret's association has now; undefined where there is none. */
  association(): Promise<readonly string[] | undefined>
  /** Makes the association of that script, which every node with the tag runs now, when it returns and when it joins. */
  associate(script: readonly string[]): Promise<void>
  /** Logs in to each node with the key, and has it prove that it ran something. */
  logIn(nodes: readonly FleetNode[], key: LoginKey): Promise<readonly Standing[]>
}

/** The process's time, as a lambda has it. */
export interface Pace {
  sleep(ms: number): Promise<void>
  /** Milliseconds that only go forward. */
  now(): number
}
