import type { UntagResourceRequest } from '@aws-sdk/client-lambda'
import { writeOperation } from '../../gateway/operation.ts'
import type { FunctionRecord } from '../../store/functions.ts'
import { changeable } from './lookup.ts'
import { findTagged, taggedTarget } from './on-resource.ts'
import { withoutTags } from './tags.ts'

/** @see https://docs.aws.amazon.com/lambda/latest/api/API_UntagResource.html */
export const UntagResource = writeOperation<UntagResourceRequest, object, FunctionRecord>({
  action: 'lambda:UntagResource',
  resource: async (input, ctx) => changeable(await findTagged(input, ctx)),
  target: taggedTarget,
  keys: ({ TagKeys }) => ({ 'aws:TagKeys': TagKeys }),

  async run({ TagKeys }, ctx, found) {
    await ctx.store.functions.update({ ...found, tags: withoutTags(found.tags, TagKeys) })
    return {}
  },
})
