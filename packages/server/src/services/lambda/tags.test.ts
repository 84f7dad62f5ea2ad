import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  InvokeCommand,
  ListTagsCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-lambda'
import { functionArn, newFunction, openLambda, refusalOf } from './lambda.test-support.ts'

const Resource = functionArn()

test('tags are added, changed, listed and removed', async () => {
  await using scene = await openLambda()
  await newFunction(scene, { Tags: { a: '1', b: '2' } })
  const { $metadata } = await scene.lambda.send(
    new TagResourceCommand({ Resource, Tags: { b: '3', 'c d': '' } }),
  )
  assert.equal($metadata.httpStatusCode, 204)
  assert.deepEqual((await scene.lambda.send(new ListTagsCommand({ Resource }))).Tags, {
    a: '1',
    b: '3',
    'c d': '',
  })
  await scene.lambda.send(new UntagResourceCommand({ Resource, TagKeys: ['a', 'c d', 'absent'] }))
  assert.deepEqual((await scene.lambda.send(new ListTagsCommand({ Resource }))).Tags, { b: '3' })
})

test('a function’s tags decide who may invoke it', async () => {
  await using scene = await openLambda()
  await newFunction(scene)
  const ada = await scene.server.user({
    Effect: 'Allow',
    Action: 'lambda:InvokeFunction',
    Resource: '*',
    Condition: { StringEquals: { 'aws:ResourceTag/team': 'a' } },
  })
  const invoke = () => scene.as(ada).send(new InvokeCommand({ FunctionName: 'rotate' }))
  assert.equal((await refusalOf(invoke())).name, 'AccessDeniedException')
  await scene.lambda.send(new TagResourceCommand({ Resource, Tags: { team: 'a' } }))
  assert.equal((await invoke()).StatusCode, 200)
})

test('versions, reserved keys, too many tags and built-in functions are refused', async () => {
  await using scene = await openLambda()
  await newFunction(scene)
  const refused = (input: Partial<{ Resource: string; Tags: Record<string, string> }>) =>
    refusalOf(scene.lambda.send(new TagResourceCommand({ Resource, Tags: { a: 'b' }, ...input })))
  assert.equal(
    (await refused({ Resource: `${Resource}:$LATEST` })).message,
    'Tags on function aliases and versions are not supported. Please specify a function ARN.',
  )
  assert.match((await refused({ Tags: { 'aws:x': '' } })).message, /reserved/)
  const many = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, '']))
  assert.equal((await refused({ Tags: many })).message, 'Number of tags exceeds resource tag limit.')
  assert.match((await refused({ Resource: functionArn('lockstep-rotate-postgresql') })).message, /built-in/)
  assert.equal((await refused({ Resource: functionArn('absent') })).name, 'ResourceNotFoundException')
  assert.equal((await refused({ Resource: 'rotate' })).name, 'ValidationException')
})

test('each needs its permission, on a function that is there or not', async () => {
  await using scene = await openLambda()
  await newFunction(scene)
  const lambda = scene.as(await scene.server.user())
  for (const each of [Resource, functionArn('absent')]) {
    const calls = [
      lambda.send(new ListTagsCommand({ Resource: each })),
      lambda.send(new TagResourceCommand({ Resource: each, Tags: {} })),
      lambda.send(new UntagResourceCommand({ Resource: each, TagKeys: ['a'] })),
    ]
    for (const { name } of await Promise.all(calls.map(refusalOf)))
      assert.equal(name, 'AccessDeniedException')
  }
})
