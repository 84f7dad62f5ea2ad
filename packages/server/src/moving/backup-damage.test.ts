import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { backedUp, check } from './backup.test-support.ts'
import { backUp } from './backup.ts'
import {
  headerBytes,
  KEY_CONTEXT,
  LENGTH_BYTES,
  MAGIC,
  PREAMBLE_BYTES,
  parseHeader,
  TAG_BYTES,
} from './backup-format.ts'
import { BackupWriter } from './backup-writer.ts'
import { pageFrame } from './manifest.ts'
import { doors, rootKey, Scratch } from './model.test-support.ts'
import { restore } from './restore.ts'
import { encodeRows, type Row } from './row-encoding.ts'
import { NEWEST_SCHEMA } from './tables.ts'

test('another root key is named as the reason, and nothing is written', async () => {
  using scratch = new Scratch()
  const { file } = await backedUp(scratch, { most: 3 })
  const other = rootKey()
  const attempt = restore({ from: file, to: scratch.store('to'), root: other }, doors)
  await assert.rejects(attempt, { name: 'RootKeyError', message: new RegExp(`this is ${other.id}`) })
  assert.ok(!readdirSync(scratch.path).includes('to'))
})

test('a root key of the same name that is another does not open it', async () => {
  using scratch = new Scratch()
  const { file, root } = await backedUp(scratch, { most: 3 })
  const impostor = { ...rootKey(), id: root.id }
  await assert.rejects(check(file, impostor), { name: 'RootKeyError', message: /does not open the backup/ })
})

test('a changed byte anywhere, a cut anywhere, bytes added anywhere: refused', async () => {
  using scratch = new Scratch()
  const { root, file } = await backedUp(scratch, { most: 2 })
  const whole = readFileSync(file)
  await check(file, root)
  const changed = scratch.file('changed')
  const refused = async (bytes: Uint8Array, what: string) => {
    writeFileSync(changed, bytes)
    await assert.rejects(check(changed, root), /is not a backup|damaged|knows up to|root key/, what)
  }
  const head = PREAMBLE_BYTES + whole.readUInt32BE(MAGIC.length + 4) + LENGTH_BYTES + 8
  const places = [
    ...Array(head).keys(),
    ...framesIn(whole).flatMap(({ from, upTo }) => [from, from + 3, upTo - 1]),
  ]
  for (const at of places) {
    const bytes = Buffer.from(whole)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8))
    await refused(bytes, `byte ${at}`)
  }
  const at = fc.nat({ max: whole.length - 1 })
  await fc.assert(
    fc.asyncProperty(at, fc.integer({ min: 1, max: 255 }), async (place, flip) => {
      const bytes = Buffer.from(whole)
      bytes[place] = (bytes[place] ?? 0) ^ flip
      await refused(bytes, `byte ${place}`)
    }),
    { numRuns: 80 },
  )
  await fc.assert(
    fc.asyncProperty(at, fc.uint8Array({ minLength: 1, maxLength: 40 }), async (place, more) => {
      await refused(whole.subarray(0, place), `cut at ${place}`)
      await refused(
        Buffer.concat([whole.subarray(0, place), more, whole.subarray(place)]),
        `added at ${place}`,
      )
    }),
    { numRuns: 30 },
  )
})

test('frames that were swapped, repeated, left out or taken from another backup are refused', async () => {
  using scratch = new Scratch()
  const { root, store, file } = await backedUp(scratch, { most: 3 })
  const other = scratch.file('other')
  await backUp({ from: store, to: { path: other, force: false }, root }, doors)
  const [whole, foreign] = [readFileSync(file), readFileSync(other)]
  const [mine, theirs] = [framesIn(whole), framesIn(foreign)]
  const partsOf = (bytes: Buffer, frames: typeof mine) =>
    frames.map(({ from, upTo }) => bytes.subarray(from, upTo))
  const before = whole.subarray(0, mine[0]?.from)
  const own = partsOf(whole, mine)
  const strange = partsOf(foreign, theirs)
  const changed = scratch.file('changed')
  for (let i = 0; i < own.length; i++) {
    const swapped = own.with(i, own.at(i - 1) ?? before).with(i - 1, own[i] ?? before)
    const lists = [swapped, own.toSpliced(i, 1), own.toSpliced(i, 0, own[i] ?? before)]
    for (const list of [...lists, own.with(i, strange[i] ?? before), own.slice(0, i)]) {
      writeFileSync(changed, Buffer.concat([before, ...list]))
      await assert.rejects(check(changed, root), /damaged/)
    }
  }
  writeFileSync(changed, Buffer.concat([before, ...strange]))
  await assert.rejects(check(changed, root), /damaged/)
})

