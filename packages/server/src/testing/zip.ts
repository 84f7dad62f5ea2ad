import { crc32 } from 'node:zlib'

/** One entry of a test's zip; whatever is not said is as it should be. */
export interface ZipEntry {
  readonly name: string
  readonly content?: string
  /** The Unix mode, type and all. */
  readonly mode?: number
  /** What its directory says of its size. */
  readonly claimedBytes?: number
}

const FILE_MODE = 0o100644

/** A zip whose entries are stored as they are, as no packer would make some of them. */
export function zipOf(...entries: readonly ZipEntry[]): Buffer {
  const locals: Buffer[] = []
  const centrals: Buffer[] = []
  let offset = 0
  for (const { name, content = '', mode = FILE_MODE, claimedBytes } of entries) {
    const data = Buffer.from(content)
    const shared = Buffer.alloc(26)
    shared.writeUInt16LE(20, 0)
    shared.writeUInt32LE(crc32(data), 10)
    shared.writeUInt32LE(claimedBytes ?? data.length, 14)
    shared.writeUInt32LE(claimedBytes ?? data.length, 18)
    shared.writeUInt16LE(Buffer.byteLength(name), 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), shared, Buffer.from(name), data])
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE((mode * 0x10000) >>> 0, 6)
    rest.writeUInt32LE(offset, 10)
    // Made by Unix, so that the mode counts.
    centrals.push(Buffer.from('PK\x01\x02\x14\x03'), shared, rest, Buffer.from(name))
    locals.push(local)
    offset += local.length
  }
  const central = Buffer.concat(centrals)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(entries.length, 4)
  end.writeUInt16LE(entries.length, 6)
  end.writeUInt32LE(central.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...locals, central, Buffer.from('PK\x05\x06'), end])
}
