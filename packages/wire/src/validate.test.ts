import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { AwsError, type Members, type ServiceName, validate } from './index.ts'
import { validStructure } from './testing/arbitrary.ts'
import { allOperations, operationOf } from './testing/tables.ts'

const KEY_ID = '1234abcd-12ab-34cd-56ef-1234567890ab'
const ROLE = 'arn:aws:iam::111122223333:role/deploy'

interface Recorded {
  readonly call: readonly [ServiceName, string, Members]
  readonly sentence: string
}

// Answers of AWS, recorded from the services themselves by the LocalStack and Spinifex projects.
const RECORDED: readonly Recorded[] = [
  {
    call: ['kms', 'GenerateRandom', { NumberOfBytes: 0 }],
    sentence:
      "Value '0' at 'numberOfBytes' failed to satisfy constraint: Member must have value greater than or equal to 1",
  },
  {
    call: ['kms', 'GenerateRandom', { NumberOfBytes: 1025 }],
    sentence:
      "Value '1025' at 'numberOfBytes' failed to satisfy constraint: Member must have value less than or equal to 1024",
  },
  {
    call: [
      'kms',
      'DeriveSharedSecret',
      { KeyId: KEY_ID, KeyAgreementAlgorithm: 'INVALID', PublicKey: new Uint8Array(1) },
    ],
    sentence:
      "Value 'INVALID' at 'keyAgreementAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: [ECDH]",
  },
  {
    call: ['kms', 'GenerateMac', { KeyId: KEY_ID, MacAlgorithm: 'INVALID', Message: new Uint8Array(1) }],
    sentence:
      "Value 'INVALID' at 'macAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: [HMAC_SHA_384, HMAC_SHA_256, HMAC_SHA_224, HMAC_SHA_512]",
  },
  {
    call: ['kms', 'CreateKey', { Tags: [{ TagKey: 'a'.repeat(129), TagValue: '' }] }],
    sentence: `Value '${'a'.repeat(129)}' at 'tags.1.member.tagKey' failed to satisfy constraint: Member must have length less than or equal to 128`,
  },
  {
    call: ['kms', 'CreateKey', { Tags: [{ TagKey: 'a', TagValue: 'v'.repeat(257) }] }],
    sentence: `Value '${'v'.repeat(257)}' at 'tags.1.member.tagValue' failed to satisfy constraint: Member must have length less than or equal to 256`,
  },
  {
    call: ['kms', 'Encrypt', { KeyId: KEY_ID, Plaintext: new Uint8Array(4097) }],
    sentence:
      "Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096",
  },
  {
    call: ['sts', 'AssumeRole', { RoleArn: ROLE, RoleSessionName: 'Session1:2' }],
    sentence:
      "Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
  },
  {
    call: [
      'iam',
      'ResetServiceSpecificCredential',
      { ServiceSpecificCredentialId: 'not-a-word-although-long-enough' },
    ],
    sentence:
      "Value at 'serviceSpecificCredentialId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w]+",
  },
  {
    call: [
      'iam',
      'UpdateServiceSpecificCredential',
      { ServiceSpecificCredentialId: 'a'.repeat(20), Status: 'Invalid' },
    ],
    sentence: "Value at 'status' failed to satisfy constraint: Member must satisfy enum value set",
  },
  {
    call: ['iam', 'TagUser', { UserName: 'ada', Tags: [{ Key: 'a', Value: '1' }, { Value: 'v' }] }],
    sentence: "Value at 'tags.2.member.key' failed to satisfy constraint: Member must not be null",
  },
  {
    call: ['iam', 'TagUser', { UserName: 'ada', Tags: [{ Key: '', Value: 'v' }] }],
    sentence:
      "Value at 'tags.1.member.key' failed to satisfy constraint: Member must have length greater than or equal to 1; Value at 'tags.1.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+",
  },
  {
    call: [
      'iam',
      'TagUser',
      { UserName: 'ada', Tags: [...Array(50).fill({ Key: 'k', Value: '' }), { Key: 'bad#key', Value: '' }] },
    ],
    sentence:
      "Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50; Value at 'tags.51.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+",
  },
  {
    call: ['iam', 'UntagUser', { UserName: 'ada', TagKeys: ['bad#', 'k', 'bad*'] }],
    sentence:
      "Value at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+, Member must not be null]",
  },
]

