import type { KeyObject } from 'node:crypto'
import { type MaterialName, parseBlob } from '../envelope/blob.ts'
import { keyArn } from '../envelope/key-id.ts'
import { valueContext } from '../envelope/secret-value.ts'
import { encodeContext } from '../keyring/context.ts'
import { decryptUnder, keyFrom, openValue } from '../keyring/data-key.ts'
import type { Keyring, Purpose } from '../keyring/keyring.ts'
import type { Random } from '../platform/random.ts'
import type { Sql } from '../store/sql/sql.ts'
import { MoveRefused } from './mark.ts'
import { pagesOf } from './reading.ts'
import { NEWEST_SCHEMA, type Table, tablesAt } from './tables.ts'

/** How many values are opened under each generation of each KMS key, drawn at random. */
const SAMPLE = 16
/** Where sealed bytes name their generation of the keyring; keyring/README.md, format 1. */
const GENERATION_AT = 1

/** What was decrypted and thrown away again. */
export interface Opened {
  /** Generations of KMS key material: all of them. */
  readonly materials: number
  /** Those that the data key of some version is under. */
  readonly materialsInUse: number
  readonly values: number
  /** Versions whose KMS key was deleted: nobody can open them, at the source either. */
  readonly lost: number
  /** All of them. */
  readonly accessKeys: number
  /** How many of all these were sealed by each generation of the keyring. */
  readonly byGeneration: ReadonlyMap<number, number>
}

/**
 * Opens what a server would have to: every KMS material and access key that the keyring has sealed, and for each
 * generation of a KMS key a sample of the values under it. Nothing of it is kept, shown or compared.
 *
 * @throws MoveRefused, naming the first thing that does not open
 */
export async function openSamples(
  sql: Sql,
  doors: { readonly keyring: Keyring; readonly random: Random },
): Promise<Opened> {
  const tables = new Map((await tablesAt(NEWEST_SCHEMA)).map((table) => [table.name, table]))
  const rowsOf = <Columns>(name: string) => allRows<Columns>(sql, tables.get(name))
  const opener = new Opener(doors.keyring)
  const materials = await openMaterials(rowsOf('kms_materials'), opener)
  let accessKeys = 0
  for await (const { account, id, sealed_secret } of rowsOf<AccessKeyColumns>('iam_access_keys')) {
    const place = { account, accessKeyId: id }
    opener.open('access-key', sealed_secret, place, `Access key ${id}`)[Symbol.dispose]()
    accessKeys += 1
  }
  const { samples, lost } = await drawVersions(rowsOf('secret_versions'), materials, sql, doors.random)
  for (const { version, material } of samples.values().flatMap(({ drawn }) => drawn))
    openVersion(version, material)
  return {
    materials: materials.size,
    materialsInUse: samples.size,
    values: samples.values().reduce((sum, { drawn }) => sum + drawn.length, 0),
    lost,
    accessKeys,
    byGeneration: opener.byGeneration,
  }
}

interface MaterialColumns {
  readonly account: string
  readonly region: string
  readonly key_id: string
  readonly generation: number
  readonly id: string
  readonly sealed: Uint8Array
}

interface AccessKeyColumns {
  readonly account: string
  readonly id: string
  readonly sealed_secret: Uint8Array
}

interface VersionColumns {
  readonly account: string
  readonly arn: string
  readonly version_id: string
  readonly sealed: Uint8Array | null
  readonly wrapped_key: Uint8Array | null
}

/** A version that has its value, and the material that its data key is under. */
interface Drawn {
  readonly version: VersionColumns & { readonly sealed: Uint8Array; readonly wrapped_key: Uint8Array }
  readonly material: KeyObject
}

interface Sample {
  readonly drawn: Drawn[]
  seen: number
}

async function* allRows<Columns>(sql: Sql, table: Table | undefined): AsyncGenerator<Columns> {
  if (!table) throw new Error('The table is not among those that move')
  // The shape is the caller's statement about the table's columns.
  for await (const page of pagesOf(sql, table)) yield* page as readonly unknown[] as readonly Columns[]
}

