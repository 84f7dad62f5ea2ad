import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Scratch } from './doors.test-support.ts'
import { FileJournal, type Journal, MemoryJournal } from './journal.ts'
import { Ledger } from './ledger.ts'

const NOW = new Date('2026-01-15T10:00:00Z')
const SOON = '2026-01-15T10:10:00Z'
const DONE = { outcome: 'Completed', steps: [] } as const

function outcomes(ledger: Ledger): Readonly<Record<string, string>> {
  return Object.fromEntries(ledger.pending().results.map(({ commandId, outcome }) => [commandId, outcome]))
}

describe('a ledger', () => {
  test('knows after a restart what was begun, and what came of it', () => {
    using scratch = new Scratch()
    const first = Ledger.open(new FileJournal(scratch.file('ledger')), NOW)
    for (const id of ['under-way', 'ended', 'acknowledged']) first.begin(id, NOW, SOON)
    first.end({ commandId: 'ended', ...DONE })
    first.end({ commandId: 'acknowledged', ...DONE })
    first.acknowledge('acknowledged')
    first.close()
    const second = Ledger.open(new FileJournal(scratch.file('ledger')), NOW)
    for (const id of ['under-way', 'ended', 'acknowledged']) assert.ok(second.has(id), id)
    assert.deepEqual(outcomes(second), { 'under-way': 'Interrupted', ended: 'Completed' })
    second.close()
  })

  test('refuses to begin a command twice', () => {
    const ledger = Ledger.open(new MemoryJournal(), NOW)
    ledger.begin('c-1', NOW, SOON)
    assert.throws(() => ledger.begin('c-1', NOW, SOON), /before/)
  })

  test('forgets what was acknowledged a day after its time, and nothing sooner or else', () => {
    const journal = new MemoryJournal()
    const ledger = Ledger.open(journal, NOW)
    for (const id of ['acknowledged', 'open']) {
      ledger.begin(id, NOW, SOON)
      ledger.end({ commandId: id, ...DONE })
    }
    ledger.acknowledge('acknowledged')
    const dayLater = new Date(new Date(SOON).getTime() + 86_400_000)
    assert.ok(Ledger.open(journal, dayLater).has('acknowledged'))
    const later = Ledger.open(journal, new Date(dayLater.getTime() + 1))
    assert.deepEqual([later.has('acknowledged'), later.has('open')], [false, true])
  })

  test('tells again what the server asks for again, and bounds what one report holds', () => {
    const ledger = Ledger.open(new MemoryJournal(), NOW)
    const step = {
      name: 'run',
      status: 'Success',
      exitCode: 0,
      stderr: '',
      startedAt: SOON,
      endedAt: SOON,
    } as const
    for (let i = 0; i < 30; i++) {
      ledger.begin(`c-${i}`, NOW, SOON)
      ledger.end({
        commandId: `c-${i}`,
        outcome: 'Completed',
        steps: [{ ...step, stdout: 'x'.repeat(24_000) }],
      })
    }
    const { length } = ledger.pending().results
    assert.ok(length > 0 && length < 10)
    for (let { results } = ledger.pending(); results.length > 0; results = ledger.pending().results)
      for (const { commandId } of results) ledger.acknowledge(commandId)
    assert.deepEqual(ledger.pending(), { started: [], results: [] })
    ledger.tellAgain('c-0')
    assert.deepEqual(Object.keys(outcomes(ledger)), ['c-0'])
  })

  test('begins nothing that it could not write down, and goes on after a full disk', () => {
    class Full extends MemoryJournal {
      isFull = false
      override append(line: string): void {
        if (this.isFull) throw new Error('ENOSPC')
        super.append(line)
      }
    }
    const journal = new Full()
    const ledger = Ledger.open(journal, NOW)
    journal.isFull = true
    assert.throws(() => ledger.begin('c-1', NOW, SOON), /ENOSPC/)
    assert.equal(ledger.has('c-1'), false)
    journal.isFull = false
    ledger.begin('c-1', NOW, SOON)
    assert.ok(ledger.has('c-1'))
  })

  test('is not opened where it was damaged in its midst', () => {
    using scratch = new Scratch()
    writeFileSync(
      scratch.file('ledger'),
      '{"kind":"begun","commandId":"a"\n{"kind":"acknowledged","commandId":"a"}\n',
    )
    assert.throws(() => Ledger.open(new FileJournal(scratch.file('ledger')), NOW), SyntaxError)
  })
})

