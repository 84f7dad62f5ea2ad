import type { Lock, Place } from './store.ts'

/**
 * What a call that changes something of `service` holds, so that its rules see nothing half done. Unless a service is
 * known to do with less, its changes happen one after another: IAM's in each account, whose rules span users, groups,
 * policies and their attachments. Secrets Manager's are about one secret each, whose row they hold once they have
 * read it, and SNS's about one topic or subscription; STS changes nothing but the trail.
 *
 * @param service As policies name it, such as `iam`.
 * @param place Account and region of the call.
 */
export function lockOf(service: string, { account, region }: Place): Lock | undefined {
  if (service === 'secretsmanager' || service === 'sns' || service === 'sts') return undefined
  if (service === 'events') return rulesLock({ account, region })
  return service === 'kms' ? kmsLock(region) : { account, region: '', name: service }
}

/** KMS's changes happen one after another in each region: a grant may be made from another account. */
export function kmsLock(region: string): Lock {
  return { account: '', region, name: 'kms' }
}

/** What a call that changes a trail of CloudTrail's holds, and the job that delivers its files. */
export function deliveryLock({ account }: Pick<Place, 'account'>): Lock {
  return { account, region: '', name: 'cloudtrail' }
}

/** EventBridge's changes happen one after another in each account and region, and a rule fires between two of them. */
export function rulesLock({ account, region }: Place): Lock {
  return { account, region, name: 'events' }
}
