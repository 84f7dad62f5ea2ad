/** What the benchmarks found: tables of calls and sentences, one section of bench/results.md for each suite. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import type { Figures } from './load.ts'

const HEAD =
  '| what | connections | requests/s | p50 ms | p99 ms | server CPU µs/request |\n|---|---|---|---|---|---|'
const RESULTS = join(import.meta.dirname, 'results.md')
const ABOUT = `# Benchmarks

Written by \`npm run bench -- SUITE… --write\`, a section for each suite. Ratios and CPU time count; requests a second
swing by a third.
`

export interface Row extends Figures {
  readonly what: string
  readonly connections: number
  readonly cpuUs: number
}

export class Report {
  readonly rows: Row[] = []
  readonly #suite: string
  readonly #notes: string[] = []

  constructor(suite: string) {
    this.#suite = suite
  }

  add(row: Row): void {
    if (this.rows.length === 0) process.stdout.write(`${HEAD}\n`)
    this.rows.push(row)
    process.stdout.write(`${lineOf(row)}\n`)
  }

  note(text: string): void {
    this.#notes.push(text)
    process.stdout.write(`- ${text}\n`)
  }

  /** How each row of `connections` compares with the one named `yardstick`. */
  compare(yardstick: string, connections: number): void {
    const measured = this.rows.filter((row) => row.connections === connections)
    const against = measured.find(({ what }) => what === yardstick)?.perSecond ?? Number.NaN
    for (const { what, perSecond } of measured) {
      if (what !== yardstick)
        this.note(`${what}: ${(perSecond / against).toFixed(2)} of ${yardstick} at c = ${connections}.`)
    }
  }

  /** Puts this suite's section into bench/results.md, in the place of the one before. */
  write(): void {
    const machine = `${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}; load generator, servers and database share the cores.`
    const table = this.rows.length > 0 ? `${HEAD}\n${this.rows.map(lineOf).join('\n')}\n\n` : ''
    const notes = this.#notes.map((text) => `- ${text}`).join('\n')
    const section = `## ${this.#suite}\n\n${machine}\n\n${table}${notes}\n`
    const before = existsSync(RESULTS) ? readFileSync(RESULTS, 'utf8') : ''
    const others = before.split(/^(?=## )/m).filter((part) => part.startsWith('## '))
    const kept = others.filter((part) => !part.startsWith(`## ${this.#suite}\n`))
    writeFileSync(
      RESULTS,
      [ABOUT, ...[...kept, section].sort()]
        .map((part) => part.trimEnd())
        .join('\n\n')
        .concat('\n'),
    )
  }
}

function lineOf({ what, connections, perSecond, p50Ms, p99Ms, cpuUs }: Row): string {
  return `| ${what} | ${connections} | ${Math.round(perSecond)} | ${p50Ms.toFixed(2)} | ${p99Ms.toFixed(2)} | ${Math.round(cpuUs)} |`
}
