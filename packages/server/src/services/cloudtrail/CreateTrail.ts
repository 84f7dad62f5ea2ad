import type { CreateTrailRequest, CreateTrailResponse } from '@aws-sdk/client-cloudtrail'
import { writeOperation } from '../../gateway/operation.ts'
import { trailArn } from '../../trail/delivery/topic.ts'
import { askedSettings, demandRoom } from './asked-settings.ts'
import { demandTrailName } from './names.ts'
import { tagConditions, withTags } from './tags.ts'
import { settingsView } from './views.ts'

/**
 * Makes a trail, which delivers nothing before StartLogging.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
 */
export const CreateTrail = writeOperation<CreateTrailRequest, CreateTrailResponse>({
  action: 'cloudtrail:CreateTrail',
  target: (input, ctx) => ({
    arn: trailArn({ account: ctx.account, region: ctx.region, name: input.Name }),
    account: ctx.account,
    type: 'AWS::CloudTrail::Trail',
  }),
  keys: (input) => tagConditions(input.TagsList),

  async run(input, ctx) {
    const { account, region } = ctx
    demandTrailName(input.Name)
    const trail = {
      ...{ account, region, name: input.Name },
      id: ctx.random.uuid(),
      settings: await askedSettings(ctx, { name: input.Name, asked: input }),
      tags: withTags({}, input.TagsList),
    }
    demandRoom(trail, await ctx.store.deliveries.ofAccount(account))
    await ctx.store.deliveries.save(trail)
    return settingsView(trail)
  },
})
