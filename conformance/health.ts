import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Server } from './server.ts'

const RECOVERY_LIMIT_MS = 5_000
const LOOK_EVERY_MS = 100

interface Health {
  readonly status: string
  readonly checks: Readonly<Record<string, string>>
}

export async function health(server: Server): Promise<{ readonly code: number; readonly page: Health }> {
  const answer = await fetch(`${server.url}/healthz`)
  return { code: answer.status, page: (await answer.json()) as Health } // decoded
}

/** Green without a restart: the trail is sealed once a second, and health asks for that, too. */
export async function demandRecovery(server: Server, limitMs = RECOVERY_LIMIT_MS): Promise<void> {
  const limit = performance.now() + limitMs
  for (;;) {
    const { code, page } = await health(server)
    if (code === 200) return
    assert.ok(performance.now() < limit, JSON.stringify(page))
    await sleep(LOOK_EVERY_MS)
  }
}

/** Red, with a reason like this one. Answers the page. */
export async function demandRed(server: Server, reason: RegExp, limitMs: number): Promise<string> {
  const limit = performance.now() + limitMs
  for (;;) {
    const { code, page } = await health(server)
    const told = JSON.stringify(page)
    if (code === 503 && reason.test(told)) return told
    assert.ok(performance.now() < limit, `health says ${code} ${told}`)
    await sleep(LOOK_EVERY_MS)
  }
}