describe('the sentences of AWS', () => {
  for (const { call, sentence } of RECORDED) {
    const [service, name, input] = call
    test(`${service} ${name}: ${sentence.slice(0, 90)}`, () => {
      const count = sentence.split('; ').length
      const heading = count === 1 ? '1 validation error detected' : `${count} validation errors detected`
      const { code, message } = refusal(service, name, input)
      assert.equal(code, service === 'kms' ? 'ValidationException' : 'ValidationError')
      assert.equal(sortedSets(message), sortedSets(`${heading}: ${sentence}`))
    })
  }

  test('values of an enum that has grown since are still those recorded', () => {
    const { message } = refusal('kms', 'CreateKey', { KeyUsage: 'RANDOM', KeySpec: 'HMAC_random' })
    const [, usages = '', specs = ''] = /\[(.*)\].*\[(.*)\]/.exec(message) ?? []
    assert.match(
      message,
      /^2 validation errors detected: Value '\w+' at 'keyUsage' .*; Value '\w+' at 'keySpec' /,
    )
    for (const usage of ['ENCRYPT_DECRYPT', 'SIGN_VERIFY', 'GENERATE_VERIFY_MAC'])
      assert.ok(usages.split(', ').includes(usage), usage)
    for (const spec of ['RSA_2048', 'ECC_SECG_P256K1', 'SYMMETRIC_DEFAULT', 'HMAC_512'])
      assert.ok(specs.split(', ').includes(spec), spec)
  })

  test('a required member that is absent is null, nested ones included', () => {
    assert.equal(
      refusal('kms', 'TagResource', { Tags: [{ TagKey: 'a' }] }).message,
      "2 validation errors detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null; " +
        "Value null at 'tags.1.member.tagValue' failed to satisfy constraint: Member must not be null",
    )
  })

  test('a list is shown whole when one of its texts breaks a constraint', () => {
    const grant = { KeyId: KEY_ID, GranteePrincipal: ROLE, Operations: ['Encrypt', 'Rewind'] }
    assert.match(
      refusal('kms', 'CreateGrant', grant).message,
      /Value '\[Encrypt, Rewind\]' at 'operations' failed to satisfy constraint: Member must satisfy constraint: \[Member must satisfy enum value set: \[/,
    )
  })

  test('a list of wrong length is shown, but not when it holds structures', () => {
    const secrets = Array.from({ length: 21 }, (_, i) => `s${i}`)
    assert.match(
      refusal('secretsmanager', 'BatchGetSecretValue', { SecretIdList: secrets }).message,
      /Value '\[s0, s1, .*, s20\]' at 'secretIdList' failed to satisfy constraint: Member must have length less than or equal to 20$/,
    )
    const filters = Array.from({ length: 11 }, () => ({ Key: 'name', Values: ['a'] }))
    assert.equal(
      refusal('secretsmanager', 'ListSecrets', { Filters: filters }).message,
      "1 validation error detected: Value at 'filters' failed to satisfy constraint: Member must have length less than or equal to 10",
    )
  })

  test('bytes are shown as Java shows them: their number', () => {
    assert.match(
      refusal('kms', 'Decrypt', { CiphertextBlob: new Uint8Array(6145) }).message,
      /Value 'java\.nio\.HeapByteBuffer\[pos=0 lim=6145 cap=6145\]' at 'ciphertextBlob' failed/,
    )
  })
})

describe('the sentences of EC2', () => {
  test('what is missing is a parameter, by its name on the wire', () => {
    const { code, message } = refusal('ec2', 'CreateTags', { Tags: [] })
    assert.equal(code, 'MissingParameter')
    assert.equal(message, 'The request must contain the parameter ResourceId')
  })

  test('an invalid value is told by its parameter, not repeated', () => {
    const { code, message } = refusal('ec2', 'DeleteTags', { Resources: ['i-1'], Tags: [{ Key: 'a\0b' }] })
    assert.equal(code, 'InvalidParameterValue')
    assert.equal(
      message,
      'Invalid value for parameter Tag.1.Key. Member must not contain the character U+0000',
    )
  })
})

describe('what counts', () => {
  test('a text is as long as its characters, not its UTF-16 units', () => {
    assert.doesNotThrow(() => check('kms', 'CreateKey', { Description: '😀'.repeat(8192) }))
    assert.match(
      refusal('kms', 'CreateKey', { Description: '😀'.repeat(8193) }).message,
      /less than or equal to 8192$/,
    )
    const token = (text: string) => ({ SecretId: 's', ClientRequestToken: text })
    assert.match(refusal('secretsmanager', 'RotateSecret', token('😀'.repeat(31))).message, /equal to 32$/)
    assert.doesNotThrow(() => check('secretsmanager', 'RotateSecret', token('😀'.repeat(32))))
  })

  test('a secret is as long as its UTF-8 bytes', () => {
    const secret = (text: string) => ({ SecretId: 's', SecretString: text })
    assert.doesNotThrow(() => check('secretsmanager', 'PutSecretValue', secret('é'.repeat(32_768))))
    assert.equal(
      refusal('secretsmanager', 'PutSecretValue', secret('é'.repeat(32_769))).message,
      "1 validation error detected: Value at 'secretString' failed to satisfy constraint: Member must have length less than or equal to 65536",
    )
  })

  test('a text that holds U+0000 is refused, a secret value that does is not', () => {
    const why =
      "1 validation error detected: Value at '%' failed to satisfy constraint: Member must not contain the character U+0000"
    const named = { Name: 'db', Description: 'a\0b' }
    assert.equal(refusal('secretsmanager', 'CreateSecret', named).message, why.replace('%', 'description'))
    const listed = { SecretIdList: ['db', 'a\0b'] }
    assert.equal(
      refusal('secretsmanager', 'BatchGetSecretValue', listed).message,
      why.replace('%', 'secretIdList'),
    )
    const valued = { SecretId: 'db', SecretString: 'a\0b' }
    assert.doesNotThrow(() => check('secretsmanager', 'PutSecretValue', valued))
    const bound = { KeyId: 'k', Plaintext: new Uint8Array(1), EncryptionContext: { 'a\0': 'b\0' } }
    assert.doesNotThrow(() => check('kms', 'Encrypt', bound))
  })

  test('a text too long to try its pattern on is refused all the same', () => {
    const long = 'a'.repeat(70_000)
    const name = { RoleArn: ROLE, RoleSessionName: long }
    assert.match(
      refusal('sts', 'AssumeRole', name).message,
      /^1 validation error .* less than or equal to 64$/,
    )
    assert.match(
      refusal('sts', 'AssumeRole', { RoleArn: ROLE, RoleSessionName: 'ada', Policy: long }).message,
      /^1 validation error detected: Value at 'policy' .* pattern/,
    )
  })

  test('a policy document may be longer than other texts, and its pattern still counts', () => {
    const policy = (PolicyDocument: string) => ({ UserName: 'ada', PolicyName: 'p', PolicyDocument })
    assert.doesNotThrow(() => check('iam', 'PutUserPolicy', policy('a'.repeat(131_072))))
    assert.match(refusal('iam', 'PutUserPolicy', policy(`${'a'.repeat(131_000)}\0`)).message, /pattern/)
  })

  test('every input made from its model is valid', () => {
    for (const operation of allOperations())
      fc.assert(
        fc.property(validStructure(operation.input), (input) => validate(operation, input)),
        { numRuns: 5 },
      )
  })
})

describe('what an error never tells', () => {
  const VALUE = 'hunter2-correct-horse'

  test('a sensitive value, whatever is wrong with it', () => {
    const calls: readonly (readonly [ServiceName, string, Members])[] = [
      ['secretsmanager', 'PutSecretValue', { SecretId: 's', SecretString: VALUE.repeat(4000) }],
      ['secretsmanager', 'PutSecretValue', { SecretId: 's', RotationToken: VALUE }],
      ['kms', 'CreateCustomKeyStore', { CustomKeyStoreName: 'k', KeyStorePassword: VALUE.repeat(40) }],
      ['iam', 'ChangePassword', { OldPassword: VALUE, NewPassword: VALUE.repeat(40) }],
      ['iam', 'CreateUser', { UserName: `${VALUE}!` }],
      ['sts', 'AssumeRole', { RoleArn: ROLE, RoleSessionName: 'ada', TokenCode: VALUE }],
      [
        'sts',
        'AssumeRoleWithWebIdentity',
        { RoleArn: ROLE, RoleSessionName: 'ada', WebIdentityToken: VALUE.repeat(1000) },
      ],
    ]
    for (const [service, name, input] of calls)
      assert.ok(!refusal(service, name, input).message.includes(VALUE), `${service} ${name}`)
  })

  test('a value of any length: a long one is left out', () => {
    const { message } = refusal('kms', 'CreateKey', { Description: 'd'.repeat(10_000) })
    assert.equal(
      message,
      "1 validation error detected: Value at 'description' failed to satisfy constraint: Member must have length less than or equal to 8192",
    )
  })

  test('thousands of problems: it stops at a hundred', () => {
    const { message } = refusal('kms', 'CreateKey', {
      Tags: Array(20_000).fill({ TagKey: '', TagValue: '' }),
    })
    assert.match(message, /^100 validation errors detected: /)
    assert.ok(message.length < 20_000)
  })
})

function check(service: ServiceName, name: string, input: Members): void {
  validate(operationOf(service, name), input)
}

function refusal(service: ServiceName, name: string, input: Members): AwsError {
  try {
    check(service, name, input)
  } catch (error) {
    if (error instanceof AwsError) return error
    throw error
  }
  return assert.fail(`${service} ${name} was accepted`)
}

/** AWS lists the values of an enum in the order of a Java hash set. */
function sortedSets(sentence: string): string {
  return sentence.replace(/(?<=enum value set: \[)[^\]]*/g, (values) => values.split(', ').sort().join(', '))
}
