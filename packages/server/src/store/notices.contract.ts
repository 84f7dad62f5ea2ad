import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { DeadLetter, Notice } from './notices.ts'
import type { Store } from './store.ts'

const PLACE = { account: '111122223333', region: 'us-east-1' }
const ELSEWHERE = { ...PLACE, region: 'eu-west-1' }

function notice(changes: Partial<Notice> = {}): Notice {
  return {
    ...PLACE,
    id: 'm',
    sealed: Buffer.from('sealed'),
    publishedAt: new Date(1000),
    pending: 2,
    ...changes,
  }
}

function letter(changes: Partial<DeadLetter> = {}): DeadLetter {
  return {
    ...PLACE,
    id: 'l',
    topic: 'alerts',
    subscriptionArn: 'arn:s',
    protocol: 'https',
    endpoint: 'https://example.com',
    messageId: 'm',
    sealed: Buffer.from('sealed'),
    attempts: 4,
    reason: 'timeout',
    failedAt: new Date(1000),
    ...changes,
  }
}

/** What every engine's notices must do. */
export function noticesContract(open: () => Promise<Store>): void {
  describe('notices', () => {
    test('a notice stays until its last delivery has ended', async () => {
      await using store = await open()
      await store.write((tx) => tx.notices.addNotice(notice()))
      const found = await store.read.notices.notice(PLACE, 'm')
      assert.equal(found && Buffer.from(found.sealed).toString(), 'sealed')
      assert.deepEqual(found?.publishedAt, new Date(1000))
      assert.equal(await store.read.notices.notice(ELSEWHERE, 'm'), undefined)
      await store.write((tx) => tx.notices.deliveryEnded(PLACE, 'm'))
      assert.equal((await store.read.notices.notice(PLACE, 'm'))?.pending, 1)
      await store.write((tx) => tx.notices.deliveryEnded(PLACE, 'm'))
      assert.equal(await store.read.notices.notice(PLACE, 'm'), undefined)
    })

    test('of the dead letters of a place the newest stay', async () => {
      await using store = await open()
      for (const [index, id] of ['a', 'b', 'c'].entries()) {
        const failedAt = new Date(index * 1000)
        await store.write((tx) => tx.notices.addDeadLetter(letter({ id, failedAt }), 2))
      }
      await store.write((tx) => tx.notices.addDeadLetter(letter({ ...ELSEWHERE, id: 'x' }), 2))
      const ids = async (limit: number) =>
        (await store.read.notices.deadLetters(PLACE, limit)).map(({ id }) => id)
      assert.deepEqual(await ids(5), ['c', 'b'])
      assert.deepEqual(await ids(1), ['c'])
      assert.equal(await store.read.notices.deadLetterCount(), 3)
    })

    test('a dead letter comes back as it was added', async () => {
      await using store = await open()
      await store.write((tx) => tx.notices.addDeadLetter(letter({ sealed: undefined }), 2))
      assert.deepEqual(await store.read.notices.deadLetters(PLACE, 1), [letter({ sealed: undefined })])
    })

    test('the signer of a place is the one that expires last, and certificates are for everybody', async () => {
      await using store = await open()
      const signer = { ...PLACE, sealedKey: Buffer.from('key'), certificate: 'PEM' }
      await store.write(async (tx) => {
        await tx.notices.addSigner({ ...signer, id: 'old', expiresAt: new Date(1000) })
        await tx.notices.addSigner({ ...signer, id: 'new', expiresAt: new Date(2000) })
      })
      assert.equal((await store.read.notices.signer(PLACE))?.id, 'new')
      assert.equal(await store.read.notices.signer(ELSEWHERE), undefined)
      assert.equal(await store.read.notices.certificate('old'), 'PEM')
      assert.equal(await store.read.notices.certificate('none'), undefined)
    })
  })
}
