import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type AuthorizedKey, authorizedKeysScript } from './authorized-keys-script.ts'

function key(n: number): AuthorizedKey {
  const token = `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
  return {
    token,
    line: `ssh-ed25519 ${`AAAAC3NzaC1lZDI1NTE5AAAAI${String(n).padStart(4, 'x')}`.padEnd(68, 'B')} ${token}`,
  }
}

interface Run {
  readonly status: number
  readonly output: string
}

function run(script: readonly string[]): Promise<Run> {
  const child = spawn('/bin/sh', ['-c', script.join('\n')], { stdio: ['ignore', 'pipe', 'pipe'] })
  const output: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(chunk))
  return new Promise((resolve) =>
    child.on('close', (code) => resolve({ status: code ?? -1, output: Buffer.concat(output).toString() })),
  )
}

/** A directory that is thrown away, and scripts that change a file in it as the present user. */
function place() {
  const root = mkdtempSync(join(tmpdir(), 'lockstep-keys-'))
  const file = join(root, 'home', '.ssh', 'authorized_keys')
  const { username } = userInfo()
  return {
    root,
    file,
    write(content: string | Uint8Array): void {
      mkdirSync(join(root, 'home', '.ssh'), { recursive: true, mode: 0o700 })
      writeFileSync(file, content, { mode: 0o600 })
    },
    bytes: () => readFileSync(file),
    text: () => readFileSync(file, 'latin1'),
    change: (add: readonly AuthorizedKey[], removeTokens: readonly string[] = []) =>
      run(asUser(authorizedKeysScript({ user: username, add, removeTokens, file }))),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  }
  // The file belongs to the present user here, not to root.
  function asUser(script: readonly string[]): readonly string[] {
    return script.map((line) => line.replace('owner=root;', `owner=${username};`))
  }
}

describe('authorizedKeysScript', () => {
  test('makes the directory and the file where there are none, for nobody but the user', async () => {
    using node = place()
    const { status } = await node.change([key(1)])
    assert.equal(status, 0)
    assert.equal(node.text(), `${key(1).line}\n`)
    assert.equal(statSync(node.file).mode & 0o777, 0o600)
    assert.equal(statSync(join(node.file, '..')).mode & 0o777, 0o700)
  })

  test('a second time changes nothing and says so', async () => {
    using node = place()
    await node.change([key(1)])
    const before = statSync(node.file).ino
    const { status, output } = await node.change([key(1)])
    assert.equal(status, 0)
    assert.match(output, /as it should be/)
    assert.equal(statSync(node.file).ino, before)
  })

  test('a last line without an end keeps its key, and the new one has a line of its own', async () => {
    for (const last of ['ssh-ed25519 AAAAother somebody', 'ends in a space ', 'ends in nothing\0']) {
      using node = place()
      node.write(last)
      await node.change([key(1)])
      assert.equal(node.text(), `${last}\n${key(1).line}\n`)
    }
  })

  test('takes away lines by their whole last word, not by a part of one, and leaves comments alone', async () => {
    using node = place()
    const { token, line } = key(1)
    const others = `# ${token}\nssh-ed25519 AAAA x${token}\nssh-ed25519 AAAA ${token}x\nssh-ed25519 AAAA ${token} more\n`
    node.write(`${others}${line}\r\n${line}\n`)
    assert.equal((await node.change([], [token])).status, 0)
    assert.equal(node.text(), others)
  })

  test('keeps the file as it was beside it', async () => {
    using node = place()
    node.write('ssh-ed25519 AAAAother somebody\n')
    await node.change([key(1)])
    assert.equal(readFileSync(`${node.file}.bak`, 'utf8'), 'ssh-ed25519 AAAAother somebody\n')
  })

  test('another key under the same token gives way to the one that is asked for', async () => {
    using node = place()
    node.write(`ssh-ed25519 ${'A'.repeat(68)} ${key(1).token}\n`)
    await node.change([key(1)])
    assert.equal(node.text(), `${key(1).line}\n`)
  })

  test('a linked file stays a link, and what it leads to changes', async () => {
    using node = place()
    node.write('')
    const real = join(node.root, 'real')
    writeFileSync(real, 'ssh-ed25519 AAAAother somebody\n')
    rmSync(node.file)
    symlinkSync(real, node.file)
    assert.equal((await node.change([key(1)])).status, 0)
    assert.equal(readFileSync(real, 'utf8'), `ssh-ed25519 AAAAother somebody\n${key(1).line}\n`)
  })

  test('a link that leads nowhere is not written through', async () => {
    using node = place()
    node.write('')
    rmSync(node.file)
    symlinkSync(join(node.root, 'missing', 'file'), node.file)
    assert.notEqual((await node.change([key(1)])).status, 0)
  })

  test('a directory that cannot be written in is told of in one sentence of the script’s own', async () => {
    using node = place()
    node.write('ssh-ed25519 AAAAother somebody\n')
    const directory = join(node.root, 'home', '.ssh')
    mkdirSync(join(directory, '.lockstep-authorized-keys.lock'))
    const { status, output } = await node.change([key(1)])
    assert.equal(status, 1)
    assert.equal(output, `lockstep: cannot write in ${directory}\n`)
    assert.equal(node.text(), 'ssh-ed25519 AAAAother somebody\n')
  })

  test('a user who is not there is an error, and nothing is made', async () => {
    const script = authorizedKeysScript({ user: 'nobody-by-this-name', add: [key(1)], removeTokens: [] })
    assert.equal((await run(script)).status, 3)
  })

  test('ten at once end in a file with each key once', async () => {
    using node = place()
    node.write('ssh-ed25519 AAAAother somebody\n')
    const keys = Array.from({ length: 10 }, (_, n) => key(n))
    const runs = await Promise.all(keys.map((each) => node.change([each])))
    assert.deepEqual(
      runs.map(({ status }) => status),
      keys.map(() => 0),
    )
    const lines = node.text().trimEnd().split('\n')
    assert.deepEqual(
      lines.toSorted(),
      ['ssh-ed25519 AAAAother somebody', ...keys.map(({ line }) => line)].toSorted(),
    )
    assert.deepEqual(
      readdirSync(join(node.file, '..')).filter((name) => /XXXX|\.rest|keys\.[A-Za-z0-9]{8}$/.test(name)),
      [],
    )
  })

  test('leaves every other line as it is to the byte, whatever it holds', async () => {
    const line = fc.uint8Array({ maxLength: 60 }).map((bytes) => bytes.filter((byte) => byte !== 10))
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 6 }),
        fc.boolean(),
        fc.nat(6),
        async (lines, ended, at) => {
          using node = place()
          const others = lines.map((bytes) => Buffer.from(bytes))
          const withOurs = others.toSpliced(at, 0, Buffer.from(key(1).line))
          node.write(
            Buffer.concat(
              withOurs.flatMap((each, n) =>
                n < withOurs.length - 1 || ended ? [each, Buffer.from('\n')] : [each],
              ),
            ),
          )
          const { status } = await node.change([key(2)], [key(1).token])
          assert.equal(status, 0)
          const rest = others.flatMap((each) => [each, Buffer.from('\n')])
          // A last line that is empty and has no end is no line.
          if (!ended && withOurs.at(-1)?.length === 0) rest.splice(-2, 2)
          assert.deepEqual(node.bytes(), Buffer.concat([...rest, Buffer.from(`${key(2).line}\n`)]))
        },
      ),
      { numRuns: 40 },
    )
  })

  test('refuses what a shell or sshd could read as more than it says', () => {
    const bad = [
      { user: "x'; id; '", add: [key(1)], removeTokens: [] },
      { user: '-x', add: [], removeTokens: [] },
      { user: 'ada', add: [{ token: key(1).token, line: `command="id" ${key(1).line}` }], removeTokens: [] },
      {
        user: 'ada',
        add: [{ token: key(1).token, line: `${key(1).line}\nssh-rsa AAAA evil` }],
        removeTokens: [],
      },
      { user: 'ada', add: [{ token: key(2).token, line: key(1).line }], removeTokens: [] },
      { user: 'ada', add: [], removeTokens: ['.*.*.*.*'] },
      { user: 'ada', add: [], removeTokens: ["aaaaaaaa'b"] },
      { user: 'ada', add: [key(1)], removeTokens: [key(1).token] },
      { user: 'ada', add: [], removeTokens: [], file: '/etc/../root/x' },
    ]
    for (const change of bad)
      assert.throws(() => authorizedKeysScript(change), TypeError, JSON.stringify(change))
  })
})
