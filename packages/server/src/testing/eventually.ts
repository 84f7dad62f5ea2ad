import { setTimeout as delay } from 'node:timers/promises'

/** For a machine that does much else; what holds is seen at once. */
const LIMIT_MS = 20_000
const AGAIN_MS = 20

/** Asks again until the assertion holds, for what a server does a little after its answer. */
export async function eventually(assertion: () => Promise<void>): Promise<void> {
  const endsAtMs = performance.now() + LIMIT_MS
  for (;;) {
    try {
      return await assertion()
    } catch (error) {
      if (performance.now() > endsAtMs) throw error
      await delay(AGAIN_MS)
    }
  }
}
