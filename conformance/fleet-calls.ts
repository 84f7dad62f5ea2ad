/** Calls to whichever of several servers, and what is known of each afterwards. */
import { setTimeout as sleep } from 'node:timers/promises'
import { IAMClient } from '@aws-sdk/client-iam'
import { KMSClient } from '@aws-sdk/client-kms'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { type Caller, sdk } from './sdk.ts'
import type { Ledger } from './storm-writer.ts'

/** An answer that takes longer has been lost, which no client has to put up with. */
const ANSWER_LIMIT_MS = 30_000
/** What a broken connection may still bring about on its way to the database. */
const LATE_COMMIT_MS = 300
const ASK_AGAIN_MS = 50
/** Until everything answers again after the worst that is done here. */
const SETTLE_LIMIT_MS = 30_000

export interface Clients {
  readonly secrets: SecretsManagerClient
  readonly kms: KMSClient
  readonly iam: IAMClient
}

/** AWS's standard number of tries. */
const STANDARD_ATTEMPTS = 3

export function clientsOf(caller: Caller): Clients {
  return {
    secrets: sdk(SecretsManagerClient, caller),
    kms: sdk(KMSClient, caller),
    iam: sdk(IAMClient, caller),
  }
}

/** Errors that an HTTP client meets when a server ends. */
const NETWORK = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'])

/** Something told on an error, if it is there. */
function told(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined
}

/** Whether AWS's SDKs would try the call again: the connection broke, a 5xx, or throttling. */
export function isRetryable(error: unknown): boolean {
  if (NETWORK.has(String(told(error, 'code')))) return true
  const status = told(told(error, '$metadata'), 'httpStatusCode')
  return typeof status === 'number' && (status >= 500 || status === 429)
}

/**
 * Whether the call may have happened although it failed: also where the SDK tried again what had happened, and was
 * then refused for that.
 */
export function isDoubtful(error: unknown): boolean {
  return isRetryable(error) || Number(told(told(error, '$metadata'), 'attempts')) > 1
}

interface Answer {
  readonly $metadata: { readonly requestId?: string }
}

export class Calls {
  readonly ledger: Ledger
  /** Errors that clients without retries saw, and how often. */
  readonly seen = new Map<string, number>()
  readonly #once: readonly Clients[]
  readonly #retrying: readonly Clients[]
  #turn = 0

  constructor(callers: readonly Caller[], ledger: Ledger) {
    this.ledger = ledger
    this.#once = callers.map(clientsOf)
    this.#retrying = callers.map((caller) => clientsOf({ ...caller, maxAttempts: STANDARD_ATTEMPTS }))
  }

  /** The next server's, now with the SDK's own retries and now without. */
  any(): Clients {
    const turn = this.#turn++
    const kind = turn % (2 * this.#once.length) < this.#once.length ? this.#once : this.#retrying
    return at(kind, turn % kind.length)
  }

  /** One server's, that tries once. */
  of(index: number): Clients {
    return at(this.#once, index)
  }

  /**
   * A call that is told in the ledger when it was acknowledged.
   * @param expected Names of refusals that are right here.
   * @returns undefined where it was refused so, or failed and may have happened.
   * @throws Error for any other refusal that is not retryable, and where no answer came.
   */
  async tried<T extends Answer>(
    operation: string,
    act: (clients: Clients) => Promise<T>,
    expected: readonly string[] = [],
  ): Promise<T | undefined> {
    try {
      const answer = await inTime(act(this.any()))
      this.ledger.acknowledged.push({ requestId: answer.$metadata.requestId ?? '', operation })
      return answer
    } catch (error) {
      if (error instanceof Error && expected.includes(error.name)) return undefined
      this.saw(error)
      if (isDoubtful(error)) return undefined
      throw new Error(`${operation} was refused`, { cause: error })
    }
  }

  /** A call without retries, one refusal of which is right. Whether one that was unanswered has happened is open. */
  async once<T extends Answer>(
    operation: string,
    act: (clients: Clients) => Promise<T>,
    refusal: string,
  ): Promise<T | 'refused' | 'unanswered'> {
    try {
      const answer = await inTime(act(this.of(this.#turn++ % this.#once.length)))
      this.ledger.acknowledged.push({ requestId: answer.$metadata.requestId ?? '', operation })
      return answer
    } catch (error) {
      if (error instanceof Error && error.name === refusal) return 'refused'
      this.saw(error)
      if (isRetryable(error)) return 'unanswered'
      throw new Error(`${operation} was refused`, { cause: error })
    }
  }

  /** A read, again and again, at one server after the other, until it is answered. */
  async asked<T extends Answer>(operation: string, act: (clients: Clients) => Promise<T>): Promise<T> {
    return untilAnswered(() => this.tried(operation, act))
  }

  /** Reads without the ledger, all again where one fails for a while. */
  async reading(act: (clients: Clients) => Promise<void>): Promise<void> {
    await untilAnswered(async () => {
      try {
        await inTime(act(this.any()))
        return true
      } catch (error) {
        if (!isRetryable(error)) throw error
        return undefined
      }
    })
  }

  /** Waits until what failed has happened or never will. */
  async settled(): Promise<void> {
    await sleep(LATE_COMMIT_MS)
  }

  saw(error: unknown): void {
    const { name, message } = error instanceof Error ? error : new Error(String(error))
    const what = NETWORK.has(String(told(error, 'code')))
      ? String(told(error, 'code'))
      : `${name}: ${message}`
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1)
  }
}

async function untilAnswered<T>(ask: () => Promise<T | undefined>): Promise<T> {
  const limit = performance.now() + SETTLE_LIMIT_MS
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > limit) throw new Error(`Nobody answered within ${SETTLE_LIMIT_MS} ms.`)
    await sleep(ASK_AGAIN_MS)
  }
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  const stop = new AbortController()
  const late = sleep(ANSWER_LIMIT_MS, undefined, { signal: stop.signal }).then(() => {
    throw new Error(`There was no answer within ${ANSWER_LIMIT_MS} ms.`)
  })
  late.catch(() => {})
  try {
    return await Promise.race([answer, late])
  } finally {
    stop.abort()
  }
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index]
  if (found === undefined) throw new Error(`nothing at ${index}`)
  return found
}
