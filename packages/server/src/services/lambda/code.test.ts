import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { CreateFunctionCommand, type FunctionCode, GetFunctionCommand } from '@aws-sdk/client-lambda'
import fc from 'fast-check'
import { zipOf } from '../../functions/zip.test-support.ts'
import { functionInput, newFunction, openLambda, refusalOf, ZIP } from './lambda.test-support.ts'
import { faultOf } from './zip.ts'

const UNZIP = 'Could not unzip uploaded file. Please check your file, then try to upload again.'

class Scratch implements Disposable {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-directories-')))
  directory(name: string): string {
    const path = join(this.path, name)
    mkdirSync(path, { recursive: true })
    return path
  }
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

describe('a zip', () => {
  const broken: readonly (readonly [string, Uint8Array])[] = [
    ['that is none', Buffer.from('not a zip')],
    ['that is cut off', ZIP.subarray(0, ZIP.length - 30)],
    ['without an entry', zipOf([])],
    ['that escapes upwards', zipOf([{ name: '../evil.mjs' }])],
    ['that escapes in the middle', zipOf([{ name: 'a/../../evil.mjs' }])],
    ['that escapes to the root', zipOf([{ name: '/etc/evil' }])],
    ['that escapes with a backslash', zipOf([{ name: '..\\evil.mjs' }])],
    ['with a symbolic link', zipOf([{ name: 'link', text: '/etc', mode: 0o120777 }])],
    ['with a device', zipOf([{ name: 'dev', mode: 0o020666 }])],
    ['with one name twice', zipOf([{ name: 'a' }, { name: 'a' }])],
  ]
  for (const [what, zip] of broken)
    test(`${what} is refused`, async () => {
      await using scene = await openLambda()
      assert.deepEqual(await refusalOf(newFunction(scene, { Code: { ZipFile: zip } })), {
        name: 'InvalidParameterValueException',
        message: UNZIP,
        status: 400,
      })
    })

  test('of more than 250 MiB unpacked is refused, counted over all entries', async () => {
    const entry = (name: string, saysBytes: number) => ({ name, saysBytes })
    const most = 262_144_000
    assert.equal(
      (await faultOf(zipOf([entry('a', most + 1)])))?.message,
      'Unzipped size must be smaller than 262144000 bytes',
    )
    const halves = [entry('a', most / 2), entry('b', most / 2), entry('c', 1)]
    assert.match((await faultOf(zipOf(halves)))?.message ?? '', /^Unzipped size/)
  })

  test('of more than 50 MiB is refused', async () => {
    await using scene = await openLambda()
    const ZipFile = Buffer.alloc(52_428_801)
    assert.deepEqual(await refusalOf(newFunction(scene, { Code: { ZipFile } })), {
      name: 'RequestEntityTooLargeException',
      message: 'Zipped size must be smaller than 52428800 bytes',
      status: 413,
    })
  })

  test('of 50 MiB is taken', async () => {
    await using scene = await openLambda()
    const padding = 52_428_800 - zipOf([{ name: 'a', stored: true }]).length
    const ZipFile = zipOf([{ name: 'a', text: 'x'.repeat(padding), stored: true }])
    assert.equal((await newFunction(scene, { Code: { ZipFile } })).CodeSize, 52_428_800)
  })

  test('of any bytes is judged, never worse', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(ZIP.length - 1), fc.nat(255)), { maxLength: 12 }),
        async (changes) => {
          const zip = Buffer.from(ZIP)
          for (const [at, byte] of changes) zip[at] = byte
          const fault = await faultOf(zip)
          assert.ok(fault === undefined || fault.code === 'InvalidParameterValueException')
        },
      ),
      { numRuns: 300 },
    )
  })

  test('is judged only for who may make functions', async () => {
    await using scene = await openLambda()
    const ada = await scene.server.user()
    const input = functionInput({ Code: { ZipFile: Buffer.from('not a zip') } })
    const { name } = await refusalOf(scene.as(ada).send(new CreateFunctionCommand(input)))
    assert.equal(name, 'AccessDeniedException')
  })
})

describe('code from elsewhere', () => {
  const NO_KEY = /S3 Error Code: NoSuchKey/
  const refused: readonly (readonly [string, FunctionCode, RegExp])[] = [
    ['no code', {}, /^Please provide a source/],
    ['a zip and a bucket', { ZipFile: ZIP, S3Bucket: 'file', S3Key: '/srv' }, /^Please do not provide other/],
    ['a bucket of S3', { S3Bucket: 'mine', S3Key: 'a.zip' }, /NoSuchBucket/],
    ['a version of an object', { S3Bucket: 'file', S3Key: '/srv', S3ObjectVersion: '1' }, /S3ObjectVersion/],
    ['an image', { ImageUri: 'a/b:c' }, /ImageUri is not available/],
    ['a directory, where none is allowed', { S3Bucket: 'file', S3Key: '/tmp' }, NO_KEY],
  ]
  for (const [what, Code, sentence] of refused)
    test(`refused: ${what}`, async () => {
      await using scene = await openLambda()
      const { name, message } = await refusalOf(newFunction(scene, { Code }))
      assert.equal(name, 'InvalidParameterValueException')
      assert.match(message, sentence)
    })

  test('a directory beneath an allowed one is taken, and its links are followed once and for all', async () => {
    using scratch = new Scratch()
    const code = scratch.directory('allowed/code')
    symlinkSync(code, join(scratch.path, 'allowed/link'))
    await using scene = await openLambda({ 'function-directories': join(scratch.path, 'allowed') })
    await newFunction(scene, { Code: { S3Bucket: 'file', S3Key: join(scratch.path, 'allowed/link') } })
    const { store, account } = scene.server.house
    const record = await store.read.functions.byName({ account, region: 'us-east-1' }, 'rotate')
    assert.deepEqual(record?.code, { kind: 'directory', path: code })
    const found = await scene.lambda.send(new GetFunctionCommand({ FunctionName: 'rotate' }))
    assert.deepEqual(found.Code, { RepositoryType: 'file' })
    assert.equal(found.Configuration?.CodeSize, 0)
  })

  test('what lies elsewhere, is no directory or is not there is refused alike', async () => {
    using scratch = new Scratch()
    const allowed = scratch.directory('allowed')
    const outside = scratch.directory('outside')
    scratch.directory('allowed-too')
    symlinkSync(outside, join(allowed, 'way-out'))
    writeFileSync(join(allowed, 'file'), '')
    await using scene = await openLambda({ 'function-directories': allowed })
    const sentences = new Set<string>()
    for (const S3Key of [
      outside,
      `${allowed}/../outside`,
      `${allowed}-too`,
      join(allowed, 'way-out'),
      join(allowed, 'file'),
      join(allowed, 'absent'),
      'allowed',
      '/',
      `${allowed}\0`,
    ]) {
      const { name, message } = await refusalOf(newFunction(scene, { Code: { S3Bucket: 'file', S3Key } }))
      if (name === 'InvalidParameterValueException') sentences.add(message)
      else assert.equal(name, 'ValidationException', S3Key)
    }
    assert.equal(sentences.size, 1)
    assert.match([...sentences].join(), NO_KEY)
  })
})