interface Frame {
  readonly from: number
  readonly upTo: number
}

function framesIn(bytes: Buffer): readonly Frame[] {
  const frames: Frame[] = []
  let from = PREAMBLE_BYTES + bytes.readUInt32BE(MAGIC.length + 4)
  while (from < bytes.length) {
    const upTo = from + LENGTH_BYTES + bytes.readUInt32BE(from) + TAG_BYTES
    frames.push({ from, upTo })
    from = upTo
  }
  return frames
}

test('a manifest that says something else than the file holds is refused, though all of it is authentic', async () => {
  using scratch = new Scratch()
  const { root, manifest } = await backedUp(scratch, { most: 2 })
  const [table] = manifest.tables
  const made = async (name: string, claimed: unknown, rows: readonly Row[]) => {
    const path = scratch.file(name)
    const { schema, createdAt } = manifest
    const doorsOfFile = { root, random: doors.random }
    await using file = await BackupWriter.create({ path, force: false }, { schema, createdAt }, doorsOfFile)
    if (table) {
      await file.add(pageFrame({ table: 0, count: rows.length, rows: encodeRows(table, rows) }))
    }
    await file.publish(Buffer.from(JSON.stringify(claimed)))
    return check(path, root)
  }
  await assert.rejects(made('other rows', manifest, []), /tables are not what its manifest says/)
  await assert.rejects(
    made('other schema', { ...manifest, schema: 1 }, []),
    /tables are not what its manifest says/,
  )
})

test('the key of the file is in it under the root key alone', async () => {
  using scratch = new Scratch()
  const { root, file } = await backedUp(scratch, { most: 2 })
  const bytes = readFileSync(file)
  const header = bytes.toString('utf8', PREAMBLE_BYTES, PREAMBLE_BYTES + bytes.readUInt32BE(MAGIC.length + 4))
  const { wrappedKey } = parseHeader(header)
  const key = Buffer.from(await root.unwrap(Buffer.from(wrappedKey, 'base64'), KEY_CONTEXT))
  assert.equal(key.length, 32)
  for (const form of [key, key.toString('base64').slice(0, 40), key.toString('hex')])
    assert.equal(bytes.indexOf(form), -1)
})

test('a newer format and a newer schema are refused by number', async () => {
  using scratch = new Scratch()
  const { root, file } = await backedUp(scratch, { most: 2 })
  const bytes = readFileSync(file)
  bytes.writeUInt32BE(2, MAGIC.length)
  writeFileSync(scratch.file('format'), bytes)
  await assert.rejects(check(scratch.file('format'), root), /has format 2, and this Lockstep knows up to 1/)
  const header = { schema: NEWEST_SCHEMA + 1, createdAt: '', rootKeyId: root.id, wrappedKey: '' }
  writeFileSync(scratch.file('schema'), headerBytes(header))
  await assert.rejects(
    check(scratch.file('schema'), root),
    /has schema \d+, and this Lockstep knows up to \d+/,
  )
})

test('a backup that is damaged in its middle leaves an empty place untouched', async () => {
  using scratch = new Scratch()
  const { root, file } = await backedUp(scratch, { most: 3 })
  const bytes = readFileSync(file)
  const last = framesIn(bytes).at(-2)
  bytes[last?.from ?? 0] = 0xff
  writeFileSync(file, bytes)
  await assert.rejects(restore({ from: file, to: scratch.store('to'), root }, doors), /damaged/)
  assert.ok(!readdirSync(scratch.path).includes('to'))
})
