import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compilePolicy } from '../policy/compile.ts'
import { parsePolicy } from '../policy/parse.ts'
import { admitsService } from '../policy/service-principal.ts'
import { openTestStore } from '../store/test-store.ts'
import { builtInFunctions } from './built-in.ts'
import { findFunction, parseFunctionArn } from './find-function.ts'

const PLACE = { account: '111122223333', region: 'us-east-1' }
const ARN = 'arn:aws:lambda:us-east-1:111122223333:function:rotate'

test('a built-in function is found in every account and region, with an ARN of that place', async () => {
  await using store = await openTestStore()
  const name = 'lockstep-rotate-random-password'
  const here = await findFunction(store.read.functions, PLACE, 'aws', name)
  assert.equal(here?.arn, `arn:aws:lambda:us-east-1:111122223333:function:${name}`)
  const there = { account: '444455556666', region: 'cn-north-1' }
  const other = await findFunction(store.read.functions, there, 'aws-cn', name)
  assert.equal(other?.arn, `arn:aws-cn:lambda:cn-north-1:444455556666:function:${name}`)
  assert.equal(await findFunction(store.read.functions, PLACE, 'aws', 'lockstep-rotate-nothing'), undefined)
})

test('built-in functions come in the order of their names', () => {
  const names = builtInFunctions(PLACE, 'aws').map(({ name }) => name)
  assert.deepEqual(names, names.toSorted())
})

test('a built-in function admits Secrets Manager for its own account alone, and no other service', () => {
  for (const { arn, policy } of builtInFunctions(PLACE, 'aws')) {
    const compiled = compilePolicy(parsePolicy(policy?.bound ?? '', 'resource'))
    const ask = {
      service: 'secretsmanager.amazonaws.com',
      action: 'lambda:InvokeFunction',
      resource: arn,
      resourceAccount: PLACE.account,
      sourceArn: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:db-a1b2c3',
      sourceAccount: PLACE.account,
    }
    assert.equal(admitsService(compiled, ask), true)
    assert.equal(admitsService(compiled, { ...ask, sourceAccount: '444455556666' }), false)
    assert.equal(admitsService(compiled, { ...ask, service: 'sns.amazonaws.com' }), false)
  }
})

test('a stored function is found in its own place', async () => {
  await using store = await openTestStore()
  const record = {
    ...PLACE,
    name: 'rotate',
    arn: ARN,
    description: '',
    runtime: 'nodejs24.x',
    handler: 'index.handler',
    roleArn: 'arn:aws:iam::111122223333:role/runner',
    timeoutSeconds: 3,
    memoryMb: 128,
    code: { kind: 'directory', path: '/srv' },
    revisionId: '00000000-0000-4000-8000-000000000001',
    createdAt: new Date(1000),
    modifiedAt: new Date(1000),
  } as const
  await store.write((tx) => tx.functions.insert(record))
  assert.equal((await findFunction(store.read.functions, PLACE, 'aws', 'rotate'))?.arn, ARN)
  const elsewhere = { ...PLACE, account: '444455556666' }
  assert.equal(await findFunction(store.read.functions, elsewhere, 'aws', 'rotate'), undefined)
})

test('an ARN says where its function is; other ARNs and other qualifiers say nothing', () => {
  const expected = { place: PLACE, partition: 'aws', name: 'rotate' }
  assert.deepEqual(parseFunctionArn(ARN), expected)
  assert.deepEqual(parseFunctionArn(`${ARN}:$LATEST`), expected)
  for (const wrong of [
    'rotate',
    `${ARN}:1`,
    `${ARN}:`,
    ARN.replace('function:rotate', 'function:ro tate'),
    ARN.replace(':lambda:', ':sns:'),
    ARN.replace('us-east-1', ''),
    ARN.replace('111122223333', '1'),
    ARN.replace('function:', 'layer:'),
  ])
    assert.equal(parseFunctionArn(wrong), undefined, wrong)
})
