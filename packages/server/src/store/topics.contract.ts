import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Store } from './store.ts'
import { positionOf, type Subscription, type Topic } from './topics.ts'

const PLACE = { account: '111122223333', region: 'us-east-1' }
const OTHER = '444455556666'
const ELSEWHERE = [
  { ...PLACE, account: OTHER },
  { ...PLACE, region: 'eu-west-1' },
]

function topic(changes: Partial<Topic> = {}): Topic {
  return {
    ...PLACE,
    name: 'alerts',
    arn: 'arn:aws:sns:us-east-1:111122223333:alerts',
    attributes: { DisplayName: 'Älerts' },
    policy: { document: '{"Id":"arn"}', bound: '{"Id":"id"}', principals: { arn: 'id' } },
    tags: { team: 'a', __proto: 'b' },
    createdAt: new Date(1000),
    subscriptionsDeleted: 0,
    ...changes,
  }
}

function subscription(changes: Partial<Subscription> = {}): Subscription {
  return {
    ...PLACE,
    topic: 'alerts',
    id: 'a',
    owner: PLACE.account,
    protocol: 'https',
    endpoint: 'https://example.com/a',
    attributes: { RawMessageDelivery: 'true' },
    state: 'pending',
    authenticatedUnsubscribe: false,
    token: { hash: new Uint8Array(Buffer.from('hash')), expiresAt: new Date(5000) },
    createdAt: new Date(2000),
    ...changes,
  }
}

/** Engines give bytes in arrays of their own kinds. */
function comparable(found: Subscription | undefined): unknown {
  return (
    found && {
      ...found,
      token: found.token && { ...found.token, hash: Buffer.from(found.token.hash).toString() },
    }
  )
}

/** What every engine's topics must do. */
export function topicsContract(open: () => Promise<Store>): void {
  async function withTopic(...subscriptions: readonly Subscription[]): Promise<Store> {
    const store = await open()
    await store.write(async (tx) => {
      await tx.topics.addTopic(topic())
      for (const each of subscriptions) await tx.topics.addSubscription(each)
    })
    return store
  }

  describe('topics', () => {
    test('a topic comes back as it was added and as it was saved, in its place only', async () => {
      await using store = await withTopic()
      assert.deepEqual(await store.read.topics.topic(PLACE, 'alerts'), topic())
      for (const place of ELSEWHERE) assert.equal(await store.read.topics.topic(place, 'alerts'), undefined)
      const changed = topic({
        attributes: {},
        tags: { x: 'y' },
        policy: { document: '{}', bound: '{}', principals: {} },
      })
      await store.write((tx) => tx.topics.saveTopic(changed))
      assert.deepEqual(await store.write((tx) => tx.topics.holdTopic(PLACE, 'alerts')), changed)
    })

    test('a name is taken once', async () => {
      await using store = await withTopic()
      assert.equal(await store.write((tx) => tx.topics.addTopic(topic({ attributes: {} }))), false)
      assert.deepEqual(await store.read.topics.topic(PLACE, 'alerts'), topic())
    })

    test('topics come by name, in pages, and are counted', async () => {
      await using store = await withTopic()
      for (const name of ['b', 'c']) await store.write((tx) => tx.topics.addTopic(topic({ name })))
      const names = async (after?: string) =>
        (await store.read.topics.topics(PLACE, { after, limit: 2 })).map(({ name }) => name)
      assert.deepEqual(await names(), ['alerts', 'b'])
      assert.deepEqual(await names('b'), ['c'])
      assert.equal(await store.read.topics.topicCount(PLACE), 3)
      for (const place of ELSEWHERE) assert.equal(await store.read.topics.topicCount(place), 0)
    })

    test('a removed topic takes its subscriptions with it, and no other’s', async () => {
      await using store = await withTopic(subscription())
      await store.write(async (tx) => {
        await tx.topics.addTopic(topic({ name: 'b' }))
        await tx.topics.addSubscription(subscription({ topic: 'b', id: 'b' }))
        await tx.topics.removeTopic(topic())
      })
      assert.equal(await store.read.topics.topic(PLACE, 'alerts'), undefined)
      assert.equal(await store.read.topics.subscription(PLACE, 'alerts', 'a'), undefined)
      assert.ok(await store.read.topics.subscription(PLACE, 'b', 'b'))
    })
  })

  describe('subscriptions', () => {
    test('a subscription comes back as it was added and as it was saved', async () => {
      await using store = await withTopic(subscription())
      const find = () => store.read.topics.subscription(PLACE, 'alerts', 'a')
      assert.deepEqual(comparable(await find()), comparable(subscription()))
      const changed = subscription({
        state: 'confirmed',
        authenticatedUnsubscribe: true,
        token: undefined,
        attributes: {},
      })
      await store.write((tx) => tx.topics.saveSubscription(changed))
      assert.deepEqual(await find(), changed)
      assert.deepEqual(await store.write((tx) => tx.topics.holdSubscription(PLACE, 'alerts', 'a')), changed)
    })

    test('a subscription is found by its endpoint, of its topic and protocol only', async () => {
      await using store = await withTopic(subscription())
      const { topics } = store.read
      assert.equal((await topics.subscriptionOf(topic(), 'https', 'https://example.com/a'))?.id, 'a')
      assert.equal(await topics.subscriptionOf(topic(), 'http', 'https://example.com/a'), undefined)
      assert.equal(
        await topics.subscriptionOf(topic({ name: 'b' }), 'https', 'https://example.com/a'),
        undefined,
      )
    })

    test('a topic has an endpoint once', async () => {
      await using store = await withTopic(subscription())
      await assert.rejects(store.write((tx) => tx.topics.addSubscription(subscription({ id: 'b' }))))
    })

    test('a topic’s come by id, in pages, and are counted by their state', async () => {
      const confirmed = subscription({ id: 'b', endpoint: 'https://example.com/b', state: 'confirmed' })
      await using store = await withTopic(subscription(), confirmed)
      const ids = async (after?: string) =>
        (await store.read.topics.subscriptions(topic(), { after, limit: 1 })).map(({ id }) => id)
      assert.deepEqual(await ids(), ['a'])
      assert.deepEqual(await ids('a'), ['b'])
      assert.deepEqual(await ids('b'), [])
      assert.deepEqual(await store.read.topics.counts(topic()), { confirmed: 1, pending: 1 })
    })

    test('an owner lists what is his, on whatever account’s topic, in one order', async () => {
      const foreign = subscription({ account: OTHER, id: '0' })
      const others = subscription({ id: 'b', owner: OTHER, endpoint: 'https://example.com/b' })
      await using store = await withTopic(subscription(), others, foreign)
      const list = async (after?: string) =>
        (await store.read.topics.subscriptionsOfOwner(PLACE, { after, limit: 1 })).map(positionOf)
      assert.deepEqual(await list(), [positionOf(subscription())])
      assert.deepEqual(await list(positionOf(subscription())), [positionOf(foreign)])
      assert.deepEqual(await list(positionOf(foreign)), [])
    })

    test('a removed subscription is gone, and its topic counts it once', async () => {
      await using store = await withTopic(subscription())
      for (let i = 0; i < 2; i++) await store.write((tx) => tx.topics.removeSubscription(subscription()))
      assert.equal(await store.read.topics.subscription(PLACE, 'alerts', 'a'), undefined)
      assert.equal((await store.read.topics.topic(PLACE, 'alerts'))?.subscriptionsDeleted, 1)
    })
  })
}
