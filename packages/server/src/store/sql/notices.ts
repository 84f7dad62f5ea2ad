import type { DeadLetter, Notice, NoticeWriter, Signer } from '../notices.ts'
import type { Place } from '../store.ts'
import type { Sql } from './sql.ts'

export interface NoticeTables {
  sns_notices: NoticeRow
  sns_dead_letters: DeadLetterRow
  sns_signers: SignerRow
}

interface NoticeRow {
  account: string
  region: string
  id: string
  sealed: Uint8Array
  published_at: number
  pending: number
}

interface DeadLetterRow {
  account: string
  region: string
  id: string
  topic: string
  subscription_arn: string
  protocol: string
  endpoint: string
  message_id: string
  sealed: Uint8Array | null
  attempts: number
  reason: string
  failed_at: number
}

interface SignerRow {
  account: string
  region: string
  id: string
  sealed_key: Uint8Array
  certificate: string
  expires_at: number
}

export class SqlNotices implements NoticeWriter {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  async notice({ account, region }: Place, id: string): Promise<Notice | undefined> {
    const text = 'select * from sns_notices where account = ? and region = ? and id = ?'
    const row = await this.#sql.row<NoticeRow>(text, account, region, id)
    return (
      row && {
        account,
        region,
        id,
        sealed: row.sealed,
        publishedAt: new Date(row.published_at),
        pending: row.pending,
      }
    )
  }

  async addNotice({ account, region, id, sealed, publishedAt, pending }: Notice): Promise<void> {
    await this.#sql.run(
      `insert into sns_notices (account, region, id, sealed, published_at, pending) values (?, ?, ?, ?, ?, ?)`,
      ...[account, region, id, sealed, publishedAt.getTime(), pending],
    )
  }

  async deliveryEnded({ account, region }: Place, id: string): Promise<void> {
    const which = 'where account = ? and region = ? and id = ?'
    await this.#sql.run(`update sns_notices set pending = pending - 1 ${which}`, account, region, id)
    await this.#sql.run(`delete from sns_notices ${which} and pending <= 0`, account, region, id)
  }

  async deadLetters({ account, region }: Place, limit: number): Promise<readonly DeadLetter[]> {
    const rows = await this.#sql.rows<DeadLetterRow>(
      `select * from sns_dead_letters where account = ? and region = ?
       order by failed_at desc, id desc limit ?`,
      ...[account, region, limit],
    )
    return rows.map(letterOf)
  }

  async deadLetterCount(): Promise<number> {
    const row = await this.#sql.row<{ count: number }>('select count(*) as count from sns_dead_letters')
    return Number(row?.count ?? 0)
  }

  async addDeadLetter(letter: DeadLetter, keep: number): Promise<void> {
    const { account, region } = letter
    await this.#sql.run(
      `insert into sns_dead_letters (account, region, id, topic, subscription_arn, protocol, endpoint,
         message_id, sealed, attempts, reason, failed_at)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[account, region, letter.id, letter.topic, letter.subscriptionArn, letter.protocol, letter.endpoint],
      ...[letter.messageId, letter.sealed ?? null, letter.attempts, letter.reason, letter.failedAt.getTime()],
    )
    const oldest = await this.#sql.row<Pick<DeadLetterRow, 'failed_at' | 'id'>>(
      `select failed_at, id from sns_dead_letters where account = ? and region = ?
       order by failed_at desc, id desc limit 1 offset ?`,
      ...[account, region, keep],
    )
    if (!oldest) return
    await this.#sql.run(
      'delete from sns_dead_letters where account = ? and region = ? and (failed_at, id) <= (?, ?)',
      ...[account, region, oldest.failed_at, oldest.id],
    )
  }

  async signer({ account, region }: Place): Promise<Signer | undefined> {
    const row = await this.#sql.row<SignerRow>(
      'select * from sns_signers where account = ? and region = ? order by expires_at desc, id limit 1',
      account,
      region,
    )
    if (!row) return undefined
    const { id, sealed_key: sealedKey, certificate } = row
    return { account, region, id, sealedKey, certificate, expiresAt: new Date(row.expires_at) }
  }

  async certificate(id: string): Promise<string | undefined> {
    // A handful in all: one for each region, and those that were before it.
    const text = 'select certificate from sns_signers where id = ? limit 1'
    const row = await this.#sql.row<Pick<SignerRow, 'certificate'>>(text, id)
    return row?.certificate
  }

  async addSigner({ account, region, id, sealedKey, certificate, expiresAt }: Signer): Promise<void> {
    await this.#sql.run(
      `insert into sns_signers (account, region, id, sealed_key, certificate, expires_at)
       values (?, ?, ?, ?, ?, ?)`,
      ...[account, region, id, sealedKey, certificate, expiresAt.getTime()],
    )
  }
}

function letterOf(row: DeadLetterRow): DeadLetter {
  return {
    account: row.account,
    region: row.region,
    id: row.id,
    topic: row.topic,
    subscriptionArn: row.subscription_arn,
    protocol: row.protocol,
    endpoint: row.endpoint,
    messageId: row.message_id,
    sealed: row.sealed ?? undefined,
    attempts: row.attempts,
    reason: row.reason,
    failedAt: new Date(row.failed_at),
  }
}
