import type { Place } from './store.ts'

/** `ENABLED` leaves out the calls that only look; AWS spells the state that does not. */
export type RuleState = 'ENABLED' | 'DISABLED' | 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS'

/** A rule of the default event bus: which events, or when, and its targets are told. */
export interface Rule extends Place {
  readonly name: string
  /** JSON, as the caller wrote it. */
  readonly pattern: string | undefined
  readonly schedule: string | undefined
  /** What a rate counts from: when the schedule was set, or the rule enabled. */
  readonly scheduledFrom: Date
  readonly state: RuleState
  readonly description: string | undefined
  readonly roleArn: string | undefined
  readonly tags: Readonly<Record<string, string>>
}

/** Who is told, and what. At most one of input, inputPath and inputTransformer is there. */
export interface RuleTarget {
  readonly id: string
  readonly arn: string
  readonly roleArn?: string | undefined
  /** A constant text, JSON. */
  readonly input?: string | undefined
  readonly inputPath?: string | undefined
  readonly inputTransformer?:
    | { readonly paths: Readonly<Record<string, string>>; readonly template: string }
    | undefined
  /** How long and how often delivery is tried. */
  readonly retry?:
    | { readonly maxAttempts?: number | undefined; readonly maxAgeSeconds?: number | undefined }
    | undefined
}

/** A rule that may match an event now, and the ids of its targets. */
export interface LiveRule {
  readonly name: string
  readonly pattern: string
  readonly state: RuleState
  readonly targetIds: readonly string[]
}

/** A page of a list, from behind `after`. */
export interface RulePage {
  readonly after?: string | undefined
  readonly limit: number
}

export interface RuleReader {
  rule(place: Place, name: string): Promise<Rule | undefined>
  /** Those whose name begins with `prefix`, by name. */
  rules(place: Place, prefix: string, page: RulePage): Promise<readonly Rule[]>
  ruleCount(place: Place): Promise<number>
  /** The rules with a pattern and a target that are not disabled. An account and region has a few hundred at most. */
  live(place: Place): Promise<readonly LiveRule[]>
  /** A rule's targets by id. It has five at most. */
  targets(place: Place, rule: string): Promise<readonly RuleTarget[]>
  /** The names of the rules that tell `arn`, by name. */
  ruleNamesByTarget(place: Place, arn: string, page: RulePage): Promise<readonly string[]>
}

export interface RuleWriter extends RuleReader {
  /** Adds a rule, or writes all of it anew. */
  putRule(rule: Rule): Promise<void>
  /** Removes a rule that has no targets. */
  removeRule(place: Place, name: string): Promise<void>
  /** Adds a target, or writes all of it anew. */
  putTarget(place: Place, rule: string, target: RuleTarget): Promise<void>
  /** Answers whether there was one. */
  removeTarget(place: Place, rule: string, id: string): Promise<boolean>
}
