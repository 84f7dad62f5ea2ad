import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { systemRandom } from '../../platform/random.ts'
import { ManualClock } from '../../testing/manual-clock.ts'
import { DirectoryBucket } from './directory-bucket.ts'

const KEY = 'of/AWSLogs/1/CloudTrail/file.json.gz'

class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'lockstep-directory-'))
  readonly clock = new ManualClock()

  bucket(): DirectoryBucket {
    return new DirectoryBucket(this.path, { clock: this.clock, random: systemRandom })
  }

  at(key: string): string {
    return join(this.path, key)
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

describe('a bucket that is a directory', () => {
  test('keeps files and folders that its group may read, whatever umask the server has', async () => {
    using folder = new Folder()
    const before = process.umask(0o077)
    try {
      await folder.bucket().put({ key: KEY, body: Buffer.from('one') })
    } finally {
      process.umask(before)
    }
    assert.equal(readFileSync(folder.at(KEY), 'utf8'), 'one')
    assert.equal(statSync(folder.at(KEY)).mode & 0o777, 0o640)
    for (const part of ['of', 'of/AWSLogs', 'of/AWSLogs/1', 'of/AWSLogs/1/CloudTrail'])
      assert.equal(statSync(folder.at(part)).mode & 0o777, 0o750, part)
  })

  test('never changes a file: the same again is well, another is refused', async () => {
    using folder = new Folder()
    const bucket = folder.bucket()
    await bucket.put({ key: KEY, body: Buffer.from('one') })
    await bucket.put({ key: KEY, body: Buffer.from('one') })
    await assert.rejects(bucket.put({ key: KEY, body: Buffer.from('two') }), { code: 'ObjectDiffers' })
    assert.equal(readFileSync(folder.at(KEY), 'utf8'), 'one')
    assert.deepEqual(readdirSync(folder.at('.lockstep-parts')), [])
  })

  test('keeps a digest’s signature beside it', async () => {
    using folder = new Folder()
    await folder.bucket().put({ key: KEY, body: Buffer.from('digest'), metadata: { signature: 'abcd' } })
    assert.equal(readFileSync(folder.at(`${KEY}.sig`), 'utf8'), 'abcd\n')
  })

  test('removes what a killed process has left, and not what a living one is writing', async () => {
    using folder = new Folder()
    mkdirSync(folder.at('.lockstep-parts'))
    for (const [name, ageSeconds] of [
      ['old', 7200],
      ['young', 60],
    ] as const) {
      const part = folder.at(join('.lockstep-parts', name))
      writeFileSync(part, 'half a fi')
      const at = folder.clock.now().getTime() / 1000 - ageSeconds
      utimesSync(part, at, at)
    }
    await folder.bucket().put({ key: KEY, body: Buffer.from('one') })
    assert.deepEqual(readdirSync(folder.at('.lockstep-parts')), ['young'])
  })

  test('is never made where the operator’s directory is missing, such as a mount that has gone', async () => {
    using folder = new Folder()
    rmSync(folder.path, { recursive: true })
    await assert.rejects(folder.bucket().put({ key: KEY, body: Buffer.from('one') }), { code: 'ENOENT' })
    assert.ok(!existsSync(folder.path))
  })

  test('names the system’s reason where it cannot be written', {
    skip: process.getuid?.() === 0 ? 'root may write everywhere' : false,
  }, async () => {
    using folder = new Folder()
    chmodSync(folder.path, 0o500)
    await assert.rejects(folder.bucket().put({ key: KEY, body: Buffer.from('one') }), { code: 'EACCES' })
    chmodSync(folder.path, 0o700)
  })
})
