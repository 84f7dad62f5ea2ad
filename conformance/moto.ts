import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { MOTO } from './components.ts'
import { cleanEnvironment, demandLoopback, type Environment } from './loopback.ts'
import { type Ending, endingOf } from './process.ts'

const START_LIMIT_MS = 60_000

/** moto's server: AWS services that are not ours, S3 and IAM among them, on a free loopback port. */
export class Moto implements AsyncDisposable {
  readonly url: string
  readonly #child: ChildProcess
  readonly #ended: Promise<Ending>

  private constructor(url: string, child: ChildProcess, ended: Promise<Ending>) {
    this.url = url
    this.#child = child
    this.#ended = ended
  }

  static async start(): Promise<Moto> {
    const output = { stdout: '', stderr: '' }
    const child = spawn(MOTO, ['-H', '127.0.0.1', '-p', '0'], {
      env: { ...cleanEnvironment(tmpdir()), PYTHONUNBUFFERED: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const ended = endingOf(child, output)
    const ready = new Promise<string>((resolve) => {
      for (const name of ['stdout', 'stderr'] as const) {
        child[name].setEncoding('utf8').on('data', (text: string) => {
          output[name] += text
          const url = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(output[name])?.[1]
          if (url !== undefined) resolve(url)
        })
      }
    })
    const url = await Promise.race([ready, ended, sleep(START_LIMIT_MS, undefined, { ref: false })])
    assert.ok(typeof url === 'string', `moto did not start: ${output.stderr}`)
    return new Moto(demandLoopback(url), child, ended)
  }

  /** From now on every call is held to the policies of whoever signed it. */
  async enforce(): Promise<void> {
    const answer = await fetch(`${this.url}/moto-api/reset-auth`, { method: 'POST', body: '0' })
    assert.equal(answer.status, 200)
  }

  /** What sends a client here, as somebody whom moto does not ask who they are until {@link enforce}. */
  get environment(): Environment {
    return {
      AWS_ENDPOINT_URL: this.url,
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'anything-at-all',
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGTERM')
    await this.#ended
  }
}
