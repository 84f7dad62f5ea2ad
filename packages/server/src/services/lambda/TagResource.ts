import type { TagResourceRequest } from '@aws-sdk/client-lambda'
import { writeOperation } from '../../gateway/operation.ts'
import type { FunctionRecord } from '../../store/functions.ts'
import { changeable } from './lookup.ts'
import { findTagged, taggedTarget } from './on-resource.ts'
import { tagConditions, withTags } from './tags.ts'

/** @see https://docs.aws.amazon.com/lambda/latest/api/API_TagResource.html */
export const TagResource = writeOperation<TagResourceRequest, object, FunctionRecord>({
  action: 'lambda:TagResource',
  resource: async (input, ctx) => changeable(await findTagged(input, ctx)),
  target: taggedTarget,
  keys: ({ Tags }) => tagConditions(Tags),

  async run({ Tags }, ctx, found) {
    await ctx.store.functions.update({ ...found, tags: withTags(found.tags, Tags) })
    return {}
  },
})
