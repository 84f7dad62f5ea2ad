import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  DescribeRuleCommand,
  ListTagsForResourceCommand,
  ListTargetsByRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge'
import { startServer } from '../../testing/server.ts'
import { eventsOf, PLACE, RULE_ARN, TOPIC_ARN } from './events.test-support.ts'

const PATTERN = '{"source":["aws.kms"]}'

describe('PutRule', () => {
  test('makes a rule and answers its ARN', async () => {
    await using server = await startServer()
    const events = eventsOf(server)
    const { RuleArn } = await events.send(
      new PutRuleCommand({
        Name: 'alert',
        EventPattern: PATTERN,
        Description: 'd',
        Tags: [{ Key: 'k', Value: 'v' }],
      }),
    )
    assert.equal(RuleArn, RULE_ARN)
    const rule = await events.send(new DescribeRuleCommand({ Name: 'alert' }))
    assert.equal(rule.State, 'ENABLED')
    assert.equal(rule.EventPattern, PATTERN)
    const { Tags } = await events.send(new ListTagsForResourceCommand({ ResourceARN: RULE_ARN }))
    assert.deepEqual(Tags, [{ Key: 'k', Value: 'v' }])
  })

  test('put again, the rule has only what the second call says, and keeps its tags and targets', async () => {
    await using server = await startServer()
    const events = eventsOf(server)
    const first = { Name: 'alert', EventPattern: PATTERN, Description: 'd', Tags: [{ Key: 'k', Value: 'v' }] }
    await events.send(new PutRuleCommand(first))
    await events.send(new PutTargetsCommand({ Rule: 'alert', Targets: [{ Id: 't', Arn: TOPIC_ARN }] }))
    await events.send(
      new PutRuleCommand({
        Name: 'alert',
        ScheduleExpression: 'rate(1 day)',
        State: 'DISABLED',
        Tags: [{ Key: 'k', Value: 'w' }],
      }),
    )
    const rule = await events.send(new DescribeRuleCommand({ Name: 'alert' }))
    assert.equal(rule.EventPattern, undefined)
    assert.equal(rule.Description, undefined)
    assert.equal(rule.State, 'DISABLED')
    assert.equal((await events.send(new ListTargetsByRuleCommand({ Rule: 'alert' }))).Targets?.length, 1)
    const { Tags } = await events.send(new ListTagsForResourceCommand({ ResourceARN: RULE_ARN }))
    assert.deepEqual(Tags, [{ Key: 'k', Value: 'v' }])
  })

  test('ValidationException: neither pattern nor schedule, or a schedule that is none', async () => {
    await using server = await startServer()
    const put = (input: object) => eventsOf(server).send(new PutRuleCommand({ Name: 'alert', ...input }))
    await assert.rejects(put({}), {
      name: 'ValidationException',
      message: 'Parameter(s) EventPattern or ScheduleExpression must be specified.',
    })
    await assert.rejects(put({ ScheduleExpression: 'cron(INVALID)' }), {
      name: 'ValidationException',
      message: 'Parameter ScheduleExpression is not valid.',
    })
  })

  test('InvalidEventPatternException: with the reason', async () => {
    await using server = await startServer()
    const put = new PutRuleCommand({ Name: 'alert', EventPattern: '{"a":[]}' })
    await assert.rejects(eventsOf(server).send(put), {
      name: 'InvalidEventPatternException',
      message: 'Event pattern is not valid. Reason: Empty arrays are not allowed',
    })
  })

  test('ResourceNotFoundException: a bus that is not the default one', async () => {
    await using server = await startServer()
    const put = new PutRuleCommand({ Name: 'alert', EventPattern: PATTERN, EventBusName: 'mine' })
    await assert.rejects(eventsOf(server).send(put), {
      name: 'ResourceNotFoundException',
      message: 'Event bus mine does not exist.',
    })
  })

  test('LimitExceededException: more than three hundred rules', async () => {
    await using server = await startServer()
    await server.house.store.write(async (tx) => {
      for (let i = 0; i < 300; i++)
        await tx.rules.putRule({
          ...PLACE,
          name: `r${i}`,
          pattern: PATTERN,
          schedule: undefined,
          scheduledFrom: server.clock.now(),
          state: 'ENABLED',
          description: undefined,
          roleArn: undefined,
          tags: {},
        })
    })
    const put = (Name: string) => eventsOf(server).send(new PutRuleCommand({ Name, EventPattern: PATTERN }))
    await assert.rejects(put('one-more'), { name: 'LimitExceededException' })
    await put('r7')
  })

  test('AccessDeniedException: without events:PutRule, or without iam:PassRole for the role that is given', async () => {
    await using server = await startServer()
    const RoleArn = 'arn:aws:iam::111122223333:role/r'
    const put = new PutRuleCommand({ Name: 'alert', EventPattern: PATTERN, RoleArn })
    await assert.rejects(eventsOf(server, await server.user()).send(put), { name: 'AccessDeniedException' })
    const putter = await server.user({ Effect: 'Allow', Action: 'events:PutRule', Resource: RULE_ARN })
    await assert.rejects(eventsOf(server, putter).send(put), {
      name: 'AccessDeniedException',
      message: /iam:PassRole/,
    })
    const passer = await server.user({
      Effect: 'Allow',
      Action: ['events:PutRule', 'iam:PassRole'],
      Resource: '*',
    })
    await eventsOf(server, passer).send(put)
  })

  test('AccessDeniedException: a source that the policy does not name', async () => {
    await using server = await startServer()
    const user = await server.user({
      Effect: 'Allow',
      Action: 'events:PutRule',
      Resource: '*',
      Condition: {
        'ForAllValues:StringEquals': { 'events:source': 'aws.kms' },
        Null: { 'events:source': 'false' },
      },
    })
    const put = (EventPattern: string) =>
      eventsOf(server, user).send(new PutRuleCommand({ Name: 'alert', EventPattern }))
    await put(PATTERN)
    await assert.rejects(put('{"source":["aws.iam"]}'), { name: 'AccessDeniedException' })
    await assert.rejects(put('{"detail":{"a":[1]}}'), { name: 'AccessDeniedException' })
  })
})
