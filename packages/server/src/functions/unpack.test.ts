import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { planOf, unpack } from './unpack.ts'
import { zipOf } from './zip.test-support.ts'

async function inDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'lockstep-unpack-'))
  try {
    await work(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const INVALID = { code: 'InvalidZipFileException' }

describe('unpack', { concurrency: true }, () => {
  test('makes files and folders, and keeps what may be executed', () =>
    inDirectory(async (directory) => {
      const zip = zipOf([
        { name: 'bootstrap', text: '#!/bin/sh\n', mode: 0o100755 },
        { name: 'lib/', mode: 0o040755 },
        { name: 'lib/deep/index.mjs', text: 'export {}' },
      ])
      await unpack(zip, directory)
      assert.equal(readFileSync(join(directory, 'lib/deep/index.mjs'), 'utf8'), 'export {}')
      assert.equal(statSync(join(directory, 'bootstrap')).mode & 0o111, 0o111 & ~process.umask())
      assert.equal(statSync(join(directory, 'lib/deep/index.mjs')).mode & 0o111, 0)
    }))

  test('refuses what would lie outside, and writes nothing there', () =>
    inDirectory(async (directory) => {
      for (const name of ['../out', '/etc/out', 'a/../../out', 'a\\..\\..\\out']) {
        await assert.rejects(unpack(zipOf([{ name, text: 'x' }]), directory), INVALID, name)
      }
      assert.deepEqual(readdirSync(directory), [])
    }))

  test('refuses links and devices', () =>
    inDirectory(async (directory) => {
      for (const mode of [0o120777, 0o020666, 0o010666]) {
        await assert.rejects(unpack(zipOf([{ name: 'x', text: '/etc/passwd', mode }]), directory), INVALID)
      }
    }))

  test('refuses a name that is there twice, a damaged zip, and what is no zip', () =>
    inDirectory(async (directory) => {
      await assert.rejects(unpack(zipOf([{ name: 'a' }, { name: 'a' }]), directory), INVALID)
      const damaged = zipOf([{ name: 'b', text: 'text', saysBytes: 1 }])
      await assert.rejects(unpack(damaged, directory), INVALID)
      await assert.rejects(unpack(Buffer.from('PK, but no zip'), directory), INVALID)
    }))

  test('refuses more than 250 MiB before it writes them', () =>
    inDirectory(async (directory) => {
      const zip = zipOf([{ name: 'a', text: 'x', saysBytes: 250 * 1024 * 1024 + 1 }])
      await assert.rejects(unpack(zip, directory), /Unzipped size must be smaller than 262144000 bytes/)
      assert.deepEqual(readdirSync(directory), [])
    }))
})

test('whatever an entry is called, its file lies within the directory', () => {
  const part = fc.oneof(fc.constantFrom('..', '.', '', '/', '\\', 'a', '...', '\0'), fc.string())
  fc.assert(
    fc.property(
      fc.array(part).map((parts) => parts.join('/')),
      fc.nat(0o177777),
      (name, mode) => {
        let path: string
        try {
          path = planOf(name, mode).path
        } catch {
          return
        }
        const at = relative('/task', join('/task', path))
        assert.ok(at !== '..' && !at.startsWith('../') && !at.startsWith('/'), name)
      },
    ),
  )
})
