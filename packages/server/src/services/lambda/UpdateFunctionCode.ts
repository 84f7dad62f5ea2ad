import type { FunctionConfiguration, UpdateFunctionCodeRequest } from '@aws-sdk/client-lambda'
import { writeOperation } from '../../gateway/operation.ts'
import type { FunctionRecord } from '../../store/functions.ts'
import { type PreparedCode, prepareCode } from './code.ts'
import { staleRevision, unavailable } from './errors.ts'
import { findChangeable, targetOf } from './lookup.ts'
import { ARCHITECTURE, configurationOf } from './view.ts'

/**
 * Gives a function other code; with DryRun, says what it would answer and changes nothing.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html
 */
export const UpdateFunctionCode = writeOperation<
  UpdateFunctionCodeRequest,
  FunctionConfiguration,
  FunctionRecord,
  PreparedCode
>({
  action: 'lambda:UpdateFunctionCode',
  resource: findChangeable,
  target: targetOf,
  prepare: (input, doors) => prepareCode(input, doors),

  async run(input, ctx, found, prepared) {
    if (input.RevisionId !== undefined && input.RevisionId !== found.revisionId)
      throw staleRevision('GetFunction/GetAlias')
    if (input.Publish) throw unavailable('Publish')
    if (input.PublishTo !== undefined) throw unavailable('PublishTo')
    if (input.Architectures?.some((architecture) => architecture !== ARCHITECTURE))
      throw unavailable('Another architecture than the server’s')
    if ('fault' in prepared) throw prepared.fault
    const record = {
      ...found,
      code: prepared.code,
      revisionId: ctx.random.uuid(),
      modifiedAt: ctx.clock.now(),
    }
    if (!input.DryRun) await ctx.store.functions.update(record, prepared.zip)
    return configurationOf(ctx, record)
  },
})
