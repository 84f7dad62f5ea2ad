import type {
  DeliveredFile,
  DeliveryReport,
  DeliveryState,
  DeliveryTrail,
  DeliveryWriter,
  DigestKeyRecord,
  LastDigest,
  StoredState,
  TrailId,
  TrailSettings,
} from '../deliveries.ts'
import type { Place } from '../store.ts'
import type { Sql } from './sql.ts'

interface TrailTableRow extends Place {
  readonly name: string
  readonly id: string
  readonly settings: string
  readonly tags: string
  readonly started_at: number | null
  readonly stopped_at: number | null
}

interface StateRow extends Place {
  readonly trail_id: string
  readonly revision: number
  readonly state: string
}

interface FileRow extends Place {
  readonly trail_id: string
  readonly log_region: string
  readonly object: string
  readonly bucket: string
  readonly hash: string
  readonly oldest_at: number
  readonly newest_at: number
}

interface DigestRow extends Place {
  readonly trail_id: string
  readonly log_region: string
  readonly bucket: string
  readonly object: string
  readonly hash: string
  readonly signature: string
}

interface KeyRow extends Place {
  readonly public_key: Uint8Array
  readonly sealed_private_key: Uint8Array
  readonly created_at: number
}

export interface DeliveryTables {
  readonly delivery_trails: TrailTableRow
  readonly delivery_states: StateRow
  readonly delivery_reports: Place & { readonly trail_id: string; readonly report: string }
  readonly delivery_files: FileRow
  readonly delivery_digests: DigestRow
  readonly delivery_keys: KeyRow
}

const OF_TRAIL = 'where account = ? and region = ? and trail_id = ?'
/** All that is kept for a trail beside its own row. */
const KEPT_FOR_TRAIL = ['delivery_states', 'delivery_reports', 'delivery_files', 'delivery_digests']

