import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { trailParameters, trailResponse } from './index.ts'
import type { Shape } from './shape.ts'
import { validStructure } from './testing/arbitrary.ts'
import { allOperations, operationOf } from './testing/tables.ts'

const SECRET = 'SECRET-hunter2'

describe('the trail', () => {
  test('names start with a lower-case letter, however deep, and instants are text', () => {
    const grant = {
      KeyId: 'k',
      GranteePrincipal: 'p',
      Operations: ['Encrypt'],
      Constraints: { EncryptionContextEquals: JSON.parse('{"Team":"a","__proto__":"b"}') },
    }
    assert.deepEqual(plain(trailParameters(operationOf('kms', 'CreateGrant'), grant)), {
      keyId: 'k',
      granteePrincipal: 'p',
      operations: ['Encrypt'],
      constraints: { encryptionContextEquals: JSON.parse('{"Team":"a","__proto__":"b"}') },
    })
    const output = { ARN: 'a', Name: 'n', DeletionDate: new Date(1_700_000_000_123) }
    assert.deepEqual(trailResponse(operationOf('secretsmanager', 'DeleteSecret'), output), {
      aRN: 'a',
      name: 'n',
      deletionDate: '2023-11-14T22:13:20.123Z',
    })
  })

  test('an operation without an output has nothing to tell of it', () => {
    assert.deepEqual(trailResponse(operationOf('secretsmanager', 'TagResource'), undefined), {})
  })

  test('the members that carry secrets, by name', () => {
    const put = {
      SecretId: 's',
      SecretString: SECRET,
      SecretBinary: new Uint8Array(1),
      RotationToken: SECRET,
    }
    assert.deepEqual(trailParameters(operationOf('secretsmanager', 'PutSecretValue'), put), { secretId: 's' })
    const random = trailResponse(operationOf('secretsmanager', 'GetRandomPassword'), {
      RandomPassword: SECRET,
    })
    assert.deepEqual(random, {})
    const credentials = { AccessKeyId: 'ASIA1', SecretAccessKey: SECRET, SessionToken: SECRET }
    assert.deepEqual(trailResponse(operationOf('sts', 'AssumeRole'), { Credentials: credentials }), {
      credentials: { accessKeyId: 'ASIA1' },
    })
    const mfa = {
      UserName: 'ada',
      SerialNumber: 's',
      AuthenticationCode1: SECRET,
      AuthenticationCode2: SECRET,
    }
    assert.deepEqual(trailParameters(operationOf('iam', 'EnableMFADevice'), mfa), {
      userName: 'ada',
      serialNumber: 's',
    })
  })

  test('what a command was given is replaced by the text that CloudTrail has there', () => {
    const input = { DocumentName: 'AWS-RunShellScript', Parameters: { commands: [SECRET] } }
    assert.deepEqual(trailParameters(operationOf('ssm', 'SendCommand'), input), {
      documentName: 'AWS-RunShellScript',
      parameters: 'HIDDEN_DUE_TO_SECURITY_REASONS',
    })
  })

  test('no sensitive value and no bytes appear, for any input or output of any operation', () => {
    for (const operation of allOperations()) {
      const { input, output } = operation
      const tell = (value: string) => assert.ok(!value.includes(SECRET), `${operation.name} tells a secret`)
      fc.assert(
        fc.property(validStructure(input), (value) =>
          tell(seen(trailParameters(operation, planted(input, value)))),
        ),
        { numRuns: 5 },
      )
      if (!output) continue
      fc.assert(
        fc.property(validStructure(output), (value) =>
          tell(seen(trailResponse(operation, planted(output, value)))),
        ),
        { numRuns: 5 },
      )
    }
  })

  test('what is not sensitive does appear', () => {
    const operation = operationOf('secretsmanager', 'CreateSecret')
    fc.assert(
      fc.property(validStructure(operation.input), (input) => {
        const { SecretString, SecretBinary, ...told } = input
        const names = Object.keys(told).map((name) => name.charAt(0).toLowerCase() + name.slice(1))
        assert.deepEqual(Object.keys(trailParameters(operation, input)).sort(), names.sort())
      }),
    )
  })
})

/** The value with every sensitive text and all bytes replaced by a secret that would be recognised. */
function planted(shape: Shape, value: unknown): unknown {
  if (shape.type === 'blob') return new TextEncoder().encode(SECRET)
  if (shape.sensitive) return SECRET
  if (shape.type === 'list')
    return Array.isArray(value) ? value.map((item) => planted(shape.member, item)) : value
  if (shape.type === 'map') return mapEntries(value, (_, entry) => planted(shape.value, entry))
  if (shape.type !== 'structure') return value
  return mapEntries(value, (name, entry) => {
    const member = shape.members.find((candidate) => candidate.name === name)
    return member ? planted(member.shape, entry) : entry
  })
}

function mapEntries(value: unknown, change: (name: string, entry: unknown) => unknown): object {
  const entries = Object.entries(Object(value)).map(([name, entry]) => [name, change(name, entry)])
  return Object.fromEntries(entries)
}

/** All that a trail event could give away: its text, and that of any bytes or base64 in it. */
function seen(event: object): string {
  const text = JSON.stringify(event, (_, value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString() : value,
  )
  return text.includes(Buffer.from(SECRET).toString('base64').slice(0, 12)) ? SECRET : text
}

/** Without what assert.deepEqual would mind and the trail does not: prototypes. */
function plain(value: object): unknown {
  return JSON.parse(JSON.stringify(value))
}
