import type { PutTargetsResultEntry, Target } from '@aws-sdk/client-eventbridge'
import { parseArn } from '@lockstep/wire'
import { parseJsonPath } from '../../bus/json-path.ts'
import { parseTargetArn } from '../../bus/rule-arn.ts'
import { RESERVED_VARIABLES } from '../../bus/target-input.ts'
import { parseTemplate } from '../../bus/template.ts'
import { isJson } from '../../platform/is-json.ts'
import type { RuleTarget } from '../../store/rules.ts'
import type { Place } from '../../store/store.ts'
import { invalid } from './errors.ts'

/** Members that are about targets of kinds that we deliver nothing to. */
const OF_OTHER_KINDS = [
  'KinesisParameters',
  'RunCommandParameters',
  'EcsParameters',
  'BatchParameters',
  'SqsParameters',
  'HttpParameters',
  'RedshiftDataParameters',
  'SageMakerPipelineParameters',
  'AppSyncParameters',
] as const

/** Reads a target. @throws ValidationException for one that AWS refuses with the whole call */
export function checkedTarget(given: Target): RuleTarget {
  const { Id: id = '', Arn: arn = '', RoleArn, Input, InputPath, InputTransformer, RetryPolicy } = given
  if (!parseArn(arn))
    throw invalid(`Parameter ${arn} is not valid. Reason: Provided Arn is not in correct format.`)
  const ways = [Input, InputPath, InputTransformer].filter((way) => way !== undefined)
  if (ways.length > 1)
    throw invalid(`Only one of Input, InputPath, or InputTransformer must be provided for target ${id}.`)
  if (Input !== undefined && !isJson(Input)) throw invalid(`JSON syntax error in input for target ${id}.`)
  if (InputPath !== undefined) demandPath(InputPath, id)
  if (InputTransformer) demandTransformer(InputTransformer, id)
  return {
    id,
    arn,
    roleArn: RoleArn,
    input: Input,
    inputPath: InputPath,
    inputTransformer: InputTransformer && {
      paths: { ...InputTransformer.InputPathsMap },
      template: InputTransformer.InputTemplate ?? '',
    },
    retry: RetryPolicy && {
      maxAttempts: RetryPolicy.MaximumRetryAttempts,
      maxAgeSeconds: RetryPolicy.MaximumEventAgeInSeconds,
    },
  }
}

/**
 * Why a target is not taken in although it reads well; the others of the call are.
 *
 * DIVERGENCE: events are delivered to Lambda functions and SNS topics of the rule's region; AWS has two dozen other
 * kinds of targets.
 * DIVERGENCE: there are no queues for what could not be delivered, so a DeadLetterConfig is refused; the trail says
 * what was given up.
 */
export function refusalOf(given: Target, place: Place): PutTargetsResultEntry | undefined {
  const target = parseTargetArn(given.Arn ?? '')
  if (!target || OF_OTHER_KINDS.some((member) => given[member] !== undefined))
    return refused(given, 'Only Lambda functions and SNS topics can be targets.')
  if (target.region !== place.region)
    return refused(given, `Target ${given.Id} is in another region than the rule.`)
  if (target.kind === 'topic' && target.name.endsWith('.fifo'))
    return refused(given, 'FIFO topics cannot be targets.')
  if (given.DeadLetterConfig) return refused(given, 'DeadLetterConfig is not supported.')
  return undefined
}

function refused({ Id }: Target, ErrorMessage: string): PutTargetsResultEntry {
  return { TargetId: Id, ErrorCode: 'ValidationException', ErrorMessage }
}

function demandPath(path: string, id: string): void {
  if (!parseJsonPath(path)) throw invalid(`Invalid InputPath for target ${id}.`)
}

function demandTransformer(
  { InputPathsMap: paths = {}, InputTemplate = '' }: NonNullable<Target['InputTransformer']>,
  id: string,
): void {
  for (const path of Object.values(paths)) demandPath(path, id)
  const template = parseTemplate(InputTemplate)
  if (!template) throw invalid(`Invalid InputTemplate for target ${id} : it is not JSON.`)
  const known: ReadonlySet<string> = new Set([...RESERVED_VARIABLES, ...Object.keys(paths)])
  for (const name of template.names)
    if (!known.has(name))
      throw invalid(`InputTemplate for target ${id} contains invalid placeholder ${name}.`)
}
