/** `npm run demo` does what it says, to its end, and leaves nothing. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { cleanEnvironment } from './loopback.ts'
import { finish } from './process.ts'
import { Scratch } from './server.ts'
import { noNodes } from './ssh-node.ts'

const DEMO = join(import.meta.dirname, '../scripts/demo.ts')
const LIMIT_MS = 300_000
const NOBODY = 65_534
const reason = noNodes()
const options = reason === undefined ? {} : { skip: reason }

test('rows 37-42, 130: the walkthrough runs to its end and cleans up', options, async () => {
  using scratch = new Scratch()
  const env = { ...cleanEnvironment(scratch.path), TMPDIR: scratch.path }
  const { code, stdout, stderr } = await finish(process.execPath, [DEMO], { env, limitMs: LIMIT_MS })
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
  assert.deepEqual(readdirSync(scratch.path), [])
  const processes = await finish('ps', ['-eo', 'pid,args'], { env })
  assert.ok(!processes.stdout.includes(scratch.path), processes.stdout)
})

test('a demo that is stopped cleans up, too', options, async () => {
  using scratch = new Scratch()
  const env = { ...cleanEnvironment(scratch.path), TMPDIR: scratch.path }
  const command =
    'node "$1" & demo=$!; until ls "$TMPDIR"/*/home >/dev/null 2>&1; do sleep 0.2; done; kill $demo; wait $demo'
  const args = ['-c', command.replace('node', process.execPath), 'sh', DEMO]
  const { code, stderr } = await finish('sh', args, { env, limitMs: LIMIT_MS })
  assert.equal(code, 1)
  assert.match(stderr, /^demo: stopped; everything has been cleaned up$/m)
  assert.deepEqual(readdirSync(scratch.path), [])
  const processes = await finish('ps', ['-eo', 'pid,args'], { env })
  assert.ok(!processes.stdout.includes(scratch.path), processes.stdout)
})

test('whoever cannot run it is told what is missing', options, async () => {
  const env = cleanEnvironment('/')
  const { code, stderr } = await finish(process.execPath, [DEMO], { env, uid: NOBODY, gid: NOBODY })
  assert.equal(code, 1)
  assert.match(
    stderr,
    /^demo: mount namespaces need root\. It needs root, .* and sshd \(apt-get install openssh-server\)\.$/m,
  )
})
