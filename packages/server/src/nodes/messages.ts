import type { Listen, Report, StepResult } from '@lockstep/wire'
import { factsIn } from './facts.ts'
import { jsonIn } from './register.ts'

/** As GetCommandInvocation shows them; the agent cuts there, and whoever has its key may not have. */
const MAX_STDOUT = 24_000
const MAX_STDERR = 8_000
const MAX_STEPS = 100
const MAX_ENTRIES = 1_000
const ID = /^[A-Za-z0-9-]{1,64}$/
const VERSION = /^[A-Za-z0-9:.-]{1,128}$/
const STEP_NAME = /^[A-Za-z0-9_:.-]{1,128}$/
const SESSION = /^[0-9a-f]{32}$/
const STEP_STATUSES: readonly unknown[] = ['Success', 'Failed', 'TimedOut', 'Cancelled']
const OUTCOMES: readonly unknown[] = ['Completed', 'Interrupted', 'TooLate', 'Cancelled']
type Members = Readonly<Record<string, unknown>>

/** What a node says when it begins to listen, or nothing where that is not in form. */
export function listenIn(body: Uint8Array): Listen | undefined {
  const { facts: told, session, desiredGeneration } = jsonIn(body) ?? {}
  const facts = factsIn(told)
  if (!facts || typeof session !== 'string' || !SESSION.test(session)) return undefined
  if (typeof desiredGeneration !== 'number' || !Number.isSafeInteger(desiredGeneration)) return undefined
  return { facts, session, desiredGeneration }
}

/** What a node reports, or nothing where that is not in form: a node is root of one machine and no more than that. */
export function reportIn(body: Uint8Array): Report | undefined {
  const { started, results, associations } = jsonIn(body) ?? {}
  const begun = each(started, startedIn)
  const ended = each(results, resultIn)
  const applied = each(associations, associationIn)
  return begun && ended && applied && { started: begun, results: ended, associations: applied }
}

function startedIn({ commandId, startedAt }: Members): Report['started'][number] | undefined {
  return isText(commandId, ID) && isInstant(startedAt) ? { commandId, startedAt } : undefined
}

function resultIn({ commandId, outcome, steps: told }: Members): Report['results'][number] | undefined {
  const steps = each(told, stepIn)
  if (!steps || steps.length > MAX_STEPS || !isText(commandId, ID) || !isOutcome(outcome)) return undefined
  return { commandId, outcome, steps }
}

function associationIn(told: Members): Report['associations'][number] | undefined {
  const { associationId, version } = told
  const steps = each(told.steps, stepIn)
  if (!steps || steps.length > MAX_STEPS || !isText(associationId, ID) || !isText(version, VERSION))
    return undefined
  return { associationId, version, steps }
}

function stepIn(told: Members): StepResult | undefined {
  const { name, status, exitCode, stdout, stderr, startedAt, endedAt } = told
  if (!isText(name, STEP_NAME) || !isStepStatus(status) || !isInstant(startedAt) || !isInstant(endedAt))
    return undefined
  if (typeof exitCode !== 'number' || !Number.isInteger(exitCode) || Math.abs(exitCode) > 255)
    return undefined
  if (typeof stdout !== 'string' || typeof stderr !== 'string') return undefined
  const printed = { stdout: firstOf(stdout, MAX_STDOUT), stderr: firstOf(stderr, MAX_STDERR) }
  return { name, status, exitCode, ...printed, startedAt, endedAt }
}

/** PostgreSQL keeps no NUL in a text, and nobody reads halves of a character. */
function firstOf(text: string, max: number): string {
  return text.slice(0, max).replaceAll('\0', '').toWellFormed()
}

function each<Read>(
  value: unknown,
  read: (member: Members) => Read | undefined,
): readonly Read[] | undefined {
  if (!Array.isArray(value) || value.length > MAX_ENTRIES) return undefined
  const found: Read[] = []
  for (const member of value) {
    if (typeof member !== 'object' || member === null) return undefined
    const entry = read(member)
    if (entry === undefined) return undefined
    found.push(entry)
  }
  return found
}

function isText(value: unknown, form: RegExp): value is string {
  return typeof value === 'string' && form.test(value)
}

function isInstant(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 40 && !Number.isNaN(new Date(value).getTime())
}

function isStepStatus(value: unknown): value is StepResult['status'] {
  return STEP_STATUSES.includes(value)
}

function isOutcome(value: unknown): value is Report['results'][number]['outcome'] {
  return OUTCOMES.includes(value)
}
