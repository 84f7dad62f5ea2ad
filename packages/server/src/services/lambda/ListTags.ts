import type { ListTagsRequest, ListTagsResponse } from '@aws-sdk/client-lambda'
import { readOperation } from '../../gateway/operation.ts'
import type { FunctionRecord } from '../../store/functions.ts'
import { findTagged, taggedTarget } from './on-resource.ts'

/** @see https://docs.aws.amazon.com/lambda/latest/api/API_ListTags.html */
export const ListTags = readOperation<ListTagsRequest, ListTagsResponse, FunctionRecord>({
  action: 'lambda:ListTags',
  resource: findTagged,
  target: taggedTarget,
  run: async (_input, _ctx, { tags }) => ({ Tags: { ...tags } }),
})
