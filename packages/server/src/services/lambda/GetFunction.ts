import type { GetFunctionRequest, GetFunctionResponse } from '@aws-sdk/client-lambda'
import { readOperation } from '../../gateway/operation.ts'
import type { FunctionRecord } from '../../store/functions.ts'
import { findNamed, functionTarget, targetOf } from './lookup.ts'
import { configurationOf } from './view.ts'

/**
 * A function's configuration, and its tags for whoever may list them.
 *
 * DIVERGENCE: AWS answers in Code.Location a URL in S3 from which the zip can be had for ten minutes. There is no S3
 * here, and a URL that works without a signature of the caller's would be a door beside the policies: a zip is not
 * given back, and Location is absent. RepositoryType says `S3` for a zip, as AWS does, and `file` for a directory.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html
 */
export const GetFunction = readOperation<GetFunctionRequest, GetFunctionResponse, FunctionRecord>({
  action: 'lambda:GetFunction',
  resource: findNamed,
  target: targetOf,

  async run(_input, ctx, found) {
    const { code, tags = {} } = found
    const hidesTags = ctx.refusal({ action: 'lambda:ListTags', target: functionTarget(found) })
    return {
      Configuration: configurationOf(ctx, found),
      Code: { RepositoryType: code.kind === 'directory' ? 'file' : 'S3' },
      ...(!hidesTags && Object.keys(tags).length > 0 && { Tags: { ...tags } }),
    }
  },
})
