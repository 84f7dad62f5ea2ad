import { compileCondition, type Holds } from './condition.ts'
import type { Policy, Selection, Statement } from './policy.ts'
import { type CompiledPrincipals, compilePrincipals } from './principals.ts'
import { fill, isFixed, type KeyLookup, type Reads, readTemplate, type Template } from './template.ts'
import { compilePattern, type Test, textOf } from './wildcard.ts'

/** A policy ready to be asked. Compile once per version of a policy, keep, and share between requests. */
export interface CompiledPolicy {
  /** A managed policy's ARN, which AWS adds to the sentence of an explicit deny. */
  readonly arn?: string
  readonly statements: readonly CompiledStatement[]
}

export interface CompiledStatement {
  readonly denies: boolean
  /** Absent in policies without principals. */
  readonly principals?: CompiledPrincipals
  readonly actions: CompiledSelection
  /** Absent in trust policies. */
  readonly resources?: CompiledSelection
  readonly conditions: readonly Holds[]
}

/** Names grouped by how they are compared: whole, by pattern, and by pattern once variables are filled in. */
interface CompiledSelection {
  readonly negated: boolean
  readonly whole: ReadonlySet<string>
  readonly patterns: readonly Test[]
  readonly open: readonly Template[]
}

/** Compiles a policy. @param meta.arn the ARN of a managed policy */
export function compilePolicy(policy: Policy, meta: { readonly arn?: string } = {}): CompiledPolicy {
  const variables = policy.version === '2012-10-17'
  return { ...meta, statements: policy.statements.map((statement) => compileStatement(statement, variables)) }
}

/** A resource's one ARN, or every ARN of one that goes by several. */
export type ResourceNames = string | readonly string[]

/** Whether the statement is about this action and resource, and all its conditions hold. */
export function applies(
  statement: CompiledStatement,
  action: string,
  resource: ResourceNames,
  key: KeyLookup,
): boolean {
  if (!selects(statement.actions, action, key)) return false
  if (statement.resources && !selectsResource(statement.resources, resource, key)) return false
  for (const holds of statement.conditions) if (!holds(key)) return false
  return true
}

/** A resource by several names is meant where one of them is, and excepted where one of them is. */
function selectsResource(selection: CompiledSelection, names: ResourceNames, key: KeyLookup): boolean {
  if (typeof names === 'string') return selects(selection, names, key)
  return selection.negated
    ? names.every((name) => selects(selection, name, key))
    : names.some((name) => selects(selection, name, key))
}

function compileStatement(statement: Statement, variables: boolean): CompiledStatement {
  const { actions, resources, principals } = statement
  const lowerCased = { ...actions, patterns: actions.patterns.map((pattern) => pattern.toLowerCase()) }
  return {
    denies: statement.effect === 'Deny',
    ...(principals && { principals: compilePrincipals(principals) }),
    actions: compileSelection(lowerCased, { variables: false, wildcards: true }),
    ...(resources && { resources: compileSelection(resources, { variables, wildcards: true }) }),
    conditions: statement.conditions.map((condition) => compileCondition(condition, variables)),
  }
}

function compileSelection(selection: Selection, reads: Reads): CompiledSelection {
  const whole = new Set<string>()
  const patterns: Test[] = []
  const open: Template[] = []
  for (const text of selection.patterns) {
    const template = readTemplate(text, reads)
    if (template === undefined) continue
    if (!isFixed(template)) open.push(template)
    else if (template.every((place) => place >= 0)) whole.add(textOf(template))
    else patterns.push(compilePattern(template))
  }
  return { negated: selection.negated, whole, patterns, open }
}

/**
 * Whether the selection covers `name`. A variable without a value selects nothing, not even as an exception:
 * `NotResource` with an unknown exception covers nothing at all.
 */
function selects(selection: CompiledSelection, name: string, key: KeyLookup): boolean {
  const { negated, whole, patterns, open } = selection
  for (const fits of patterns) if (fits(name)) return !negated
  if (whole.size > 0 && whole.has(name)) return !negated
  let unknown = false
  for (const template of open) {
    const pattern = fill(template, key)
    if (pattern === undefined) unknown = true
    else if (compilePattern(pattern)(name)) return !negated
  }
  return negated && !unknown
}
