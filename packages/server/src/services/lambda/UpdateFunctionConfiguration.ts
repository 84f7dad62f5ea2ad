import type { FunctionConfiguration, UpdateFunctionConfigurationRequest } from '@aws-sdk/client-lambda'
import { writeOperation } from '../../gateway/operation.ts'
import type { FunctionRecord } from '../../store/functions.ts'
import type { Role } from '../../store/principals.ts'
import { demandRuntime, refuseUnavailable } from './configuration.ts'
import { sealedEnvironment } from './environment.ts'
import { staleRevision } from './errors.ts'
import { findChangeable, targetOf } from './lookup.ts'
import { demandAssumable, findRole, passRole } from './role.ts'
import { configurationOf } from './view.ts'

interface Found {
  readonly current: FunctionRecord
  /** The one that is to take the other's place, where it exists. */
  readonly role: Role | undefined
}

/**
 * Changes what is given and leaves the rest. An environment is changed as a whole.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html
 */
export const UpdateFunctionConfiguration = writeOperation<
  UpdateFunctionConfigurationRequest,
  FunctionConfiguration,
  Found
>({
  action: 'lambda:UpdateFunctionConfiguration',
  async resource(input, ctx) {
    const current = await findChangeable(input, ctx)
    return { current, role: input.Role === undefined ? undefined : await findRole(ctx, input.Role) }
  },
  target: (input, ctx, found) => targetOf(input, ctx, found?.current),
  also: ({ Role }, ctx, { current, role }) =>
    Role === undefined ? [] : [passRole(ctx, Role, role, current.arn)],

  async run(input, ctx, { current, role }) {
    if (input.RevisionId !== undefined && input.RevisionId !== current.revisionId)
      throw staleRevision('GetFunction/GetAlias')
    refuseUnavailable(input)
    if (input.Runtime !== undefined) demandRuntime(input.Runtime)
    if (input.Role !== undefined) demandAssumable(ctx, input.Role, role, current.arn)
    const { Environment } = input
    const record = {
      ...current,
      description: input.Description ?? current.description,
      runtime: input.Runtime ?? current.runtime,
      handler: input.Handler ?? current.handler,
      roleArn: input.Role ?? current.roleArn,
      timeoutSeconds: input.Timeout ?? current.timeoutSeconds,
      memoryMb: input.MemorySize ?? current.memoryMb,
      sealedEnvironment: Environment
        ? sealedEnvironment(ctx, current.arn, Environment)
        : current.sealedEnvironment,
      revisionId: ctx.random.uuid(),
      modifiedAt: ctx.clock.now(),
    }
    await ctx.store.functions.update(record)
    return configurationOf(ctx, record)
  },
})
