import type { Operations } from '@lockstep/wire'
import type { AnyOperation } from '../../gateway/operation.ts'
import { AddPermission } from './AddPermission.ts'
import { ConfirmSubscription } from './ConfirmSubscription.ts'
import { CreateTopic } from './CreateTopic.ts'
import { DeleteTopic } from './DeleteTopic.ts'
import { GetSubscriptionAttributes } from './GetSubscriptionAttributes.ts'
import { GetTopicAttributes } from './GetTopicAttributes.ts'
import { ListSubscriptions } from './ListSubscriptions.ts'
import { ListSubscriptionsByTopic } from './ListSubscriptionsByTopic.ts'
import { ListTagsForResource } from './ListTagsForResource.ts'
import { ListTopics } from './ListTopics.ts'
import { Publish } from './Publish.ts'
import { PublishBatch } from './PublishBatch.ts'
import { RemovePermission } from './RemovePermission.ts'
import { SetSubscriptionAttributes } from './SetSubscriptionAttributes.ts'
import { SetTopicAttributes } from './SetTopicAttributes.ts'
import { Subscribe } from './Subscribe.ts'
import { TagResource } from './TagResource.ts'
import { Unsubscribe } from './Unsubscribe.ts'
import { UntagResource } from './UntagResource.ts'

/** One line per operation. */
export const sns = {
  AddPermission,
  ConfirmSubscription,
  CreateTopic,
  DeleteTopic,
  GetSubscriptionAttributes,
  GetTopicAttributes,
  ListSubscriptions,
  ListSubscriptionsByTopic,
  ListTagsForResource,
  ListTopics,
  Publish,
  PublishBatch,
  RemovePermission,
  SetSubscriptionAttributes,
  SetTopicAttributes,
  Subscribe,
  TagResource,
  Unsubscribe,
  UntagResource,
} satisfies Partial<Record<Operations['sns'], AnyOperation>>
