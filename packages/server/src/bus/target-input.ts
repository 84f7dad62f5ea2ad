import type { RuleTarget } from '../store/rules.ts'
import type { BusEvent } from './bus-event.ts'
import { parseJsonPath, valueAt } from './json-path.ts'
import { parseTemplate } from './template.ts'

/** What a template may name beside its own paths. */
export const RESERVED_VARIABLES = [
  'aws.events.rule-arn',
  'aws.events.rule-name',
  'aws.events.event',
  'aws.events.event.json',
  'aws.events.event.ingestion-time',
] as const

/** What a delivery is about, as a template may name it. */
export interface TemplateScene {
  readonly event: BusEvent
  readonly ruleArn: string
  readonly ruleName: string
  readonly takenInAt: Date
}

/**
 * What a target is told: the event, or what its settings make of it. PutTargets let no setting in that cannot be read.
 */
export function targetInput(target: RuleTarget, scene: TemplateScene): string {
  const { input, inputPath, inputTransformer } = target
  if (input !== undefined) return input
  // A path that points to nothing is told as null.
  if (inputPath !== undefined) return JSON.stringify(at(inputPath, scene.event) ?? null)
  if (inputTransformer === undefined) return JSON.stringify(scene.event)
  const values = new Map<string, unknown>(reserved(scene))
  for (const [name, path] of Object.entries(inputTransformer.paths)) values.set(name, at(path, scene.event))
  return parseTemplate(inputTransformer.template)?.fill(values) ?? ''
}

function at(path: string, event: BusEvent): unknown {
  const steps = parseJsonPath(path)
  return steps && valueAt(steps, event)
}

function reserved({
  event,
  ruleArn,
  ruleName,
  takenInAt,
}: TemplateScene): readonly (readonly [string, unknown])[] {
  const { detail: _, ...withoutDetail } = event
  const values: Readonly<Record<(typeof RESERVED_VARIABLES)[number], unknown>> = {
    'aws.events.rule-arn': ruleArn,
    'aws.events.rule-name': ruleName,
    'aws.events.event': withoutDetail,
    'aws.events.event.json': event,
    'aws.events.event.ingestion-time': takenInAt.toISOString(),
  }
  return Object.entries(values)
}
