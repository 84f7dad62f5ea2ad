import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  DecryptCommand,
  type DecryptCommandInput,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  GenerateRandomCommand,
  type KMSClient,
  ReEncryptCommand,
} from '@aws-sdk/client-kms'
import { startServer } from '../../testing/server.ts'
import { ABSENT_ID, allow, errorOf, kmsOf, newKey, text } from './kms.test-support.ts'

const DRY_RUN = {
  name: 'DryRunOperationException',
  message: 'The request would have succeeded, but the DryRun option is set.',
}
const CONTEXT = { SecretARN: 'arn:x', Version: '1' }

async function encrypt(kms: KMSClient, KeyId: string, EncryptionContext = CONTEXT): Promise<Uint8Array> {
  const { CiphertextBlob } = await kms.send(
    new EncryptCommand({ KeyId, Plaintext: text('the value'), EncryptionContext }),
  )
  assert.ok(CiphertextBlob)
  return CiphertextBlob
}

async function decrypt(kms: KMSClient, input: DecryptCommandInput): Promise<string> {
  const { Plaintext } = await kms.send(new DecryptCommand(input))
  return Buffer.from(Plaintext ?? []).toString()
}

describe('the trail', () => {
  test('tells of every call, and holds neither plaintext nor data key nor ciphertext', async () => {
    await using server = await startServer()
    const kms = kmsOf(server)
    const { id, arn } = await newKey(kms)
    const CiphertextBlob = await encrypt(kms, id)
    await decrypt(kms, { CiphertextBlob, EncryptionContext: CONTEXT })
    const dataKey = await kms.send(new GenerateDataKeyCommand({ KeyId: id, KeySpec: 'AES_256' }))
    const random = await kms.send(new GenerateRandomCommand({ NumberOfBytes: 32 }))
    const bodies = (await server.trail()).map((event) => JSON.stringify(event)).join('\n')
    for (const name of ['Encrypt', 'Decrypt', 'GenerateDataKey', 'GenerateRandom'])
      assert.match(bodies, new RegExp(`"eventName":"${name}"`))
    assert.ok(bodies.includes(arn))
    const secrets = [
      text('the value'),
      CiphertextBlob,
      dataKey.Plaintext,
      dataKey.CiphertextBlob,
      random.Plaintext,
    ]
    for (const bytes of secrets)
      for (const form of ['base64', 'hex', 'latin1'] as const)
        assert.equal(bodies.includes(Buffer.from(bytes ?? []).toString(form)), false)
  })
})

describe('ReEncrypt', () => {
  test('200 — under another key and context, and the old ciphertext still opens', async () => {
    await using server = await startServer()
    const kms = kmsOf(server)
    const [from, to] = [await newKey(kms), await newKey(kms)]
    const CiphertextBlob = await encrypt(kms, from.id)
    const moved = await kms.send(
      new ReEncryptCommand({
        CiphertextBlob,
        SourceEncryptionContext: CONTEXT,
        DestinationKeyId: to.id,
        DestinationEncryptionContext: { new: 'context' },
      }),
    )
    assert.deepEqual([moved.SourceKeyId, moved.KeyId], [from.arn, to.arn])
    const now = { CiphertextBlob: moved.CiphertextBlob, EncryptionContext: { new: 'context' } }
    assert.equal(await decrypt(kms, { ...now, KeyId: to.id }), 'the value')
    assert.equal(await decrypt(kms, { CiphertextBlob, EncryptionContext: CONTEXT }), 'the value')
  })

  test('AccessDeniedException — without kms:ReEncryptFrom on the one key or kms:ReEncryptTo on the other', async () => {
    await using server = await startServer()
    const kms = kmsOf(server)
    const [from, to] = [await newKey(kms), await newKey(kms)]
    const CiphertextBlob = await encrypt(kms, from.id)
    const input = { CiphertextBlob, SourceEncryptionContext: CONTEXT, DestinationKeyId: to.id }
    const out = allow('kms:ReEncryptFrom', from.arn)
    const into = allow('kms:ReEncryptTo', to.arn)
    const call = async (...statements: object[]) =>
      kmsOf(server, await server.user(...statements)).send(new ReEncryptCommand(input))
    for (const statement of [out, into, allow('kms:Decrypt'), allow('kms:ReEncrypt*', to.arn)])
      assert.equal((await errorOf(call(statement))).name, 'AccessDeniedException')
    await call(out, into)
  })

  test('a caller who may not use the destination does not learn whether it exists', async () => {
    await using server = await startServer()
    const kms = kmsOf(server)
    const [from, to] = [await newKey(kms), await newKey(kms)]
    const CiphertextBlob = await encrypt(kms, from.id)
    const user = kmsOf(server, await server.user(allow('kms:ReEncryptFrom')))
    const call = (DestinationKeyId: string) =>
      errorOf(
        user.send(
          new ReEncryptCommand({ CiphertextBlob, SourceEncryptionContext: CONTEXT, DestinationKeyId }),
        ),
      )
    const [existing, absent] = [await call(to.id), await call(ABSENT_ID)]
    assert.equal(existing.name, 'AccessDeniedException')
    assert.deepEqual(absent, { ...existing, message: existing.message.replace(to.id, ABSENT_ID) })
  })

  test('kms:ReEncryptOnSameKey tells a new context from a new key', async () => {
    await using server = await startServer()
    const kms = kmsOf(server)
    const [from, to] = [await newKey(kms), await newKey(kms)]
    const CiphertextBlob = await encrypt(kms, from.id)
    const condition = { Bool: { 'kms:ReEncryptOnSameKey': 'true' } }
    const user = kmsOf(server, await server.user(allow('kms:ReEncrypt*', '*', condition)))
    const call = (DestinationKeyId: string) =>
      user.send(new ReEncryptCommand({ CiphertextBlob, SourceEncryptionContext: CONTEXT, DestinationKeyId }))
    await call(from.id)
    assert.equal((await errorOf(call(to.id))).name, 'AccessDeniedException')
  })

  test('InvalidCiphertextException, IncorrectKeyException, NotFoundException, DryRunOperationException', async () => {
    await using server = await startServer()
    const kms = kmsOf(server)
    const [from, to] = [await newKey(kms), await newKey(kms)]
    const good = {
      CiphertextBlob: await encrypt(kms, from.id),
      SourceEncryptionContext: CONTEXT,
      DestinationKeyId: to.id,
    }
    const ends: readonly [object, string][] = [
      [{ SourceEncryptionContext: {} }, 'InvalidCiphertextException'],
      [{ CiphertextBlob: text('nothing') }, 'InvalidCiphertextException'],
      [{ SourceKeyId: to.id }, 'IncorrectKeyException'],
      [{ DestinationKeyId: ABSENT_ID }, 'NotFoundException'],
      [{ SourceKeyId: 'alias/none' }, 'NotFoundException'],
      [{ DryRun: true }, 'DryRunOperationException'],
      [{ DestinationEncryptionAlgorithm: 'RSAES_OAEP_SHA_1' }, 'InvalidKeyUsageException'],
    ]
    for (const [change, name] of ends)
      assert.equal((await errorOf(kms.send(new ReEncryptCommand({ ...good, ...change })))).name, name)
  })
})

