import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Environment } from '../loopback.ts'
import { type Ending, finish } from '../process.ts'
import { Scratch } from '../server.ts'
import { type Image, readImage } from './dockerfile.ts'
import { CannotHere, Namespaces } from './namespaces.ts'
import { CANNOT } from './tools.ts'

/** What Docker waits, by default, before it kills. */
export const STOP_LIMIT_MS = 10_000

/** What an engine puts over the image's files. */
export interface Mount {
  readonly source: string
  readonly target: string
  readonly writable?: boolean
}

/** Docker's own, for images that set none. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

export interface Options {
  /** What `deploy/install` made. */
  readonly installed: string
  readonly mounts: readonly Mount[]
  /** Beside the image's own. */
  readonly env: Environment
  /** Instead of the image's ENTRYPOINT and CMD. */
  readonly command?: readonly string[]
}

/** Instead of what compose.yaml and the chart say: no database, no address that others reach, and less to wait. */
export function local(port: number): Environment {
  const lameDuck = { LOCKSTEP_LAME_DUCK_SECONDS: '1' }
  return { LOCKSTEP_STORE: 'sqlite', LOCKSTEP_LISTEN: `127.0.0.1:${port}`, ...lameDuck }
}

/** For the `aws` command. */
export function endpoint(port: number, certificate: string): Environment {
  return { AWS_ENDPOINT_URL: `https://127.0.0.1:${port}`, AWS_CA_BUNDLE: certificate }
}

/** A process as an engine runs it from deploy/Dockerfile's image, with a root that it cannot write. */
export class RunningContainer extends Namespaces {
  readonly #image: Image
  readonly #env: Environment

  private constructor(image: Image, options: Options, scratch: Scratch) {
    const env = { PATH, ...image.env, ...options.env }
    const place = [options.installed, process.execPath, scratch.path, image.user, image.workdir]
    const command = options.command ?? [...image.entrypoint, ...image.command]
    super('run-container', [...place, ...command], env, scratch)
    this.#image = image
    this.#env = env
  }

  static run(options: Options): RunningContainer {
    const scratch = new Scratch()
    const lines = options.mounts.map(
      ({ source, target, writable }) => `${source}\t${target}\t${writable ? 'rw' : 'ro'}\n`,
    )
    writeFileSync(join(scratch.path, 'mounts'), lines.join(''))
    return new RunningContainer(readImage(), options, scratch)
  }

  /** The same, and it has to say that it is ready. */
  static async start(options: Options): Promise<RunningContainer> {
    const container = RunningContainer.run(options)
    try {
      await container.until(() => container.stdout.includes('lockstep ready '))
      return container
    } catch (error) {
      await container[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Its end by itself. @throws CannotHere */
  async end(): Promise<Ending> {
    const ending = await this.ended
    if (ending.code === CANNOT) throw new CannotHere(ending.stderr.trim())
    return ending
  }

  /** SIGTERM, and an exit with 0 before an engine would kill. */
  async stop(): Promise<void> {
    const beganMs = performance.now()
    this.signal('SIGTERM')
    const { code } = await this.ended
    assert.equal(code, 0, this.stderr)
    assert.ok(performance.now() - beganMs < STOP_LIMIT_MS)
  }

  /** What an engine's `exec` does: a command beside the process, as the same user with the same environment. */
  exec(...command: readonly string[]): Promise<Ending> {
    const [uid = '', gid = ''] = this.#image.user.split(':')
    const place = ['--target', String(this.pid), '--mount', '--pid', '--uts', '--ipc', '--']
    const user = ['setpriv', '--reuid', uid, '--regid', gid, '--clear-groups', '--no-new-privs', '--']
    return finish('nsenter', [...place, ...user, ...command], { env: this.#env })
  }
}
