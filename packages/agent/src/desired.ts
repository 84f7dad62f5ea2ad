import type { DesiredState, NodeAssociation, NodeStep, Report, StepResult } from '@lockstep/wire'
import type { Keep } from './journal.ts'

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
  readonly #keep: Keep
  #kept: Kept

  constructor(keep: Keep) {
    this.#keep = keep
    const text = keep.read()
    // Written by this class.
    this.#kept = text === undefined ? NOTHING : (JSON.parse(text) as Kept)
  }

  get generation(): number {
    return this.#kept.state.generation
  }

  hold(state: DesiredState): void {
    if (state.generation <= this.generation) return
    const named = new Set(state.associations.map(({ associationId }) => associationId))
    const applied = Object.entries(this.#kept.applied).filter(([id]) => named.has(id))
    this.#write({ state, applied: Object.fromEntries(applied) })
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
    this.#write({ ...this.#kept, applied: { ...this.#kept.applied, [associationId]: applied } })
  }

  pending(): Report['associations'] {
    return Object.values(this.#kept.applied).flatMap(({ result, acknowledged }) =>
      acknowledged ? [] : [result],
    )
  }

  acknowledge(associationId: string, version: string): void {
    const applied = this.#kept.applied[associationId]
    if (applied?.version !== version) return
    this.#write({
      ...this.#kept,
      applied: { ...this.#kept.applied, [associationId]: { ...applied, acknowledged: true } },
    })
  }

  #write(kept: Kept): void {
    this.#keep.write(JSON.stringify(kept))
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
