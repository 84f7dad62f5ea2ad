import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'
import type { FunctionRecord } from '../store/functions.ts'

/** A function's log is begun anew at this size; the one before is kept beside it as `.1`. */
const MAX_FILE_BYTES = 5 * 1024 * 1024

export interface FunctionLogDoors {
  /** Where the logs are; absent: nothing is kept. */
  readonly directory?: string | undefined
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * What functions print: `ACCOUNT/REGION/NAME.log`, a line each with its instant and its request, so that those of
 * invocations at the same time can be told apart. A line that cannot be kept is lost, and the server's log says so.
 */
export class FunctionLog {
  readonly #doors: FunctionLogDoors
  constructor(doors: FunctionLogDoors) {
    this.#doors = doors
  }

  /** Adds lines. Names, accounts and regions hold nothing that a path gives a meaning to. */
  add({ account, region, name }: FunctionRecord, requestId: string, lines: readonly string[]): void {
    const { directory, clock, logger } = this.#doors
    if (directory === undefined) return
    const path = join(directory, account, region, `${name}.log`)
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      if (sizeOf(path) > MAX_FILE_BYTES) renameSync(path, `${path}.1`)
      const start = `${clock.now().toISOString()}\t${requestId}\t`
      appendFileSync(path, lines.map((line) => `${start}${line}\n`).join(''), { mode: 0o600 })
    } catch (error) {
      logger.error('function.log-failed', { account, region, function: name, error })
    }
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
