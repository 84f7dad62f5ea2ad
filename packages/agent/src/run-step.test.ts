import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { NodeStep } from '@lockstep/wire'
import { Scratch } from './doors.test-support.ts'
import { systemDoors } from './platform.ts'
import { runStep } from './run-step.ts'

const VARIABLES = { AWS_SSM_INSTANCE_ID: 'mi-1', AWS_SSM_REGION_NAME: 'us-east-1' }

function run(
  scratch: Scratch,
  script: readonly string[],
  changes: Partial<NodeStep> = {},
  cancelled: AbortSignal = new AbortController().signal,
) {
  const step: NodeStep = {
    ...{ name: 'run', action: 'aws:runShellScript', script, environment: {}, timeoutSeconds: 20 },
    ...changes,
  }
  return runStep(step, { directory: scratch.path, variables: VARIABLES, cancelled }, systemDoors)
}

/** Whether a process that a step left behind is there. */
async function isAlive(pid: number): Promise<boolean> {
  for (let turn = 0; turn < 100; turn++) {
    if (!existsSync(`/proc/${pid}`) || / [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) return false
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return true
}

describe('a step', () => {
  test('answers what its script printed, and its exit code', async () => {
    using scratch = new Scratch()
    const done = await run(scratch, ['echo out', 'echo err >&2'])
    assert.partialDeepStrictEqual(done, { status: 'Success', exitCode: 0, stdout: 'out\n', stderr: 'err\n' })
    assert.partialDeepStrictEqual(await run(scratch, ['exit 3']), { status: 'Failed', exitCode: 3 })
    assert.partialDeepStrictEqual(await run(scratch, ['kill -9 $$']), { status: 'Failed', exitCode: 137 })
  })

  test('has the node’s variables and its own, and nothing of the agent’s environment', async () => {
    using scratch = new Scratch()
    process.env.LOCKSTEP_CANARY = 'canary'
    try {
      const { stdout } = await run(scratch, ['env'], { environment: { SSM_word: 'a b; $(id)' } })
      assert.match(stdout, /^SSM_word=a b; \$\(id\)$/m)
      assert.match(stdout, /^AWS_SSM_INSTANCE_ID=mi-1$/m)
      assert.doesNotMatch(stdout, /canary/)
    } finally {
      delete process.env.LOCKSTEP_CANARY
    }
  })

  test('runs from a file that nobody else may read, which is gone afterwards, and is in no argument', async () => {
    using scratch = new Scratch()
    const { stdout } = await run(scratch, [
      'stat -c %a "$0" "$(dirname "$0")"',
      'cat /proc/$$/cmdline | tr "\\0" " "',
    ])
    assert.match(stdout, /^600\n700\n\/bin\/sh \/\S+\/script $/)
    assert.deepEqual(readdirSync(scratch.path), [])
  })

  test('has no input, and runs where it is told to', async () => {
    using scratch = new Scratch()
    assert.equal((await run(scratch, ['cat', 'pwd'], { workingDirectory: '/usr' })).stdout, '/usr\n')
    assert.equal((await run(scratch, ['pwd'])).stdout, '/\n')
    assert.partialDeepStrictEqual(await run(scratch, ['pwd'], { workingDirectory: '/nowhere' }), {
      status: 'Failed',
      exitCode: -1,
    })
  })

  test('that takes too long ends with everything it started', async () => {
    using scratch = new Scratch()
    const stubborn = ['trap "" TERM', 'sleep 60 & echo $!', 'while :; do sleep 0.1; done']
    const { status, exitCode, stdout } = await run(scratch, stubborn, { timeoutSeconds: 0.3 })
    assert.deepEqual([status, exitCode], ['TimedOut', -1])
    assert.equal(await isAlive(Number(stdout)), false)
  })

  test('that ends when it is told to leaves nothing behind that would not', async () => {
    using scratch = new Scratch()
    const script = ['(trap "" TERM; sleep 60; sleep 60) & echo $!', 'sleep 60']
    const { status, stdout } = await run(scratch, script, { timeoutSeconds: 0.3 })
    assert.equal(status, 'TimedOut')
    assert.equal(await isAlive(Number(stdout)), false)
  })

  test('that is cancelled ends with everything it started, and one that has not begun does not begin', async () => {
    using scratch = new Scratch()
    const cancel = new AbortController()
    const running = run(
      scratch,
      ['sleep 60 & echo $! > pid; wait'],
      { workingDirectory: scratch.path },
      cancel.signal,
    )
    const file = join(scratch.path, 'pid')
    while (!existsSync(file) || readFileSync(file, 'utf8') === '') await new Promise(setImmediate)
    const pid = Number(readFileSync(file, 'utf8'))
    cancel.abort()
    assert.partialDeepStrictEqual(await running, { status: 'Cancelled', exitCode: -1 })
    assert.equal(await isAlive(pid), false)
    const marker = join(scratch.path, 'marker')
    const never = await run(scratch, [`touch ${marker}`], {}, cancel.signal)
    assert.deepEqual([never.status, existsSync(marker)], ['Cancelled', false])
  })

  test('may leave a daemon that holds its output, and is over all the same', async () => {
    using scratch = new Scratch()
    const { status, stdout } = await run(scratch, ['sleep 60 & echo $!'])
    assert.equal(status, 'Success')
    process.kill(Number(stdout), 'SIGKILL')
  })

  test('keeps the first characters of what it prints, however much that is', async () => {
    using scratch = new Scratch()
    const { stdout, stderr, status } = await run(scratch, [
      'printf begin; yes x | head -c 3000000; yes e | head -c 100000 >&2',
    ])
    assert.deepEqual([status, stdout.length, stderr.length], ['Success', 24_000, 8_000])
    assert.ok(stdout.startsWith('begin'))
  })
})
