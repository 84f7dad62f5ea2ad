import type { RemovePermissionInput } from '@aws-sdk/client-sns'
import { writeOperation } from '../../gateway/operation.ts'
import type { Topic } from '../../store/topics.ts'
import { withoutPermission } from './permissions.ts'
import { changesTopic } from './topic-arn.ts'
import { defaultPolicy, readTopicPolicy } from './topic-policy.ts'

/** @see https://docs.aws.amazon.com/sns/latest/api/API_RemovePermission.html */
export const RemovePermission = writeOperation<RemovePermissionInput, object, Topic>({
  action: 'SNS:RemovePermission',
  ...changesTopic(),
  async run({ Label }, ctx, topic) {
    const document = withoutPermission(topic.policy.document, Label)
    const policy =
      document === undefined ? defaultPolicy(topic.arn, topic.account) : await readTopicPolicy(ctx, document)
    await ctx.store.topics.saveTopic({ ...topic, policy })
    return {}
  },
})