/** Opens what the keyring has sealed, and counts by which generation. */
class Opener {
  readonly byGeneration = new Map<number, number>()
  readonly #keyring: Keyring

  constructor(keyring: Keyring) {
    this.#keyring = keyring
  }

  open(purpose: Purpose, sealed: Uint8Array, place: Readonly<Record<string, string>>, what: string) {
    const opened = demand(what, () => this.#keyring.open(purpose, sealed, place))
    const generation = new DataView(sealed.buffer, sealed.byteOffset).getUint32(GENERATION_AT)
    this.byGeneration.set(generation, (this.byGeneration.get(generation) ?? 0) + 1)
    return opened
  }
}

async function openMaterials(
  rows: AsyncIterable<MaterialColumns>,
  opener: Opener,
): Promise<ReadonlyMap<string, KeyObject>> {
  const materials = new Map<string, KeyObject>()
  for await (const { account, region, key_id, generation, id, sealed } of rows) {
    const key = { account, region, id: key_id }
    const place = { account, keyArn: keyArn(key), materialId: id }
    using bytes = opener.open('kms-material', sealed, place, `Generation ${generation} of ${keyArn(key)}`)
    materials.set(nameOf({ ...key, generation }), keyFrom(bytes))
  }
  return materials
}

/** A uniform sample for each material, in one pass over all versions. */
async function drawVersions(
  versions: AsyncIterable<VersionColumns>,
  materials: ReadonlyMap<string, KeyObject>,
  sql: Sql,
  random: Random,
): Promise<{ readonly samples: ReadonlyMap<string, Sample>; readonly lost: number }> {
  const samples = new Map<string, Sample>()
  let lost = 0
  for await (const version of versions) {
    const { sealed, wrapped_key } = version
    // A version that RotateSecret has reserved has no value yet.
    if (sealed === null || wrapped_key === null) continue
    const { name } = demand(titleOf(version), () => parseBlob(wrapped_key))
    const material = materials.get(nameOf(name))
    if (!material) {
      await demandDeleted(sql, name)
      lost += 1
      continue
    }
    const sample = samples.get(nameOf(name)) ?? { drawn: [], seen: 0 }
    samples.set(nameOf(name), sample)
    sample.seen += 1
    const place = sample.seen <= SAMPLE ? sample.seen - 1 : random.below(sample.seen)
    if (place < SAMPLE) sample.drawn[place] = { version: { ...version, sealed, wrapped_key }, material }
  }
  return { samples, lost }
}

/** As services/secretsmanager/values.ts has sealed it. */
function openVersion(
  { account, arn, version_id, sealed, wrapped_key }: Drawn['version'],
  material: KeyObject,
): void {
  demand(titleOf({ arn, version_id }), () => {
    const blob = parseBlob(wrapped_key)
    const context = encodeContext(valueContext(arn, version_id))
    using dataKey = decryptUnder(material, blob.sealed, Buffer.concat([blob.header, context]))
    openValue(dataKey, sealed, { account, arn, versionId: version_id })[Symbol.dispose]()
  })
}

/** Material that is missing although its key is there was lost; with its key it was erased on purpose. */
async function demandDeleted(sql: Sql, name: MaterialName): Promise<void> {
  const { account, region, id, generation } = name
  const key = await sql.row(
    'select 1 from kms_keys where account = ? and region = ? and id = ?',
    account,
    region,
    id,
  )
  if (key)
    throw new MoveRefused(`Generation ${generation} of ${keyArn(name)} is missing: values are under it.`)
}

function demand<T>(what: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw new MoveRefused(`${what} does not open.`, { cause: error })
  }
}

function titleOf({ arn, version_id }: Pick<VersionColumns, 'arn' | 'version_id'>): string {
  return `Version ${version_id} of ${arn}`
}

function nameOf({ account, region, id, generation }: MaterialName): string {
  return `${region}/${account}/${id}/${generation}`
}
