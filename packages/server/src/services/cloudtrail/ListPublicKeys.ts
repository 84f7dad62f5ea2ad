import type { ListPublicKeysRequest, ListPublicKeysResponse } from '@aws-sdk/client-cloudtrail'
import { readOperation } from '../../gateway/operation.ts'
import { fingerprintOf } from '../../trail/delivery/digest-key.ts'
import { invalidTimeRange } from './errors.ts'

/** Digests that it has signed are verified with it for as long as anybody keeps them. */
const VALID_YEARS = 100

/**
 * The keys that sign digests, those that were valid at some time of the range; `aws cloudtrail validate-logs` asks
 * for them.
 *
 * DIVERGENCE: AWS changes its key again and again, and has another in each region; ours is one for all, made for the
 * first digest.
 *
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListPublicKeys.html
 */
export const ListPublicKeys = readOperation<ListPublicKeysRequest, ListPublicKeysResponse>({
  action: 'cloudtrail:ListPublicKeys',

  async run({ StartTime, EndTime }, { store, clock }) {
    const from = StartTime ?? clock.now()
    const until = EndTime ?? clock.now()
    if (from > until) throw invalidTimeRange()
    const key = await store.deliveries.digestKey()
    if (!key) return { PublicKeyList: [] }
    const end = new Date(key.createdAt)
    end.setUTCFullYear(end.getUTCFullYear() + VALID_YEARS)
    if (until < key.createdAt || from > end) return { PublicKeyList: [] }
    return {
      PublicKeyList: [
        {
          Value: key.publicKey,
          ValidityStartTime: key.createdAt,
          ValidityEndTime: end,
          Fingerprint: fingerprintOf(key.publicKey),
        },
      ],
    }
  },
})
