import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fingerprintOf, type ManagedSecret, ownerOf } from './audit.ts'
import { auditScript, readAudit } from './audit-script.ts'

const BLOB = 'AAAAC3NzaC1lZDI1NTE5AAAAIN7+HQx0gM1O7sXrk0tZ8mS3d0bP2R3uB1nQyq3c5w5k'
const FINGERPRINT = fingerprintOf(BLOB)
const missing = spawnSync('ssh-keygen', ['-?']).error?.message ?? false

/** A node of one user, whose sshd says which files it reads. */
class Node implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'lockstep-audit-'))
  readonly home = join(this.folder, 'home')

  constructor(settings: string) {
    mkdirSync(join(this.folder, 'bin'))
    mkdirSync(join(this.home, '.ssh'), { recursive: true })
    this.#program('getent', `echo 'deploy:x:1000:1000::${this.home}:/bin/sh'`)
    this.#program('sshd', `printf '${settings}'`)
    this.#program(
      'journalctl',
      `echo '2026-01-15T10:00:00+0000 n sshd[1]: Accepted publickey for deploy from 192.0.2.7 port 4 ssh2: ED25519 ${FINGERPRINT}'`,
    )
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.home, '.ssh', name), text)
  }

  run(skip = 0): string {
    const PATH = `${this.folder}/bin:${process.env.PATH}`
    const ended = spawnSync('/bin/sh', ['-c', auditScript(skip).join('\n')], {
      env: { PATH },
      timeout: 30_000,
    })
    assert.equal(ended.status, 0, String(ended.stderr))
    return String(ended.stdout)
  }

  #program(name: string, body: string): void {
    writeFileSync(join(this.folder, 'bin', name), `#!/bin/sh\n${body}\n`)
    chmodSync(join(this.folder, 'bin', name), 0o755)
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true })
  }
}

test('each key is told with its line, options, comment and last use, and what is no key is not', {
  skip: missing,
}, () => {
  using node = new Node(
    'authorizedkeysfile .ssh/authorized_keys %%h/.ssh/%%u\\nauthorizedkeyscommand /usr/lib/x\\n',
  )
  const lines = [
    '# a comment',
    '',
    `ssh-ed25519 ${BLOB} two words`,
    'not a key',
    `restrict,from="192.0.2.1,a b" ssh-ed25519 ${BLOB}`,
  ]
  node.write('authorized_keys', lines.join('\n'))
  node.write('deploy', `ssh-ed25519 ${BLOB} \u001b[2Jcleared\n`)
  const before = readdirSync(node.home, { recursive: true })
  const { keys, notes, isWhole } = readAudit(node.run())
  assert.deepEqual(readdirSync(node.home, { recursive: true }), before)
  assert.ok(isWhole)
  assert.deepEqual(notes, ['authorizedkeyscommand /usr/lib/x'])
  assert.deepEqual(
    keys.map(({ changedAt, ...key }) => ({ ...key, isDated: changedAt !== undefined })),
    (
      [
        ['.ssh/authorized_keys', 3, 'two words', ''],
        ['.ssh/authorized_keys', 5, '', 'restrict,from="192.0.2.1,a b"'],
        ['.ssh/deploy', 1, '\\033[2Jcleared', ''],
      ] as const
    ).map(([file, line, comment, options]) => ({
      user: 'deploy',
      file: join(node.home, file),
      line,
      type: 'ED25519',
      fingerprint: FINGERPRINT,
      comment,
      options,
      lastUsed: '2026-01-15T10:00:00+0000',
      isDated: true,
    })),
  )
})

test('an answer that was cut off goes on where it ended', { skip: missing }, () => {
  using node = new Node('authorizedkeysfile .ssh/authorized_keys\\n')
  node.write('authorized_keys', Array.from({ length: 5 }, (_, n) => `ssh-ed25519 ${BLOB} k${n}\n`).join(''))
  const output = node.run()
  const cut = readAudit(output.slice(0, output.indexOf('k2')))
  assert.deepEqual([cut.isWhole, cut.told], [false, 2])
  const rest = readAudit(node.run(cut.told))
  assert.deepEqual(
    [...cut.keys, ...rest.keys].map(({ comment }) => comment),
    ['k0', 'k1', 'k2', 'k3', 'k4'],
  )
  assert.ok(rest.isWhole)
})

test('nothing of a file is printed that is no key, and a pipe does not hold it up', { skip: missing }, () => {
  using node = new Node('authorizedkeysfile .ssh/authorized_keys .ssh/pipe\\n')
  writeFileSync(join(node.folder, 'shadow'), 'root:$6$secret:1::::::\n')
  symlinkSync(join(node.folder, 'shadow'), join(node.home, '.ssh/authorized_keys'))
  spawnSync('mkfifo', [join(node.home, '.ssh/pipe')])
  const output = node.run()
  assert.doesNotMatch(output, /secret/)
  assert.deepEqual(readAudit(output).keys, [])
})

test('a key is managed where it is the one of its version, not where it only says so', () => {
  const secret: ManagedSecret = {
    name: '/dev/ssh',
    versionIds: new Set(['v1', 'v2']),
    wanted: new Map([['v2', FINGERPRINT]]),
  }
  const owner = (comment: string, fingerprint = FINGERPRINT) => ownerOf({ comment, fingerprint }, [secret]).is
  assert.equal(owner('v2'), 'managed')
  assert.equal(owner('v2', 'SHA256:other'), 'false')
  assert.equal(owner('v1'), 'retired')
  assert.equal(owner(''), 'stray')
  assert.equal(owner('ada@laptop'), 'stray')
})
