import type { PublishBatchInput, PublishBatchRequestEntry, PublishBatchResponse } from '@aws-sdk/client-sns'
import { AwsError } from '@lockstep/wire'
import type { WriteContext } from '../../gateway/context.ts'
import { writeOperation } from '../../gateway/operation.ts'
import { publish } from '../../notify/publish.ts'
import type { Topic } from '../../store/topics.ts'
import { batchTooLong, emptyBatch, idsNotDistinct, invalidBatchEntryId, tooManyEntries } from './errors.ts'
import { MAX_MESSAGE_BYTES, readMessage, sizeOf } from './messages.ts'
import { findTopic, topicTarget } from './topic-arn.ts'

const MAX_ENTRIES = 10
const ENTRY_ID = /^[A-Za-z0-9_-]{1,80}$/

/**
 * Publishes up to ten messages, each of which succeeds or fails for itself.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
 */
export const PublishBatch = writeOperation<PublishBatchInput, PublishBatchResponse, Topic>({
  action: 'SNS:Publish',
  resource: ({ TopicArn = '' }, ctx) => findTopic(ctx, TopicArn),
  target: ({ TopicArn = '' }, ctx, topic) => topicTarget(ctx, TopicArn, topic),

  async run({ PublishBatchRequestEntries: entries = [] }, ctx, topic) {
    demandBatch(entries)
    const Successful: { Id: string; MessageId: string }[] = []
    const Failed: { Id: string; Code: string; Message: string; SenderFault: boolean }[] = []
    for (const entry of entries) {
      const Id = entry.Id ?? ''
      try {
        Successful.push({ Id, MessageId: await publishEntry(ctx, topic, entry) })
      } catch (error) {
        if (!(error instanceof AwsError)) throw error
        Failed.push({ Id, Code: error.code, Message: error.message, SenderFault: true })
      }
    }
    return { Successful, Failed }
  },
})

async function publishEntry(
  { store, random, keyring, clock }: WriteContext,
  topic: Topic,
  entry: PublishBatchRequestEntry,
): Promise<string> {
  const message = readMessage({ ...entry, Message: entry.Message ?? '' })
  return publish(store, topic, message, { random, keyring, now: clock.now() })
}

function demandBatch(entries: readonly PublishBatchRequestEntry[]): void {
  if (entries.length === 0) throw emptyBatch()
  if (entries.length > MAX_ENTRIES) throw tooManyEntries(entries.length)
  const ids = entries.map(({ Id = '' }) => Id)
  if (!ids.every((id) => ENTRY_ID.test(id))) throw invalidBatchEntryId()
  if (new Set(ids).size < ids.length) throw idsNotDistinct()
  const bytes = entries.reduce((sum, { Message = '', ...rest }) => sum + sizeOf({ ...rest, Message }), 0)
  if (bytes > MAX_MESSAGE_BYTES) throw batchTooLong()
}
