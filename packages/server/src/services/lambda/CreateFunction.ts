import type { CreateFunctionRequest, FunctionConfiguration } from '@aws-sdk/client-lambda'
import { findFunction } from '../../functions/find-function.ts'
import type { Context } from '../../gateway/context.ts'
import { writeOperation } from '../../gateway/operation.ts'
import type { Role } from '../../store/principals.ts'
import { type PreparedCode, prepareCode } from './code.ts'
import { demandRuntime, refuseUnavailable } from './configuration.ts'
import { sealedEnvironment } from './environment.ts'
import {
  functionExists,
  functionsOnly,
  nameTooLong,
  otherPlace,
  runtimeAndHandlerMissing,
  unavailable,
} from './errors.ts'
import { targetOf } from './lookup.ts'
import { arnOf, type FunctionRef, parseFunctionName } from './names.ts'
import { demandAssumable, findRole, passRole } from './role.ts'
import { tagConditions, withTags } from './tags.ts'
import { ARCHITECTURE, configurationOf } from './view.ts'

const MAX_NAME_LENGTH = 64
/** @see https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html */
const DEFAULT_TIMEOUT_SECONDS = 3
const DEFAULT_MEMORY_MB = 128

/** A role that may not exist: that is not told before the caller may pass it. */
interface Found {
  readonly role: Role | undefined
}

/**
 * Makes a function of a zip, or of a directory on the server.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
 */
export const CreateFunction = writeOperation<
  CreateFunctionRequest,
  FunctionConfiguration,
  Found,
  PreparedCode
>({
  action: 'lambda:CreateFunction',
  resource: async ({ Role }, ctx) => ({ role: await findRole(ctx, Role) }),
  target: (input, ctx) => targetOf(input, ctx, undefined),
  keys: ({ Tags }) => tagConditions(Tags),

  also(input, ctx, { role }) {
    const target = targetOf(input, ctx, undefined)
    const pass = passRole(ctx, input.Role, role, target.arn)
    if (!input.Tags) return [pass]
    return [pass, { action: 'lambda:TagResource', target, keys: tagConditions(input.Tags) }]
  },

  prepare: ({ Code }, doors) => prepareCode(Code, doors),

  async run(input, ctx, { role }, prepared) {
    const ref = newRef(input.FunctionName, ctx)
    const arn = arnOf(ref)
    if (await findFunction(ctx.store.functions, ref.place, ref.partition, ref.name))
      throw functionExists(ref.name)
    refuseUnavailable(input)
    if (input.Architectures?.some((architecture) => architecture !== ARCHITECTURE))
      throw unavailable('Another architecture than the server’s')
    const { Runtime, Handler, Environment = {}, Tags } = input
    if (!Runtime || !Handler) throw runtimeAndHandlerMissing()
    demandRuntime(Runtime)
    demandAssumable(ctx, input.Role, role, arn)
    if ('fault' in prepared) throw prepared.fault
    const now = ctx.clock.now()
    const record = {
      ...ref.place,
      name: ref.name,
      arn,
      description: input.Description ?? '',
      runtime: Runtime,
      handler: Handler,
      roleArn: input.Role,
      timeoutSeconds: input.Timeout ?? DEFAULT_TIMEOUT_SECONDS,
      memoryMb: input.MemorySize ?? DEFAULT_MEMORY_MB,
      sealedEnvironment: sealedEnvironment(ctx, arn, Environment),
      code: prepared.code,
      tags: Tags && withTags(undefined, Tags),
      revisionId: ctx.random.uuid(),
      createdAt: now,
      modifiedAt: now,
    }
    await ctx.store.functions.insert(record, prepared.zip)
    return configurationOf(ctx, record)
  },
})

/** @throws InvalidParameterValueException for the name of what cannot be made here */
function newRef(name: string, ctx: Context): FunctionRef {
  const ref = parseFunctionName(name, ctx)
  const { account, region } = ref.place
  if (account !== ctx.account || region !== ctx.region || ref.partition !== ctx.partition) throw otherPlace()
  if (ref.qualifier !== undefined) throw functionsOnly()
  if (ref.name.length > MAX_NAME_LENGTH) throw nameTooLong(ref.name)
  return ref
}
