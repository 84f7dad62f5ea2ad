/**
 * What handlers/gated.* speak to: each step asks here before and after its work, and keeps a connection open for as
 * long as its process lives. So a test knows what runs, holds it where it wants, and has it fail.
 */
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const
export type Step = (typeof STEPS)[number]

/** Before a step's work, and when it is done but not yet answered. */
export type Point = 'begin' | 'done'

export type Fault = 'throw' | 'hang' | 'exit' | 'leak' | 'kill'

/** A step that asked. */
export interface Asked {
  readonly secret: string
  readonly step: Step
  readonly token: string
  readonly point: Point
}

/** What becomes of a step that asks: a fault, or nothing once the promise is kept. */
export type Rule = (asked: Asked) => Fault | undefined | Promise<Fault | undefined>

const LOOK_AGAIN_MS = 50

export class RotationSite implements AsyncDisposable {
  /** Every question in the order in which they came. */
  readonly asked: Asked[] = []
  /** Secrets of which two steps ran at once. */
  readonly overlaps: string[] = []
  rule: Rule = () => undefined
  /** How far the server's clock is ahead, for steps to sign by. */
  aheadMs = 0
  readonly #alive = new Map<string, number>()
  readonly #server = createServer((request, response) => void this.#answer(request, response))

  static async open(): Promise<RotationSite> {
    const site = new RotationSite()
    await new Promise<void>((resolve) => site.#server.listen(0, '127.0.0.1', resolve))
    return site
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo // it listens on a port
    return `http://127.0.0.1:${port}`
  }

  /** How many steps live now. */
  get alive(): number {
    return [...this.#alive.values()].reduce((sum, count) => sum + count, 0)
  }

  /** How often each step of a secret's version began. */
  begun(secret: string, token: string): readonly number[] {
    const ours = this.asked.filter(
      (one) => one.secret === secret && one.token === token && one.point === 'begin',
    )
    return STEPS.map((step) => ours.filter((one) => one.step === step).length)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', this.url)
    const secret = searchParams.get('secret') ?? ''
    if (pathname === '/alive') return this.#live(secret, response)
    const step = STEPS.find((name) => name === searchParams.get('step'))
    const point = pathname === '/begin' ? 'begin' : 'done'
    assert.ok(step, 'a step that there is not')
    const asked = { secret, step, point, token: searchParams.get('token') ?? '' } as const
    this.asked.push(asked)
    const fault = await this.rule(asked)
    response.end(JSON.stringify({ fault, aheadMs: this.aheadMs }))
  }

  /** Until the other end is gone, which the kernel tells whatever killed it. */
  #live(secret: string, response: ServerResponse): void {
    const count = (this.#alive.get(secret) ?? 0) + 1
    if (count > 1) this.overlaps.push(secret)
    this.#alive.set(secret, count)
    response.on('close', () => this.#alive.set(secret, (this.#alive.get(secret) ?? 1) - 1))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

/** Looks again and again until something holds. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  limitMs = 90_000,
): Promise<void> {
  const limit = performance.now() + limitMs
  while (!(await holds())) {
    assert.ok(performance.now() < limit, `not within ${limitMs} ms: ${what}`)
    await sleep(LOOK_AGAIN_MS)
  }
}
