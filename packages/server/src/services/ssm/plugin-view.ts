import type { CommandPlugin } from '@aws-sdk/client-ssm'
import { openPrinted, type Printed } from '../../fleet/sealing.ts'
import type { Context } from '../../gateway/context.ts'
import type { StepOutcome } from '../../store/commands.ts'

/** What lists show of both streams together; GetCommandInvocation shows more. */
export const MAX_OUTPUT_LENGTH = 2_500

const ERROR_TITLE = '\n----------ERROR-------\n'
const OUTPUT_CUT = '\n---Output truncated---'
const ERROR_CUT = '\n---Error truncated----'

/** What a step printed on a node. */
export function printedBy(
  { account, region, keyring }: Context,
  { commandId, instanceId }: { readonly commandId: string; readonly instanceId: string },
  { name: stepName, output }: StepOutcome,
): Printed {
  return openPrinted(keyring, { account, region, commandId, instanceId, stepName }, output)
}

/** A step's status in the words of plugins. */
export function pluginStatus({ status }: Pick<StepOutcome, 'status'>) {
  return { Status: status, StatusDetails: status === 'TimedOut' ? 'ExecutionTimedOut' : status }
}

export function pluginView(outcome: StepOutcome, printed: Printed): CommandPlugin {
  return {
    Name: outcome.name,
    ...pluginStatus(outcome),
    ResponseCode: outcome.exitCode,
    ResponseStartDateTime: outcome.startedAt,
    ResponseFinishDateTime: outcome.endedAt,
    Output: merged(printed),
    StandardOutputUrl: '',
    StandardErrorUrl: '',
    OutputS3BucketName: '',
    OutputS3KeyPrefix: '',
  }
}

/** Both streams in one text, as Amazon's agent puts them; where they are too long together, each gives way. */
export function merged({ stdout, stderr }: Printed): string {
  if (stderr === '') return cut(stdout, MAX_OUTPUT_LENGTH, OUTPUT_CUT)
  const room = MAX_OUTPUT_LENGTH - ERROR_TITLE.length
  const half = Math.floor(room / 2)
  // Whatever one does not need is the other's.
  const outRoom = Math.max(half, room - stderr.length)
  const out = cut(stdout, outRoom, OUTPUT_CUT)
  return `${out}${ERROR_TITLE}${cut(stderr, room - out.length, ERROR_CUT)}`
}

function cut(text: string, length: number, mark: string): string {
  return text.length <= length ? text : text.slice(0, length - mark.length).toWellFormed() + mark
}