describe('GenerateDataKey and GenerateDataKeyWithoutPlaintext', () => {
  test('200 — the plaintext is what the ciphertext decrypts to, of the length asked for', async () => {
    await using server = await startServer()
    const kms = kmsOf(server)
    const { id, arn } = await newKey(kms)
    for (const [asked, length] of [
      [{ KeySpec: 'AES_256' }, 32],
      [{ KeySpec: 'AES_128' }, 16],
      [{ NumberOfBytes: 64 }, 64],
    ] as const) {
      const input = { KeyId: id, EncryptionContext: CONTEXT, ...asked }
      const full = await kms.send(new GenerateDataKeyCommand(input))
      assert.equal(full.KeyId, arn)
      assert.equal(full.Plaintext?.length, length)
      const { CiphertextBlob } = full
      const opened = await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: CONTEXT }))
      assert.deepEqual(opened.Plaintext, full.Plaintext)
      const blind = await kms.send(new GenerateDataKeyWithoutPlaintextCommand(input))
      assert.ok(!('Plaintext' in blind))
      const later = await kms.send(
        new DecryptCommand({ CiphertextBlob: blind.CiphertextBlob, EncryptionContext: CONTEXT }),
      )
      assert.equal(later.Plaintext?.length, length)
    }
  })

  test('ValidationException — a length said twice, or not at all', async () => {
    await using server = await startServer()
    const kms = kmsOf(server)
    const { id } = await newKey(kms)
    for (const asked of [{}, { KeySpec: 'AES_256', NumberOfBytes: 32 }] as const)
      for (const Command of [GenerateDataKeyCommand, GenerateDataKeyWithoutPlaintextCommand])
        assert.deepEqual(await errorOf(kms.send(new Command({ KeyId: id, ...asked }))), {
          name: 'ValidationException',
          message: 'Please specify either number of bytes or key spec.',
        })
  })

  test('DryRunOperationException', async () => {
    await using server = await startServer()
    const kms = kmsOf(server)
    const { id } = await newKey(kms)
    const input = { KeyId: id, KeySpec: 'AES_256', DryRun: true } as const
    for (const Command of [GenerateDataKeyCommand, GenerateDataKeyWithoutPlaintextCommand])
      assert.deepEqual(await errorOf(kms.send(new Command(input))), DRY_RUN)
  })
})

describe('GenerateRandom', () => {
  test('200 — as many bytes as asked for', async () => {
    await using server = await startServer()
    for (const NumberOfBytes of [1, 44, 1024]) {
      const { Plaintext } = await kmsOf(server).send(new GenerateRandomCommand({ NumberOfBytes }))
      assert.equal(Plaintext?.length, NumberOfBytes)
    }
  })

  const refused: readonly [object, string, string][] = [
    [{}, 'ValidationException', 'NumberOfBytes is required.'],
    [
      { NumberOfBytes: 1025 },
      'ValidationException',
      "1 validation error detected: Value '1025' at 'numberOfBytes' failed to satisfy constraint: Member must have value less than or equal to 1024",
    ],
    [
      { NumberOfBytes: 8, CustomKeyStoreId: 'cks-1' },
      'UnsupportedOperationException',
      'Custom key stores are not available.',
    ],
  ]
  for (const [input, name, message] of refused)
    test(`${name} — ${message}`, async () => {
      await using server = await startServer()
      assert.deepEqual(await errorOf(kmsOf(server).send(new GenerateRandomCommand(input))), { name, message })
    })
})
