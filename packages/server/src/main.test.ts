import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

const MAIN = new URL('./main.ts', import.meta.url).href
const SETTINGS = {
  LOCKSTEP_LOG_LEVEL: 'error',
  LOCKSTEP_DATA: 'memory',
  LOCKSTEP_LISTEN: '127.0.0.1:0',
  LOCKSTEP_ADMIN_ACCESS_KEY_ID: 'AKIAMAINTEST00000000',
  LOCKSTEP_ADMIN_SECRET_ACCESS_KEY: 'secret-of-the-server-of-this-test',
}

/** A server in a process of its own, that is ready. */
async function start(lameDuckSeconds: number) {
  const script = `import { serve } from '${MAIN}'; await serve({}, process.env)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    env: { ...process.env, ...SETTINGS, LOCKSTEP_LAME_DUCK_SECONDS: String(lameDuckSeconds) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  let url: string | undefined
  for await (const chunk of child.stdout) {
    url = /^lockstep ready (\S+)$/m.exec(String(chunk))?.[1]
    break
  }
  return {
    url: url ?? assert.fail('the server did not start'),
    signal: (name: NodeJS.Signals) => child.kill(name),
    /** Its exit code. */
    ended: ended.then(([code]) => Number(code)),
    health: () => fetch(`${url}/healthz`),
    /** Waits until health is red. */
    async red(): Promise<void> {
      while ((await fetch(`${url}/healthz`)).status !== 503) await sleep(10)
    },
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  }
}

describe('SIGTERM with a lame duck', { concurrency: true }, () => {
  test('turns health red and ends connections, but no call, for that long; then the server ends with 0', async () => {
    using server = await start(1)
    assert.equal((await server.health()).status, 200)
    server.signal('SIGTERM')
    const startedMs = performance.now()
    await server.red()
    const call = await fetch(server.url, { method: 'POST', headers: { 'x-amz-target': 'kms.ListKeys' } })
    assert.equal(call.status, 400)
    assert.equal(call.headers.get('connection'), 'close')
    assert.equal(await server.ended, 0)
    assert.ok(performance.now() - startedMs >= 1_000)
  })

  test('heard twice in one go waits all the same; sent again, it waits no longer', async () => {
    using server = await start(600)
    server.signal('SIGTERM')
    server.signal('SIGINT')
    await server.red()
    await sleep(500)
    assert.equal((await server.health()).status, 503)
    server.signal('SIGTERM')
    assert.equal(await server.ended, 0)
  })
})
