import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { DesiredState, NodeAssociation, NodeStep, Report, StepResult } from '@lockstep/wire'

type AssociationResult = Report['associations'][number]

/** When an association was last applied, and with what end. */
interface Applied {
  readonly version: string
  readonly at: string
  readonly result: AssociationResult
  readonly acknowledged: boolean
}

interface Kept {
  readonly state: DesiredState
  readonly applied: Readonly<Record<string, Applied>>
}

const NOTHING: Kept = { state: { generation: 0, associations: [] }, applied: {} }

/**
 * What the node is to be brought to, as it was last told, kept across restarts: it converges while the server is away.
 * A generation lower than the one that is held never takes its place.
 */
export class Desired {
  readonly #path: string
  #kept: Kept

  constructor(directory: string) {
    this.#path = join(directory, 'desired.json')
    // Written by this class.
    this.#kept = existsSync(this.#path) ? (JSON.parse(readFileSync(this.#path, 'utf8')) as Kept) : NOTHING
  }

  get generation(): number {
    return this.#kept.state.generation
  }

  hold(state: DesiredState): void {
    if (state.generation <= this.generation) return
    const named = new Set(state.associations.map(({ associationId }) => associationId))
    const applied = Object.entries(this.#kept.applied).filter(([id]) => named.has(id))
    this.#keep({ state, applied: Object.fromEntries(applied) })
  }

  /** What is to be applied at `now`: whatever is new or changed, failed a minute ago, or has come round. */
  due(now: Date): readonly NodeAssociation[] {
    return this.#kept.state.associations.filter((association) =>
      isDue(association, this.#kept.applied[association.associationId], now),
    )
  }

  /** Applies one, step after step until one fails. */
  async apply(
    { associationId, version, steps }: NodeAssociation,
    now: Date,
    run: (step: NodeStep) => Promise<StepResult>,
  ): Promise<void> {
    const results: StepResult[] = []
    for (const step of steps) {
      const result = await run(step)
      results.push(result)
      if (result.status !== 'Success') break
    }
    const result = { associationId, version, steps: results }
    const applied = { version, at: now.toISOString(), result, acknowledged: false }
    this.#keep({ ...this.#kept, applied: { ...this.#kept.applied, [associationId]: applied } })
  }

  pending(): Report['associations'] {
    return Object.values(this.#kept.applied).flatMap(({ result, acknowledged }) =>
      acknowledged ? [] : [result],
    )
  }

  acknowledge(associationId: string, version: string): void {
    const applied = this.#kept.applied[associationId]
    if (applied?.version !== version) return
    this.#keep({
      ...this.#kept,
      applied: { ...this.#kept.applied, [associationId]: { ...applied, acknowledged: true } },
    })
  }

  #keep(kept: Kept): void {
    const beside = `${this.#path}.new`
    const file = openSync(beside, 'w', 0o600)
    try {
      writeSync(file, JSON.stringify(kept))
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(beside, this.#path)
    const directory = openSync(dirname(this.#path), 'r')
    try {
      fsyncSync(directory)
    } finally {
      closeSync(directory)
    }
    this.#kept = kept
  }
}

const RETRY_MS = 60_000

function isDue({ version, everySeconds }: NodeAssociation, applied: Applied | undefined, now: Date): boolean {
  if (applied?.version !== version) return true
  const age = now.getTime() - new Date(applied.at).getTime()
  const isFailed = applied.result.steps.some(({ status }) => status !== 'Success')
  if (isFailed) return age >= RETRY_MS
  return everySeconds !== undefined && age >= everySeconds * 1000
}
