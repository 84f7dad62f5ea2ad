import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Rule, RuleTarget } from './rules.ts'
import type { Store } from './store.ts'

const PLACE = { account: '111122223333', region: 'us-east-1' }
const ELSEWHERE = [
  { ...PLACE, account: '444455556666' },
  { ...PLACE, region: 'eu-west-1' },
]

function rule(name: string, changes: Partial<Rule> = {}): Rule {
  return {
    ...PLACE,
    name,
    pattern: '{"source":["aws.kms"]}',
    schedule: undefined,
    scheduledFrom: new Date(1000),
    state: 'ENABLED',
    description: undefined,
    roleArn: undefined,
    tags: {},
    ...changes,
  }
}

const TARGET: RuleTarget = { id: 't', arn: 'arn:aws:sns:us-east-1:111122223333:alerts' }

/** What every engine's rules must do. */
export function rulesContract(open: () => Promise<Store>): void {
  async function withRules(...rules: readonly Rule[]): Promise<Store> {
    const store = await open()
    await store.write(async (tx) => {
      for (const each of rules) await tx.rules.putRule(each)
    })
    return store
  }

  describe('rules', () => {
    test('a rule comes back as it was put, and put again all of it is new', async () => {
      const first = rule('a', {
        schedule: 'rate(1 day)',
        description: 'Ä',
        roleArn: 'arn:r',
        tags: { team: 'a' },
      })
      await using store = await withRules(first)
      assert.deepEqual(await store.read.rules.rule(PLACE, 'a'), first)
      const second = rule('a', {
        pattern: undefined,
        schedule: 'rate(2 days)',
        state: 'DISABLED',
        scheduledFrom: new Date(5),
      })
      await store.write((tx) => tx.rules.putRule(second))
      assert.deepEqual(await store.read.rules.rule(PLACE, 'a'), second)
      for (const place of ELSEWHERE) assert.equal(await store.read.rules.rule(place, 'a'), undefined)
    })

    test('a target comes back as it was put, by id', async () => {
      await using store = await withRules(rule('a'))
      const full: RuleTarget = {
        id: 'b',
        arn: 'arn:f',
        roleArn: 'arn:r',
        inputTransformer: { paths: { name: '$.detail.eventName' }, template: '"<name>"' },
        retry: { maxAttempts: 0, maxAgeSeconds: 60 },
      }
      await store.write(async (tx) => {
        await tx.rules.putTarget(PLACE, 'a', { ...TARGET, id: 'c', input: '{}' })
        await tx.rules.putTarget(PLACE, 'a', full)
        await tx.rules.putTarget(PLACE, 'a', { ...TARGET, id: 'c', inputPath: '$.detail' })
      })
      assert.deepEqual(await store.read.rules.targets(PLACE, 'a'), [
        full,
        { ...TARGET, id: 'c', inputPath: '$.detail' },
      ])
      for (const place of ELSEWHERE) assert.deepEqual(await store.read.rules.targets(place, 'a'), [])
    })

    test('a removed rule or target is gone, and only that one', async () => {
      await using store = await withRules(rule('a'), rule('b'))
      await store.write(async (tx) => {
        await tx.rules.putTarget(PLACE, 'b', TARGET)
        await tx.rules.putTarget(PLACE, 'b', { ...TARGET, id: 'u' })
        await tx.rules.removeRule(PLACE, 'a')
        assert.equal(await tx.rules.removeTarget(PLACE, 'b', 't'), true)
        assert.equal(await tx.rules.removeTarget(PLACE, 'b', 't'), false)
      })
      assert.equal(await store.read.rules.ruleCount(PLACE), 1)
      assert.deepEqual(
        (await store.read.rules.targets(PLACE, 'b')).map(({ id }) => id),
        ['u'],
      )
    })

    test('rules are listed by name, from behind a name, as many as asked for, of one prefix', async () => {
      await using store = await withRules(
        rule('b'),
        rule('a'),
        rule('ab'),
        rule('a_', { region: 'eu-west-1' }),
      )
      const names = async (prefix: string, after: string | undefined, limit: number) =>
        (await store.read.rules.rules(PLACE, prefix, { after, limit })).map(({ name }) => name)
      assert.deepEqual(await names('', undefined, 10), ['a', 'ab', 'b'])
      assert.deepEqual(await names('a', undefined, 10), ['a', 'ab'])
      assert.deepEqual(await names('', 'a', 1), ['ab'])
    })

    test('rules are found by the ARN they tell, each once', async () => {
      await using store = await withRules(rule('b'), rule('a'), rule('c'))
      await store.write(async (tx) => {
        for (const [name, id] of [
          ['a', 't'],
          ['a', 'u'],
          ['b', 't'],
        ] as const)
          await tx.rules.putTarget(PLACE, name, { ...TARGET, id })
        await tx.rules.putTarget(PLACE, 'c', { id: 't', arn: 'arn:other' })
      })
      const { rules } = store.read
      assert.deepEqual(await rules.ruleNamesByTarget(PLACE, TARGET.arn, { limit: 10 }), ['a', 'b'])
      assert.deepEqual(await rules.ruleNamesByTarget(PLACE, TARGET.arn, { after: 'a', limit: 10 }), ['b'])
      for (const place of ELSEWHERE)
        assert.deepEqual(await rules.ruleNamesByTarget(place, TARGET.arn, { limit: 10 }), [])
    })

    test('live are the rules that have a pattern and a target and are not disabled', async () => {
      const all = 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS'
      await using store = await withRules(
        rule('a'),
        rule('b', { state: all }),
        rule('off', { state: 'DISABLED' }),
        rule('timed', { pattern: undefined, schedule: 'rate(1 day)' }),
        rule('idle'),
      )
      await store.write(async (tx) => {
        for (const name of ['a', 'b', 'off', 'timed']) await tx.rules.putTarget(PLACE, name, TARGET)
        await tx.rules.putTarget(PLACE, 'a', { ...TARGET, id: 's' })
      })
      const pattern = '{"source":["aws.kms"]}'
      assert.deepEqual(await store.read.rules.live(PLACE), [
        { name: 'a', pattern, state: 'ENABLED', targetIds: ['s', 't'] },
        { name: 'b', pattern, state: all, targetIds: ['t'] },
      ])
      for (const place of ELSEWHERE) assert.deepEqual(await store.read.rules.live(place), [])
    })

    test('every change of rules or targets makes their revision grow, and nothing else does', async () => {
      await using store = await withRules(rule('a'))
      const before = store.revision('rules')
      await store.write((tx) => tx.rules.rule(PLACE, 'a'))
      await store.write((tx) => tx.rules.removeTarget(PLACE, 'a', 'none'))
      assert.equal(store.revision('rules'), before)
      await store.write((tx) => tx.rules.putTarget(PLACE, 'a', TARGET))
      const between = store.revision('rules')
      assert.ok(between > before)
      await store.write((tx) => tx.rules.removeTarget(PLACE, 'a', 't'))
      assert.ok(store.revision('rules') > between)
    })
  })
}
