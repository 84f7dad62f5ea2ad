import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Doors } from './platform.ts'

/** Doors whose time stands still until a test moves it. */
export class TestDoors implements Doors {
  readonly logged: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[] = []
  readonly #alarms = new Set<{ readonly atMs: number; readonly act: () => void }>()
  #nowMs = new Date('2026-01-15T10:00:00Z').getTime()

  now(): Date {
    return new Date(this.#nowMs)
  }

  after(delayMs: number, act: () => void): Disposable {
    const alarm = { atMs: this.#nowMs + delayMs, act }
    this.#alarms.add(alarm)
    return { [Symbol.dispose]: () => void this.#alarms.delete(alarm) }
  }

  below(below: number): number {
    return Math.floor(below / 2)
  }

  hex(bytes: number): string {
    return randomBytes(bytes).toString('hex')
  }

  log(event: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.logged.push({ event, fields })
  }

  get waiting(): number {
    return this.#alarms.size
  }

  /** When the next alarm is due, from now. */
  get nextMs(): number {
    return Math.min(...[...this.#alarms].map(({ atMs }) => atMs)) - this.#nowMs
  }

  advance(ms: number): void {
    this.#nowMs += ms
    for (const alarm of [...this.#alarms]) {
      if (alarm.atMs > this.#nowMs) continue
      this.#alarms.delete(alarm)
      alarm.act()
    }
  }
}

/** A directory for one test. */
export class Scratch implements Disposable {
  readonly path: string

  constructor() {
    this.path = mkdtempSync(join(tmpdir(), 'lockstep-agent-'))
  }

  file(name: string): string {
    return join(this.path, name)
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