export class SqlDeliveries implements DeliveryWriter {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  async find({ account, region }: Place, name: string): Promise<DeliveryTrail | undefined> {
    const row = await this.#sql.row<TrailTableRow>(
      'select * from delivery_trails where account = ? and region = ? and name = ?',
      ...[account, region, name],
    )
    return row && trailOf(row)
  }

  async ofAccount(account: string): Promise<readonly DeliveryTrail[]> {
    const rows = await this.#sql.rows<TrailTableRow>(
      'select * from delivery_trails where account = ? order by region, name',
      account,
    )
    return rows.map(trailOf)
  }

  async save(trail: DeliveryTrail): Promise<void> {
    const { account, region, name, id, settings, tags, startedAt, stoppedAt } = trail
    await this.#sql.run(
      `insert into delivery_trails (account, region, name, id, settings, tags, started_at, stopped_at)
       values (?, ?, ?, ?, ?, ?, ?, ?)
       on conflict (account, region, name) do update set
         id = excluded.id, settings = excluded.settings, tags = excluded.tags,
         started_at = excluded.started_at, stopped_at = excluded.stopped_at`,
      ...[account, region, name, id, JSON.stringify(settings), JSON.stringify(tags)],
      ...[startedAt?.getTime() ?? null, stoppedAt?.getTime() ?? null],
    )
  }

  async remove(trail: DeliveryTrail): Promise<void> {
    for (const table of KEPT_FOR_TRAIL) await this.#sql.run(`delete from ${table} ${OF_TRAIL}`, ...at(trail))
    await this.#sql.run(
      'delete from delivery_trails where account = ? and region = ? and name = ?',
      ...[trail.account, trail.region, trail.name],
    )
  }

  async state(trail: TrailId): Promise<StoredState | undefined> {
    const row = await this.#sql.row<StateRow>(
      `select * from delivery_states ${OF_TRAIL}${this.#sql.locking}`,
      ...at(trail),
    )
    return row && { revision: row.revision, state: stateOf(row) }
  }

  async unfinished() {
    const rows = await this.#sql.rows<TrailTableRow & StateRow>(
      `select t.*, s.state from delivery_states s join delivery_trails t
       on t.account = s.account and t.region = s.region and t.id = s.trail_id
       order by t.account, t.region, t.name`,
    )
    return rows.map((row) => ({ trail: trailOf(row), state: stateOf(row) }))
  }

  async moveState(trail: TrailId, from: number | undefined, state: DeliveryState): Promise<boolean> {
    const text = JSON.stringify(state)
    const moved =
      from === undefined
        ? await this.#sql.run(
            `insert into delivery_states (account, region, trail_id, revision, state) values (?, ?, ?, 1, ?)
             on conflict (account, region, trail_id) do nothing`,
            ...[...at(trail), text],
          )
        : await this.#sql.run(
            `update delivery_states set revision = ?, state = ? ${OF_TRAIL} and revision = ?`,
            ...[from + 1, text, ...at(trail), from],
          )
    return moved === 1
  }

  async removeState(trail: TrailId, from: number): Promise<boolean> {
    const text = `delete from delivery_states ${OF_TRAIL} and revision = ?`
    return (await this.#sql.run(text, ...at(trail), from)) === 1
  }

  async report(trail: TrailId): Promise<DeliveryReport> {
    const row = await this.#sql.row<{ report: string }>(
      `select report from delivery_reports ${OF_TRAIL}`,
      ...at(trail),
    )
    return row ? (JSON.parse(row.report) as DeliveryReport) : {}
  }

  async saveReport(trail: TrailId, report: DeliveryReport): Promise<void> {
    await this.#sql.run(
      `insert into delivery_reports (account, region, trail_id, report) values (?, ?, ?, ?)
       on conflict (account, region, trail_id) do update set report = excluded.report`,
      ...[...at(trail), JSON.stringify(report)],
    )
  }

  async files(trail: TrailId): Promise<readonly DeliveredFile[]> {
    const rows = await this.#sql.rows<FileRow>(
      `select * from delivery_files ${OF_TRAIL} order by log_region, object`,
      ...at(trail),
    )
    return rows.map(({ log_region: region, bucket, object, hash, oldest_at, newest_at }) => ({
      ...{ region, bucket, object, hash },
      oldestAt: new Date(oldest_at),
      newestAt: new Date(newest_at),
    }))
  }

  async addFiles(trail: TrailId, files: readonly DeliveredFile[]): Promise<void> {
    for (const { region, bucket, object, hash, oldestAt, newestAt } of files) {
      await this.#sql.run(
        `insert into delivery_files
           (account, region, trail_id, log_region, object, bucket, hash, oldest_at, newest_at)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        ...[...at(trail), region, object, bucket, hash, oldestAt.getTime(), newestAt.getTime()],
      )
    }
  }

  async digests(trail: TrailId): Promise<readonly LastDigest[]> {
    const rows = await this.#sql.rows<DigestRow>(
      `select * from delivery_digests ${OF_TRAIL} order by log_region`,
      ...at(trail),
    )
    return rows.map(({ log_region: region, bucket, object, hash, signature }) => ({
      ...{ region, bucket, object, hash, signature },
    }))
  }

  async saveDigests(trail: TrailId, digests: readonly LastDigest[]): Promise<void> {
    await this.#sql.run(`delete from delivery_files ${OF_TRAIL}`, ...at(trail))
    for (const { region, bucket, object, hash, signature } of digests) {
      await this.#sql.run(
        `insert into delivery_digests (account, region, trail_id, log_region, bucket, object, hash, signature)
         values (?, ?, ?, ?, ?, ?, ?, ?)
         on conflict (account, region, trail_id, log_region) do update set
           bucket = excluded.bucket, object = excluded.object,
           hash = excluded.hash, signature = excluded.signature`,
        ...[...at(trail), region, bucket, object, hash, signature],
      )
    }
  }

  async forgetDigests(trail: TrailId): Promise<void> {
    await this.#sql.run(`delete from delivery_files ${OF_TRAIL}`, ...at(trail))
    await this.#sql.run(`delete from delivery_digests ${OF_TRAIL}`, ...at(trail))
  }

  async digestKey(): Promise<DigestKeyRecord | undefined> {
    const row = await this.#sql.row<KeyRow>(`select * from delivery_keys where account = '' and region = ''`)
    return (
      row && {
        publicKey: row.public_key,
        sealedPrivateKey: row.sealed_private_key,
        createdAt: new Date(row.created_at),
      }
    )
  }

  async addDigestKey({ publicKey, sealedPrivateKey, createdAt }: DigestKeyRecord): Promise<void> {
    await this.#sql.run(
      `insert into delivery_keys (account, region, public_key, sealed_private_key, created_at)
       values ('', '', ?, ?, ?) on conflict (account, region) do nothing`,
      ...[publicKey, sealedPrivateKey, createdAt.getTime()],
    )
  }
}

/** The values of {@link OF_TRAIL}. */
function at({ account, region, id }: TrailId): [string, string, string] {
  return [account, region, id]
}

function trailOf(row: TrailTableRow): DeliveryTrail {
  const { account, region, name, id, settings, tags, started_at, stopped_at } = row
  return {
    ...{ account, region, name, id },
    settings: JSON.parse(settings) as TrailSettings,
    tags: JSON.parse(tags) as DeliveryTrail['tags'],
    ...(started_at !== null && { startedAt: new Date(started_at) }),
    ...(stopped_at !== null && { stoppedAt: new Date(stopped_at) }),
  }
}

function stateOf({ state }: Pick<StateRow, 'state'>): DeliveryState {
  return JSON.parse(state) as DeliveryState
}
