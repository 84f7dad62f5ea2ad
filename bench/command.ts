/** One run of the command line, and what it took. */
import { spawn } from 'node:child_process'
import { CLI } from './lockstep.ts'

export interface Took {
  readonly seconds: number
  /** User and system time of the process. */
  readonly cpuSeconds: number
  readonly stdout: string
}

/** @throws Error where the command fails, with what it said. */
export async function lockstepCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Took> {
  // Nothing in Node tells the CPU time of a child that has ended; bash does.
  const script = 'TIMEFORMAT="took %R %U %S"; time "$@"'
  const child = spawn('bash', ['-c', script, 'bash', process.execPath, CLI, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  const [, real, user, system] = /^took (\S+) (\S+) (\S+)$/m.exec(stderr) ?? []
  if (code !== 0 || real === undefined) throw new Error(`lockstep ${args[0]} ended with ${code}: ${stderr}`)
  return { seconds: Number(real), cpuSeconds: Number(user) + Number(system), stdout }
}

export function told({ seconds, cpuSeconds }: Took): string {
  return `${seconds.toFixed(1)} s (${cpuSeconds.toFixed(1)} s of CPU)`
}
