import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

const LOOK_AGAIN_MS = 20

/** Looks again until there is something, for `limitMs` at the most. */
export async function until<T>(
  what: string,
  limitMs: number,
  look: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const endsAt = performance.now() + limitMs
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    assert.ok(performance.now() < endsAt, `within ${limitMs} ms there was no ${what}`)
    await sleep(LOOK_AGAIN_MS)
  }
}
