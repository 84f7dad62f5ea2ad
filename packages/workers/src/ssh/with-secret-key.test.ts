import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { inspect } from 'node:util'
import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import { bench } from '../rotation/rotation.test-support.ts'
import { newKeyPair } from '../rotation/ssh-key-pair/key-format.ts'
import { Sshd, USER } from '../rotation/ssh-key-pair/sshd.test-support.ts'
import { test } from './openssh.test-support.ts'
import { connectWithSecret, type SecretLogin } from './with-secret-key.ts'

const TOKEN = '11111111-2222-4333-8444-555555555555'

/** A node, and a secret whose key it lets in. */
async function world() {
  await using parts = new AsyncDisposableStack()
  const sshd = parts.use(await Sshd.start())
  const { privateKey, publicKey } = await newKeyPair({ name: 'ed25519' }, TOKEN)
  letIn(sshd, publicKey)
  const secret = parts.use(await bench(JSON.stringify({ PrivateKey: privateKey, PublicKey: publicKey })))
  const host = { host: '127.0.0.1', port: sshd.port, hostKeys: [sshd.hostKey] }
  const login: SecretLogin = { secrets: secret.secrets, secretId: secret.run.secretArn, user: USER, host }
  const file = join(sshd.folder, 'testfile.txt')
  writeFileSync(file, 'content', { mode: 0o640 })
  const owned = parts.move()
  return { sshd, secret, login, file, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() }
}

function letIn(sshd: Sshd, publicKey: string): void {
  mkdirSync(dirname(sshd.authorizedKeys), { recursive: true })
  writeFileSync(sshd.authorizedKeys, `${publicKey}\n`)
}

test('a file is copied whole with its mode, in the place of what was there, and nothing is left beside it', async () => {
  await using at = await world()
  const to = join(at.sshd.folder, 'home/copy.txt')
  writeFileSync(to, 'what was there, and was longer')
  const steps: string[] = []
  const sent = await connectWithSecret(at.login, ({ upload }) =>
    upload(at.file, to, (done, total) => steps.push(`${done}/${total}`)),
  )
  assert.deepEqual(sent, { bytes: 7 })
  assert.deepEqual(steps, ['7/7'])
  assert.equal(readFileSync(to, 'utf8'), 'content')
  assert.equal(statSync(to).mode & 0o777, 0o640)
  assert.deepEqual(readdirSync(join(at.sshd.folder, 'home')).toSorted(), ['.ssh', 'copy.txt'])
})

test("the key's bytes are zeroes once it is done with, whether that went well or not", async () => {
  await using at = await world()
  const seen: Buffer[] = []
  const look = async ({ key }: { key: { reveal(): Buffer } }) => {
    assert.match(key.reveal().toString(), /^-----BEGIN OPENSSH PRIVATE KEY-----/)
    seen.push(key.reveal())
  }
  await connectWithSecret(at.login, look)
  const failing = connectWithSecret(at.login, async (session) => {
    await look(session)
    throw new Error('the program failed')
  })
  await assert.rejects(failing, /the program failed/)
  const stop = new AbortController()
  const stopped = connectWithSecret({ ...at.login, signal: stop.signal }, async (session) => {
    await look(session)
    stop.abort(new Error('stopped'))
    await new Promise(() => undefined)
  })
  await assert.rejects(stopped, /stopped/)
  assert.equal(seen.length, 3)
  for (const bytes of seen) assert.ok(bytes.every((byte) => byte === 0))
})

test('the key is not printed by accident', async () => {
  await using at = await world()
  await connectWithSecret(at.login, async ({ key }) => {
    for (const shown of [`${key}`, JSON.stringify({ key }), inspect({ key }, { depth: 9, showHidden: true })])
      assert.match(shown, /\[private key\]/)
  })
})

test('a host with another host key, or none that is known, is sent nothing', async () => {
  await using at = await world()
  const never = () => assert.fail('it connected')
  await at.sshd.changeHostKey()
  await assert.rejects(connectWithSecret(at.login, never), { name: 'SshError', kind: 'host-key' })
  const unknown = { ...at.login, host: { ...at.login.host, hostKeys: [] } }
  await assert.rejects(connectWithSecret(unknown, never), { name: 'SshError', kind: 'host-key' })
})

test('a key that was rotated away between its reading and the login is read once more', async () => {
  await using at = await world()
  const { privateKey, publicKey } = await newKeyPair({ name: 'ed25519' }, TOKEN)
  letIn(at.sshd, publicKey)
  const { secrets, secretId } = at.login
  await assert.rejects(
    connectWithSecret(at.login, async () => undefined),
    { kind: 'denied' },
  )
  let reads = 0
  secrets.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args)
      if (++reads === 1) {
        const SecretString = JSON.stringify({ PrivateKey: privateKey })
        await secrets.send(new PutSecretValueCommand({ SecretId: secretId, SecretString }))
      }
      return answer
    },
    { step: 'initialize' },
  )
  assert.equal(await connectWithSecret(at.login, async () => 'logged in'), 'logged in')
  assert.equal(reads, 3)
})

test('a secret without a key, or with one that is none, is said to be so without its text', async () => {
  await using at = await world()
  for (const [SecretString, sentence] of [
    ['{}', /has no PrivateKey yet/],
    ['hunter2', /has no PrivateKey yet/],
    ['{"PrivateKey":"hunter2"}', /^the private key cannot be used$/],
  ] as const) {
    const { secrets, secretId } = at.login
    await secrets.send(new PutSecretValueCommand({ SecretId: secretId, SecretString }))
    await assert.rejects(
      connectWithSecret(at.login, async () => undefined),
      (error: Error) => sentence.test(error.message) && !inspect(error).includes('hunter2'),
    )
  }
})

test('a place that cannot be written is named, and what was there stays', async () => {
  await using at = await world()
  const to = join(at.sshd.folder, 'absent/copy.txt')
  await assert.rejects(
    connectWithSecret(at.login, ({ upload }) => upload(at.file, to)),
    { name: 'UploadError', message: `${to} was not written: there is no such directory.` },
  )
})
