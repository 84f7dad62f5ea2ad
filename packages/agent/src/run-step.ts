import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NodeStep, StepResult, StepStatus } from '@lockstep/wire'
import type { Doors } from './platform.ts'

/** What GetCommandInvocation answers at most, in characters. */
const MAX_STDOUT = 24_000
const MAX_STDERR = 8_000
/** Between being asked to stop and being killed. */
const GRACE_MS = 2_000
/** How long output may come after the end of the shell that a daemon's parent was. */
const LINGER_MS = 500
/** What a shell answers for a child that was killed. */
const KILLED = 137
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Where an agent puts the scripts of its steps. */
export function stepsIn(stateDirectory: string): string {
  return join(stateDirectory, 'steps')
}

/** That place, empty: an agent that was killed has left its scripts there, and whatever is secret in them. */
export function newSteps(stateDirectory: string): void {
  rmSync(stepsIn(stateDirectory), { recursive: true, force: true })
  mkdirSync(stepsIn(stateDirectory), { recursive: true, mode: 0o700 })
}

export interface StepPlace {
  /** Where the script is put while it runs; the agent's own. */
  readonly directory: string
  /** AWS_SSM_INSTANCE_ID and AWS_SSM_REGION_NAME, as under Amazon's agent. */
  readonly variables: Readonly<Record<string, string>>
  readonly cancelled: AbortSignal
}

/**
 * Runs one step in a process group of its own, with nothing of the agent's environment.
 * The script is in a file that only the agent's user can read: in the arguments every user of the node would see it.
 */
export async function runStep(step: NodeStep, place: StepPlace, doors: Doors): Promise<StepResult> {
  const startedAt = doors.now().toISOString()
  const ended = (status: StepStatus, exitCode: number, stdout = '', stderr = ''): StepResult => ({
    name: step.name,
    status,
    exitCode,
    stdout,
    stderr,
    startedAt,
    endedAt: doors.now().toISOString(),
  })
  if (place.cancelled.aborted) return ended('Cancelled', -1)
  // The name is chance's, never the document's: no path is made of what somebody else wrote.
  const scratch = mkdtempSync(join(place.directory, 'step-'))
  try {
    const script = join(scratch, 'script')
    writeFileSync(script, `${step.script.join('\n')}\n`, { mode: 0o600 })
    const { status, exitCode, stdout, stderr } = await inGroup(step, script, place, doors)
    return ended(status, exitCode, stdout, stderr)
  } catch (error) {
    return ended('Failed', -1, '', error instanceof Error ? error.message : String(error))
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

type Ended = Pick<StepResult, 'status' | 'exitCode' | 'stdout' | 'stderr'>

function inGroup(step: NodeStep, script: string, place: StepPlace, doors: Doors): Promise<Ended> {
  const child = spawn('/bin/sh', [script], {
    cwd: step.workingDirectory || '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH, HOME: '/root', LANG: 'C.UTF-8', ...place.variables, ...step.environment },
  })
  const stdout = firstOf(child.stdout, MAX_STDOUT)
  const stderr = firstOf(child.stderr, MAX_STDERR)
  let cause: 'TimedOut' | 'Cancelled' | undefined
  const alarms: Disposable[] = []
  function stop(why: 'TimedOut' | 'Cancelled'): void {
    if (cause) return
    cause = why
    signal('SIGTERM')
    alarms.push(doors.after(GRACE_MS, () => signal('SIGKILL')))
  }
  function signal(name: 'SIGTERM' | 'SIGKILL'): void {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name)
    } catch {
      // The group has ended.
    }
  }
  const onCancel = () => stop('Cancelled')
  place.cancelled.addEventListener('abort', onCancel)
  alarms.push(doors.after(step.timeoutSeconds * 1000, () => stop('TimedOut')))
  return new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => {
      // What ran out of time or was cancelled leaves nothing behind; what ended may leave a daemon, as it means to.
      if (cause) signal('SIGKILL')
      const exitCode = cause ? -1 : (code ?? KILLED)
      const status = cause ?? (exitCode === 0 ? 'Success' : 'Failed')
      const finish = () => resolve({ status, exitCode, stdout: stdout(), stderr: stderr() })
      child.once('close', finish)
      // A daemon holds the pipes for as long as it lives.
      alarms.push(doors.after(LINGER_MS, finish))
    })
  }).finally(() => {
    place.cancelled.removeEventListener('abort', onCancel)
    for (const alarm of alarms) alarm[Symbol.dispose]()
    child.stdout.destroy()
    child.stderr.destroy()
  })
}

/** Keeps the first characters, and reads on, so that the writer never waits. */
function firstOf(stream: NodeJS.ReadableStream, max: number): () => string {
  let text = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    if (text.length < max) text += chunk.slice(0, max - text.length)
  })
  return () => text
}
