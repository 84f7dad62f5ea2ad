/**
 * `npm run bench [-- SUITE… --secrets 1000,1000000 --seconds 5 --events 1000000 --nodes 1000 --crowd 10000 --write]`: what the parts of Lockstep cost, each
 * beside a yardstick in the same run. Figures go to standard output and, with `--write`, to bench/results.md. Read the
 * ratios and the CPU time per request; requests a second swing with whatever else the machine does.
 */
import { parseArgs } from 'node:util'
import { delivery } from './delivery.ts'
import { crowd, fleet } from './fleet.ts'
import { moving } from './moving.ts'
import { postgres } from './postgres.ts'
import { Report } from './report.ts'
import { rotation } from './rotation.ts'
import { rules } from './rules.ts'
import { secrets } from './secrets.ts'
import { trail } from './trail.ts'

/** How much of each. */
export interface Sizes {
  readonly secrets: readonly number[]
  readonly seconds: number
  readonly events: number
  readonly nodes: number
  /** Nodes that do nothing but listen. */
  readonly crowd: number
}

const SUITES: Readonly<Record<string, (report: Report, sizes: Sizes) => Promise<void>>> = {
  secrets,
  postgres,
  moving,
  rotation,
  fleet,
  crowd,
  trail,
  delivery,
  rules,
}

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    secrets: { type: 'string', default: '1000,100000' },
    seconds: { type: 'string', default: '5' },
    events: { type: 'string', default: '1000000' },
    nodes: { type: 'string', default: '1000' },
    crowd: { type: 'string', default: '10000' },
    write: { type: 'boolean', default: false },
  },
})
const sizes = {
  secrets: flags.secrets.split(',').map(Number),
  seconds: Number(flags.seconds),
  events: Number(flags.events),
  nodes: Number(flags.nodes),
  crowd: Number(flags.crowd),
}
for (const name of positionals.length > 0 ? positionals : Object.keys(SUITES)) {
  const suite = SUITES[name]
  if (!suite) throw new Error(`${name} is none of ${Object.keys(SUITES).join(', ')}`)
  process.stdout.write(`\n## ${name}\n\n`)
  const report = new Report(name)
  await suite(report, sizes)
  if (flags.write) report.write()
}
