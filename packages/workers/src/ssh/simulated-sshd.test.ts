import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hidden } from '../rotation/hidden.ts'
import { newKeyPair } from '../rotation/ssh-key-pair/key-format.ts'
import { logIn } from '../rotation/ssh-key-pair/login.ts'
import { authorizedKeysScript } from './authorized-keys-script.ts'
import { SimulatedSshd } from './simulated-sshd.test-support.ts'

const USER = 'deploy'

async function keyOf(token: string) {
  const { privateKey, publicKey: line } = await newKeyPair({ name: 'ed25519' }, token)
  return { token, line, key: { user: USER, privateKey: new Hidden(privateKey) } }
}

test('what stands in for machines where there are a thousand lets in the keys that scripts have left there, and no others', async () => {
  const sshd = await SimulatedSshd.start(USER)
  const address = { host: '127.0.0.1', port: sshd.port, hostKeys: [sshd.hostKey] }
  try {
    const [old, current] = await Promise.all([keyOf('00000000-old'), keyOf('00000000-new')])
    assert.equal((await logIn(address, current.key)).outcome, 'denied')
    const script = (add: readonly (typeof old)[], removeTokens: readonly string[], user = USER) =>
      authorizedKeysScript({ user, add: add.map(({ token, line }) => ({ token, line })), removeTokens })
    assert.match(sshd.run(script([old, current], [])) ?? '', /changed$/m)
    for (const { key } of [old, current]) assert.equal((await logIn(address, key)).outcome, 'ok')
    assert.match(sshd.run(script([current], [old.token])) ?? '', /changed$/m)
    assert.match(sshd.run(script([current], [old.token])) ?? '', /as it should be$/m)
    assert.equal((await logIn(address, old.key)).outcome, 'denied')
    assert.equal((await logIn(address, { ...current.key, user: 'root' })).outcome, 'denied')
    assert.deepEqual(sshd.lines, [current.line])
    assert.deepEqual(
      [...sshd.logins],
      [
        [old.line, 1],
        [current.line, 1],
      ],
    )
    assert.equal(sshd.run(script([old], [], 'somebody')), undefined)
    assert.equal(sshd.run([...script([old], []), 'true']), undefined)
    assert.deepEqual(sshd.lines, [current.line])
  } finally {
    sshd.close()
  }
})
