import type { NodeStep } from '@lockstep/wire'
import { ParameterFault } from './document-fault.ts'
import { type ParameterValue, parameterValues } from './document-parameters.ts'
import type { CommandDocument, DocumentStep } from './documents.ts'
import { substituted, substitutedLines } from './substitution.ts'

/** @see https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-command-ssm-plugin-reference.html */
const DEFAULT_TIMEOUT_SECONDS = 3600
const MIN_TIMEOUT_SECONDS = 5
const MAX_TIMEOUT_SECONDS = 172_800

/** A node is sent this much at most; Amazon bounds a command's document and parameters alike. */
const MAX_SCRIPT_CHARACTERS = 256 * 1024

/** What a node is. */
const PLATFORM_TYPE = 'Linux'

/** Parameters as SSM's calls carry them. */
export type GivenParameters = Readonly<Record<string, readonly string[]>>

/**
 * What a Linux node is to run of a document: nothing where no step is for Linux.
 * @throws ParameterFault for parameters that the document does not admit.
 */
export function resolve(document: CommandDocument, given: GivenParameters): readonly NodeStep[] {
  const values = parameterValues(document.parameters, given)
  const isVariable = (name: string) => document.parameters.get(name)?.interpolation === 'ENV_VAR'
  const inText = new Map([...values].filter(([name]) => !isVariable(name)))
  const environment = environmentOf([...values].filter(([name]) => isVariable(name)))
  const steps = document.steps
    .filter((step) => step.action === 'aws:runShellScript' && isForNode(step, values))
    .map((step) => nodeStep(step, { values, inText, environment }))
  const size = JSON.stringify(steps).length
  if (size > MAX_SCRIPT_CHARACTERS) throw new ParameterFault('The document with its parameters is too large.')
  return steps
}

function environmentOf(
  values: readonly (readonly [string, ParameterValue])[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(values.map(([name, value]) => [`SSM_${name}`, String(value)]))
}

interface Scene {
  readonly values: ReadonlyMap<string, ParameterValue>
  /** Those that may stand in a script. */
  readonly inText: ReadonlyMap<string, ParameterValue>
  readonly environment: Readonly<Record<string, string>>
}

function nodeStep(step: DocumentStep, { values, inText, environment }: Scene): NodeStep {
  // No shell reads these two, so that every value may stand there.
  const workingDirectory = substituted(step.workingDirectory ?? '', values)
  const timeoutSeconds = timeoutOf(substituted(step.timeoutSeconds ?? '', values))
  return {
    name: step.name,
    action: 'aws:runShellScript',
    script: substitutedLines(step.runCommand, inText),
    environment,
    ...(workingDirectory !== '' && { workingDirectory }),
    timeoutSeconds,
  }
}

function isForNode({ precondition }: DocumentStep, values: Scene['values']): boolean {
  const meant = (operand: string) =>
    operand === 'platformType' ? PLATFORM_TYPE : substituted(operand, values)
  return precondition.every(([left, right]) => meant(left) === meant(right))
}

/** As Amazon's agent reads it: what is no number of seconds within its bounds is the default. */
function timeoutOf(text: string): number {
  const seconds = Number(text)
  const isWithin =
    Number.isSafeInteger(seconds) && seconds >= MIN_TIMEOUT_SECONDS && seconds <= MAX_TIMEOUT_SECONDS
  return isWithin ? seconds : DEFAULT_TIMEOUT_SECONDS
}
