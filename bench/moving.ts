/** Suite `moving`: how long it takes to copy, back up and restore an installation, by the commands that people use. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Postgres } from '../conformance/postgres.ts'
import { lockstepCommand, told } from './command.ts'
import { startLockstep } from './lockstep.ts'
import { fill } from './measure.ts'
import type { Report } from './report.ts'
import type { Sizes } from './run.ts'

export async function moving(report: Report, { secrets }: Sizes): Promise<void> {
  const count = Math.max(...secrets)
  const scratch = mkdtempSync(join(tmpdir(), 'lockstep-bench-'))
  await using cluster = await Postgres.start({ settings: { shared_buffers: '256MB' } })
  try {
    const place = (name: string) => join(scratch, name)
    mkdirSync(place('source'), { mode: 0o700 })
    {
      const subject = await startLockstep(place('source'))
      await using _server = subject.server
      await fill(subject, count)
    }
    const rootKey = ['--root-key', `file:${place('source')}/root.key`]
    const of = `${count} secrets and the events that made them`

    const there = await cluster.createDatabase('there')
    const copied = await lockstepCommand([
      'store',
      'copy',
      '--from',
      `sqlite:${place('source')}`,
      '--to',
      there,
    ])
    report.note(
      `Copy of ${of}, SQLite to PostgreSQL, every row compared, the trail verified: ${told(copied)}.`,
    )
    const back = ['store', 'copy', '--from', there, '--to', `sqlite:${place('back')}`, ...rootKey]
    report.note(`The same back to SQLite: ${told(await lockstepCommand(back))}.`)

    const file = place('backup')
    const backedUp = await lockstepCommand(['backup', '--data', place('source'), '--to', file])
    const mib = (statSync(file).size / 1024 / 1024).toFixed(0)
    report.note(`Backup of them: ${told(backedUp)}, ${mib} MiB.`)
    const restore = ['restore', '--from', file, ...rootKey]
    const intoSqlite = await lockstepCommand([...restore, '--data', place('restored')])
    report.note(`Restore of it into SQLite, the file verified first, the trail after: ${told(intoSqlite)}.`)
    const again = await cluster.createDatabase('again')
    mkdirSync(place('beside'), { mode: 0o700 })
    copyFileSync(join(place('source'), 'root.key'), join(place('beside'), 'root.key'))
    const intoPostgres = await lockstepCommand([...restore, '--data', place('beside')], {
      LOCKSTEP_STORE: again,
    })
    report.note(`Restore of it into PostgreSQL: ${told(intoPostgres)}.`)
    const drilled = await lockstepCommand(['drill', '--from', file, ...rootKey])
    report.note(`Drill: ${told(drilled)}.`)
  } finally {
    rmSync(scratch, { recursive: true })
  }
}
