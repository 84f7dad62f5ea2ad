import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadModel } from './model.ts'
import { allOperations, SERVICES, TABLES } from './testing/tables.ts'

describe('loadModel', () => {
  test('knows how each service is addressed', () => {
    const addressed = SERVICES.map((service) => {
      const { protocol, signingName, targetPrefix, apiVersion } = loadModel(service)
      return `${signingName} ${protocol} ${targetPrefix ?? apiVersion}`
    })
    assert.deepEqual(addressed, [
      'secretsmanager json secretsmanager',
      'kms json TrentService',
      'iam query 2010-05-08',
      'sts query 2011-06-15',
      'cloudtrail json CloudTrail_20131101',
      'sns query 2010-03-31',
      'lambda rest-json 2015-03-31',
      'events json AWSEvents',
    ])
  })

  test('gives the same model and the same operation at every call', () => {
    assert.equal(loadModel('kms'), loadModel('kms'))
    assert.equal(loadModel('kms').operation('Encrypt'), loadModel('kms').operation('Encrypt'))
  })

  test('knows no operation or error by a name that any object answers to', () => {
    const model = loadModel('kms')
    for (const name of ['constructor', '__proto__', 'toString', 'encrypt', '']) {
      assert.equal(model.operation(name), undefined, name)
      assert.equal(model.error(name), undefined, name)
    }
  })

  test('errors go by their code on the wire', () => {
    assert.deepEqual(loadModel('iam').error('EntityAlreadyExists'), {
      code: 'EntityAlreadyExists',
      status: 409,
      fault: false,
      messageMember: 'message',
      typed: false,
    })
    assert.equal(loadModel('iam').error('EntityAlreadyExistsException'), undefined)
    assert.equal(loadModel('kms').error('KMSInternalException')?.fault, true)
    assert.equal(loadModel('cloudtrail').error('TrailNotFoundException')?.messageMember, undefined)
  })

  test('every status is one that AwsError can have', () => {
    const statuses = SERVICES.flatMap((service): readonly { status: number }[] =>
      Object.values(TABLES[service].errors),
    )
    const known = [400, 401, 402, 403, 404, 405, 408, 409, 410, 412, 413, 415, 429, 500, 501, 502, 503]
    for (const { status } of statuses) assert.ok(known.includes(status), String(status))
  })

  test('no member has a name that every object has', () => {
    for (const { input, output } of allOperations())
      for (const { name } of [...input.members, ...(output?.members ?? [])]) assert.ok(!(name in {}), name)
  })
})
