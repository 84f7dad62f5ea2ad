import type { Operations } from '@lockstep/wire'
import type { AnyOperation } from '../../gateway/operation.ts'
import { AddPermission } from './AddPermission.ts'
import { CreateFunction } from './CreateFunction.ts'
import { DeleteFunction } from './DeleteFunction.ts'
import { GetFunction } from './GetFunction.ts'
import { GetFunctionConfiguration } from './GetFunctionConfiguration.ts'
import { GetPolicy } from './GetPolicy.ts'
import { Invoke } from './Invoke.ts'
import { ListFunctions } from './ListFunctions.ts'
import { ListTags } from './ListTags.ts'
import { RemovePermission } from './RemovePermission.ts'
import { TagResource } from './TagResource.ts'
import { UntagResource } from './UntagResource.ts'
import { UpdateFunctionCode } from './UpdateFunctionCode.ts'
import { UpdateFunctionConfiguration } from './UpdateFunctionConfiguration.ts'

/** Lambda's operations: functions, their code, policies and invocations. */
export const lambda = {
  AddPermission,
  CreateFunction,
  DeleteFunction,
  GetFunction,
  GetFunctionConfiguration,
  GetPolicy,
  Invoke,
  ListFunctions,
  ListTags,
  RemovePermission,
  TagResource,
  UntagResource,
  UpdateFunctionCode,
  UpdateFunctionConfiguration,
} satisfies Partial<Record<Operations['lambda'], AnyOperation>>
