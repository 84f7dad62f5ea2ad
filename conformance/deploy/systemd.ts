import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Scratch } from '../server.ts'
import { Namespaces } from './namespaces.ts'

/** systemd as the first process of a machine that is this one copied on write. */
export class BootedSystemd extends Namespaces {
  private constructor(installed: string, scratch: Scratch) {
    const env = { PATH: process.env.PATH ?? '' }
    super('boot-systemd', [installed, process.execPath, scratch.path], env, scratch)
  }

  /**
   * @param installed The server, for lockstep.service; without it there is none.
   * @throws CannotHere where systemd cannot be booted so.
   */
  static async boot(installed = ''): Promise<BootedSystemd> {
    const booted = new BootedSystemd(installed, new Scratch())
    try {
      await booted.until(async () => {
        if (booted.pid === undefined) return false
        const { stdout } = await booted.inside('systemctl', 'is-system-running')
        return ['running', 'degraded'].includes(stdout.trim())
      })
      return booted
    } catch (error) {
      await booted[Symbol.asyncDispose]()
      throw error
    }
  }

  /** A file, with its folders, that root alone can read. */
  async put(path: string, content: string): Promise<void> {
    await this.demand('install', '-D', '-m', '0600', '/dev/null', path)
    await this.demand('sh', '-c', 'printf %s "$1" > "$2"', 'sh', content, path)
  }

  /** A command that has to succeed: its standard output. */
  async demand(...command: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.inside(...command)
    assert.equal(code, 0, `${command.join(' ')}: ${stderr}\n${this.said('stderr')}`)
    return stdout
  }

  /** A property of a unit. */
  async property(name: string, unit = 'lockstep.service'): Promise<string> {
    return (await this.demand('systemctl', 'show', '--value', '--property', name, unit)).trim()
  }

  /** What the service has written so far. */
  said(stream: 'stdout' | 'stderr'): string {
    try {
      return readFileSync(join(this.shared, stream), 'utf8')
    } catch {
      return '' // it has not been started
    }
  }

  /** Starts the service, and waits until it has said once more that it is ready. */
  async start(): Promise<void> {
    const before = this.#readyLines()
    await this.demand('systemctl', 'start', 'lockstep.service')
    await this.ready(before)
  }

  /** @param before How often it was ready already. */
  async ready(before: number): Promise<void> {
    await this.until(() => this.#readyLines() > before)
  }

  #readyLines(): number {
    return this.said('stdout').split('lockstep ready').length - 1
  }
}
