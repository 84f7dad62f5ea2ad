import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compilePolicy } from './compile.ts'
import { parsePolicy } from './parse.ts'
import { admitsService, type ServiceAsk } from './service-principal.ts'

const FUNCTION = 'arn:aws:lambda:us-east-1:111122223333:function:rotate'
const SECRET = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:db-a1b2c3'
const ask: ServiceAsk = {
  service: 'secretsmanager.amazonaws.com',
  action: 'lambda:InvokeFunction',
  resource: FUNCTION,
  resourceAccount: '111122223333',
  sourceArn: SECRET,
  sourceAccount: '111122223333',
}

function policy(statement: object) {
  const whole = { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: FUNCTION, ...statement }
  const text = JSON.stringify({ Version: '2012-10-17', Statement: [whole] })
  return compilePolicy(parsePolicy(text, 'resource'))
}

describe('admitsService', () => {
  test('lets in the service that the policy names, and no other', () => {
    const named = policy({ Principal: { Service: 'secretsmanager.amazonaws.com' } })
    assert.equal(admitsService(named, ask), true)
    assert.equal(admitsService(named, { ...ask, service: 'sns.amazonaws.com' }), false)
    assert.equal(admitsService(named, { ...ask, action: 'lambda:UpdateFunctionCode' }), false)
  })

  test('lets nobody in without a policy, nor by one that names an account', () => {
    assert.equal(admitsService(undefined, ask), false)
    assert.equal(admitsService(policy({ Principal: { AWS: '111122223333' } }), ask), false)
  })

  test('a condition on the source binds the service to it', () => {
    const bound = policy({
      Principal: { Service: 'secretsmanager.amazonaws.com' },
      Condition: {
        StringEquals: { 'AWS:SourceAccount': '111122223333' },
        ArnLike: { 'AWS:SourceArn': SECRET },
      },
    })
    assert.equal(admitsService(bound, ask), true)
    assert.equal(admitsService(bound, { ...ask, sourceAccount: '444455556666' }), false)
    assert.equal(admitsService(bound, { ...ask, sourceArn: `${SECRET}x` }), false)
  })

  test('an explicit deny wins', () => {
    const denied = policy({ Effect: 'Deny', Principal: '*' })
    assert.equal(admitsService(denied, ask), false)
  })
})
