import type { AddPermissionInput } from '@aws-sdk/client-sns'
import { writeOperation } from '../../gateway/operation.ts'
import type { Topic } from '../../store/topics.ts'
import { invalidParameter } from './errors.ts'
import { withPermission } from './permissions.ts'
import { changesTopic } from './topic-arn.ts'
import { readTopicPolicy } from './topic-policy.ts'

/** @see https://docs.aws.amazon.com/sns/latest/api/API_AddPermission.html */
export const AddPermission = writeOperation<AddPermissionInput, object, Topic>({
  action: 'SNS:AddPermission',
  ...changesTopic(),
  async run({ Label: label, AWSAccountId: accounts, ActionName: actions }, ctx, topic) {
    if (accounts.length === 0 || !accounts.every((account) => /^\d{12}$/.test(account))) {
      throw invalidParameter('AWSAccountId')
    }
    if (actions.length === 0) throw invalidParameter('ActionName')
    const document = withPermission(ctx, topic.policy.document, { label, accounts, actions }, topic.arn)
    await ctx.store.topics.saveTopic({ ...topic, policy: await readTopicPolicy(ctx, document) })
    return {}
  },
})