/** Plays acts on a ledger, each begun command having run where the journal said so first. */
function play(journal: Journal, acts: readonly number[], ran: Map<string, number>): void {
  const ledger = Ledger.open(journal, NOW)
  for (const act of acts) {
    const commandId = `c-${act % 7}`
    if (!ledger.has(commandId)) {
      ledger.begin(commandId, NOW, SOON)
      ran.set(commandId, (ran.get(commandId) ?? 0) + 1)
    } else if (act % 3 === 0) ledger.end({ commandId, ...DONE })
    else ledger.acknowledge(commandId)
  }
  ledger.close()
}

test('wherever a crash cuts the journal, no command runs twice that had begun', () => {
  using scratch = new Scratch()
  fc.assert(
    fc.property(
      fc.array(fc.nat(60), { maxLength: 30 }),
      fc.nat(),
      fc.array(fc.nat(60)),
      (before, cut, after) => {
        rmSync(scratch.file('ledger'), { force: true })
        const ran = new Map<string, number>()
        const journal = new FileJournal(scratch.file('ledger'))
        // Each append is its own crash point: what was written before it stays, the line itself is torn.
        let left = before.length === 0 ? 0 : cut % before.length
        const torn: Journal = {
          read: () => journal.read(),
          rewrite: (lines) => journal.rewrite(lines),
          close: () => journal.close(),
          append(line) {
            if (left-- > 0) return journal.append(line)
            appendFileSync(scratch.file('ledger'), line.slice(0, cut % (line.length + 1)))
            throw new Error('crash')
          },
        }
        try {
          play(torn, before, ran)
        } catch (error) {
          assert.match(String(error), /crash/)
          journal.close()
        }
        play(new FileJournal(scratch.file('ledger')), after, ran)
        for (const [commandId, times] of ran) assert.equal(times, 1, commandId)
      },
    ),
    { numRuns: 60 },
  )
})

const CHILD = `
import { appendFileSync } from 'node:fs'
import { FileJournal } from '${join(import.meta.dirname, 'journal.ts')}'
import { Ledger } from '${join(import.meta.dirname, 'ledger.ts')}'
const [, , path, runs] = process.argv
const ledger = Ledger.open(new FileJournal(path), new Date())
process.stdout.write('open')
for (let i = 0; ; i++) {
  const commandId = 'c-' + i
  if (ledger.has(commandId)) continue
  ledger.begin(commandId, new Date(), '2099-01-01T00:00:00Z')
  appendFileSync(runs, commandId + '\\n')
  ledger.end({ commandId, outcome: 'Completed', steps: [] })
}
`

test('a process that is killed at any moment has run each command once, and says which was interrupted', async () => {
  using scratch = new Scratch()
  const child = join(scratch.path, 'child.ts')
  const runs = join(scratch.path, 'runs')
  writeFileSync(child, CHILD)
  for (let round = 0; round < 6; round++) {
    const running = spawn(process.execPath, [child, scratch.file('ledger'), runs], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await new Promise((resolve) => running.stdout.once('data', resolve))
    // However far it has come by then.
    while (!existsSync(runs) || readFileSync(runs).length < (round + 1) * 200) await new Promise(setImmediate)
    running.kill('SIGKILL')
    await new Promise((resolve) => running.once('exit', resolve))
  }
  const ran = readFileSync(runs, 'utf8').trim().split('\n')
  assert.equal(new Set(ran).size, ran.length)
  const ledger = Ledger.open(new FileJournal(scratch.file('ledger')), new Date())
  for (const commandId of ran) assert.ok(ledger.has(commandId))
  ledger.close()
})
