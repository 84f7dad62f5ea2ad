import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ELSEWHERE, HERE, PRINCIPALS, policyOf, SECRET } from './cases.test-support.ts'
import { compilePolicy } from './compile.ts'
import { type Ask, evaluate } from './evaluate.ts'
import { parsePolicy } from './parse.ts'

const alice = PRINCIPALS.alice ?? assert.fail()

function ask(key: Ask['key'], resourceAccount = HERE): Ask {
  const action = 'secretsmanager:GetSecretValue'
  return { action, resource: SECRET, resourceAccount, principal: alice, key }
}

function identity(statement: object, arn?: string) {
  return compilePolicy(parsePolicy(policyOf(statement), 'identity'), arn === undefined ? {} : { arn })
}

test('a denial names the managed policy that denied, and no other', () => {
  const allow = identity({ Effect: 'Allow', Action: '*', Resource: '*' }, 'arn:aws:iam::aws:policy/Admin')
  const deny = identity({ Effect: 'Deny', Action: '*', Resource: '*' }, 'arn:aws:iam::1:policy/deny')
  const inline = identity({ Effect: 'Deny', Action: '*', Resource: '*' })
  const byManaged = evaluate(
    ask(() => undefined),
    { identity: [allow, deny], resourceKind: 'standard' },
  )
  assert.equal('policyArn' in byManaged && byManaged.policyArn, 'arn:aws:iam::1:policy/deny')
  const byInline = evaluate(
    ask(() => undefined),
    { identity: [allow, inline], resourceKind: 'standard' },
  )
  assert.equal('policyArn' in byInline, false)
})

test('a denial says whether the resource belongs to another account', () => {
  const crossAccount = (account: string) => {
    const decision = evaluate(
      ask(() => undefined, account),
      { identity: [], resourceKind: 'standard' },
    )
    return !decision.allowed && decision.crossAccount
  }
  assert.equal(crossAccount(HERE), false)
  assert.equal(crossAccount(ELSEWHERE), true)
})

test('no context key is computed that no policy asks about', () => {
  const condition = { StringEquals: { 'aws:UserName': 'alice' } }
  const policies = [
    identity({ Effect: 'Allow', Action: 'kms:*', Resource: '*', Condition: { Null: { 'x:y': 'true' } } }),
    identity({ Effect: 'Allow', Action: 'secretsmanager:*', Resource: '*', Condition: condition }),
  ]
  const asked: string[] = []
  const key = (name: string) => {
    asked.push(name)
    return ['alice']
  }
  assert.equal(evaluate(ask(key), { identity: policies, resourceKind: 'standard' }).allowed, true)
  assert.deepEqual(asked, ['aws:username'])
})

test('a malformed value never throws while deciding, whatever the operator', () => {
  const operators = ['NumericEquals', 'Bool', 'BinaryEquals', 'IpAddress', 'ArnLike', 'Null']
  for (const operator of operators) {
    const condition = { [operator]: { 'x:y': ['\u0000', '999999999999999999999', '::::', '1.2.3', '{'] } }
    const policy = identity({ Effect: 'Allow', Action: '*', Resource: '*', Condition: condition })
    for (const actual of ['', '\ud800', ':::::', '1/2/3', 'x'.repeat(5000)]) {
      const decision = evaluate(
        ask(() => [actual]),
        { identity: [policy], resourceKind: 'standard' },
      )
      assert.equal(decision.allowed, false, `${operator} ${actual}`)
    }
  }
})

test('a resource by several names is meant, or excepted, by any one of them', () => {
  const [one, other] = ['arn:aws:ssm:::managed-instance/mi-1', 'arn:aws:ec2:::instance/i-1']
  const allows = (...statements: readonly object[]) =>
    evaluate(
      { ...ask(() => undefined), resource: [one, other] },
      { identity: statements.map((each) => identity({ Action: '*', ...each })), resourceKind: 'standard' },
    ).allowed
  const everything = { Effect: 'Allow', Resource: '*' }
  for (const name of [one, other]) {
    assert.equal(allows({ Effect: 'Allow', Resource: name }), true)
    assert.equal(allows({ Effect: 'Allow', NotResource: name }), false)
    assert.equal(allows(everything, { Effect: 'Deny', Resource: name }), false)
    assert.equal(allows(everything, { Effect: 'Deny', NotResource: name }), true)
  }
  assert.equal(allows({ Effect: 'Allow', Resource: 'arn:aws:ec2:::instance/i-2' }), false)
  assert.equal(allows(everything, { Effect: 'Deny', NotResource: 'arn:aws:ec2:::instance/i-2' }), false)
})
