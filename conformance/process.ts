import { type ChildProcess, spawn } from 'node:child_process'
import type { Environment } from './loopback.ts'

/** How a process ended. `code` is null where a signal ended it. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Whom root runs a program as. */
export interface User {
  readonly uid: number
  readonly gid: number
}

/** What was started here and has not ended; it goes when this process does. */
const living = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL')
})

/** @param output Filled by the caller while the process runs. */
export function endingOf(
  child: ChildProcess,
  output: { readonly stdout: string; readonly stderr: string },
): Promise<Ending> {
  living.add(child)
  return new Promise((resolve) => {
    const end = (code: number | null, signal: NodeJS.Signals | null, stderr = output.stderr) => {
      living.delete(child)
      resolve({ code, signal, stdout: output.stdout, stderr })
    }
    child.on('close', (code, signal) => end(code, signal))
    child.on('error', (error) => end(127, null, error.message))
  })
}

/** Runs a program to its end, which `limitMs` brings about at the latest. */
export function finish(
  program: string,
  args: readonly string[],
  options: { readonly env: Environment; readonly cwd?: string; readonly limitMs?: number } & Partial<User>,
): Promise<Ending> {
  const child = spawn(program, [...args], {
    env: { ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: options.limitMs ?? 60_000,
    killSignal: 'SIGKILL',
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text
  })
  return endingOf(child, output)
}
