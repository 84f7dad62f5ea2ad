/** `npm run demo` does what it says, to its end, and leaves nothing. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { cleanEnvironment } from './loopback.ts'
import { finish } from './process.ts'
import { noNodes } from './ssh-world.ts'

const DEMO = join(import.meta.dirname, '../scripts/demo.ts')
const LIMIT_MS = 300_000
const reason = noNodes()

test(
  'rows 37-42, 130: the walkthrough runs to its end and cleans up',
  reason === undefined ? {} : { skip: reason },
  async () => {
    const tmp = process.env.TMPDIR ?? tmpdir()
    const before = new Set(readdirSync(tmp))
    const { code, stdout, stderr } = await finish(process.execPath, [DEMO], {
      env: cleanEnvironment(tmp),
      limitMs: LIMIT_MS,
    })
    assert.equal(code, 0, stderr + stdout)
    assert.match(stdout, /^master {3}127\.0\.0\.10:\d+$/m)
    assert.match(stdout, /^workers {2}127\.0\.0\.11:\d+ 127\.0\.0\.12:\d+ 127\.0\.0\.13:\d+$/m)
    const copies = [
      ...stdout.matchAll(
        /^testfile\.txt -> (WorkerServer\d):testfile\.txt, 36 bytes, with the key of version (\S+)$/gm,
      ),
    ]
    assert.deepEqual(
      copies.map(([, worker]) => worker),
      [1, 2, 3, 1, 2, 3].map((n) => `WorkerServer${n}`),
    )
    const versions = copies.map(([, , version]) => version)
    assert.equal(new Set(versions.slice(0, 3)).size, 1)
    assert.equal(new Set(versions.slice(3)).size, 1)
    assert.notEqual(versions[0], versions[3])
    const [, old, now] = /^before {2}(SHA256:\S{43})\nafter {3}(SHA256:\S{43})$/m.exec(stdout) ?? []
    assert.ok(old && now && old !== now, stdout)
    assert.equal([...stdout.matchAll(/managed by \/dev\/ssh/g)].length, 3)
    assert.equal([...stdout.matchAll(/^\S+Z\tRotationSucceeded\t/gm)].length, 2)
    assert.match(stdout, /^\S+Z\tGetSecretValue\tmaster\t\S+\tok$/m)
    const left = readdirSync(tmp).filter(
      (name) => name.startsWith('lockstep-conformance-') && !before.has(name),
    )
    const mine = left.filter((name) => stdout.includes(name))
    assert.deepEqual(mine, [])
  },
)
