import type { FunctionConfiguration, GetFunctionConfigurationRequest } from '@aws-sdk/client-lambda'
import { readOperation } from '../../gateway/operation.ts'
import type { FunctionRecord } from '../../store/functions.ts'
import { findNamed, targetOf } from './lookup.ts'
import { configurationOf } from './view.ts'

/** @see https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html */
export const GetFunctionConfiguration = readOperation<
  GetFunctionConfigurationRequest,
  FunctionConfiguration,
  FunctionRecord
>({
  action: 'lambda:GetFunctionConfiguration',
  resource: findNamed,
  target: targetOf,
  run: async (_input, ctx, found) => configurationOf(ctx, found),
})
