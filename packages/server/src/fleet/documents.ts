import { contentFault, DocumentFault } from './document-fault.ts'
import { type DocumentParameter, readParameters } from './document-parameters.ts'
import { readRuntimeConfig, readSteps } from './document-steps.ts'
import { type DocumentFormat, demandMapping, memberOf, readText } from './document-text.ts'

/** A Command document, read and checked. */
export interface CommandDocument {
  readonly schemaVersion: '1.2' | '2.0' | '2.2'
  readonly description: string
  /** By name, in the document's order. */
  readonly parameters: ReadonlyMap<string, DocumentParameter>
  readonly steps: readonly DocumentStep[]
}

/** A step as the document has it: `{{ name }}` is still to be replaced in every text. */
export interface DocumentStep {
  readonly name: string
  readonly action: 'aws:runShellScript' | 'aws:runPowerShellScript'
  readonly runCommand: readonly string[]
  readonly workingDirectory: string | undefined
  readonly timeoutSeconds: string | undefined
  /** Pairs that must all be equal for the step to run; `platformType` stands for what the node is. */
  readonly precondition: readonly (readonly [string, string])[]
}

/**
 * Reads a document of type Command.
 * @see https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-syntax-data-elements-parameters.html
 * @throws DocumentFault
 */
export function parseDocument(text: string, format: DocumentFormat): CommandDocument {
  const content = demandMapping(readText(text, format), 'The document')
  const version = memberOf(content, 'schemaVersion')
  const description = memberOf(content, 'description') ?? ''
  if (typeof description !== 'string') throw contentFault('description must be a string.')
  const head = { description, parameters: readParameters(memberOf(content, 'parameters')) }
  // YAML reads an unquoted 2.2 as a number, and Amazon takes it too.
  switch (String(version)) {
    case '1.2':
      demandMapping(content, 'The document', ['schemaVersion', 'description', 'parameters', 'runtimeConfig'])
      return { ...head, schemaVersion: '1.2', steps: readRuntimeConfig(memberOf(content, 'runtimeConfig')) }
    case '2.0':
    case '2':
    case '2.2':
      demandMapping(content, 'The document', ['schemaVersion', 'description', 'parameters', 'mainSteps'])
      return {
        ...head,
        schemaVersion: String(version) === '2.2' ? '2.2' : '2.0',
        steps: readSteps(memberOf(content, 'mainSteps')),
      }
    default:
      throw new DocumentFault(
        'schema version',
        'A document of type Command has schemaVersion 1.2, 2.0 or 2.2.',
      )
  }
}

/** Where a document can run, as Amazon names platforms. */
export function platformTypes({ steps }: CommandDocument): readonly ('Linux' | 'MacOS' | 'Windows')[] {
  const runs = (platform: string, action: DocumentStep['action']) =>
    steps.some((step) => step.action === action && mayRunOn(step, platform))
  return [
    ...(runs('Linux', 'aws:runShellScript') ? (['Linux'] as const) : []),
    ...(runs('MacOS', 'aws:runShellScript') ? (['MacOS'] as const) : []),
    ...(runs('Windows', 'aws:runPowerShellScript') ? (['Windows'] as const) : []),
  ]
}

function mayRunOn({ precondition }: DocumentStep, platform: string): boolean {
  return precondition.every(([left, right]) => {
    if (left === 'platformType') return right === platform
    return right === 'platformType' ? left === platform : true
  })
}
