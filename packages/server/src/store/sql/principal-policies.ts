import type { Attachment, InlinePolicy, OwnerKind, PolicyVersion } from '../principals.ts'
import {
  type AttachmentRow,
  GLOBAL,
  type InlineRow,
  type VersionRow,
  versionNumber,
  versionOf,
} from './principal-rows.ts'
import type { Sql } from './sql.ts'

/** The documents of policies, and what they are attached to. */
export class SqlPrincipalPolicies {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  async policyVersions(account: string, policyId: string): Promise<readonly PolicyVersion[]> {
    const rows = await this.#sql.rows<VersionRow>(
      'select * from iam_policy_versions where account = ? and region = ? and policy_id = ? order by number desc',
      account,
      GLOBAL,
      policyId,
    )
    return rows.map(versionOf)
  }

  async policyVersion(
    account: string,
    policyId: string,
    versionId: string,
  ): Promise<PolicyVersion | undefined> {
    const row = await this.#sql.row<VersionRow>(
      'select * from iam_policy_versions where account = ? and region = ? and policy_id = ? and number = ?',
      account,
      GLOBAL,
      policyId,
      versionNumber(versionId),
    )
    return row && versionOf(row)
  }

  async inlinePolicies(account: string, ownerId: string): Promise<readonly InlinePolicy[]> {
    const rows = await this.#sql.rows<InlineRow>(
      'select * from iam_inline_policies where account = ? and region = ? and owner_id = ? order by name',
      account,
      GLOBAL,
      ownerId,
    )
    return rows.map(({ name, document }) => ({ name, document }))
  }

  async attachmentsOf(account: string, ownerId: string): Promise<readonly string[]> {
    const rows = await this.#sql.rows<AttachmentRow>(
      'select * from iam_attachments where account = ? and region = ? and owner_id = ? order by policy_arn',
      account,
      GLOBAL,
      ownerId,
    )
    return rows.map((row) => row.policy_arn)
  }

  async attachmentsTo(account: string, policyArn: string): Promise<readonly Attachment[]> {
    const rows = await this.#sql.rows<AttachmentRow>(
      'select * from iam_attachments where account = ? and region = ? and policy_arn = ? order by owner_id',
      account,
      GLOBAL,
      policyArn,
    )
    return rows.map((row) => ({
      ownerKind: row.owner_kind as OwnerKind, // written by attach() alone
      ownerId: row.owner_id,
      policyArn: row.policy_arn,
    }))
  }

  async addPolicyVersion(account: string, policyId: string, version: PolicyVersion): Promise<void> {
    this.#sql.changes('principals')
    await this.#sql.run(
      `insert into iam_policy_versions (account, region, policy_id, number, document, created_at)
       values (?, ?, ?, ?, ?, ?)`,
      account,
      GLOBAL,
      policyId,
      versionNumber(version.versionId),
      version.document,
      version.createdAt.getTime(),
    )
  }

  async removePolicyVersion(account: string, policyId: string, versionId: string): Promise<void> {
    this.#sql.changes('principals')
    await this.#sql.run(
      'delete from iam_policy_versions where account = ? and region = ? and policy_id = ? and number = ?',
      account,
      GLOBAL,
      policyId,
      versionNumber(versionId),
    )
  }

  async putInlinePolicy(account: string, ownerId: string, { name, document }: InlinePolicy): Promise<void> {
    this.#sql.changes('principals')
    await this.#sql.run(
      `insert into iam_inline_policies (account, region, owner_id, name, document) values (?, ?, ?, ?, ?)
       on conflict (account, region, owner_id, name) do update set document = excluded.document`,
      account,
      GLOBAL,
      ownerId,
      name,
      document,
    )
  }

  async removeInlinePolicy(account: string, ownerId: string, name: string): Promise<boolean> {
    this.#sql.changes('principals')
    const removed = await this.#sql.run(
      'delete from iam_inline_policies where account = ? and region = ? and owner_id = ? and name = ?',
      account,
      GLOBAL,
      ownerId,
      name,
    )
    return removed > 0
  }

  async attach(account: string, { ownerKind, ownerId, policyArn }: Attachment): Promise<void> {
    this.#sql.changes('principals')
    await this.#sql.run(
      `insert into iam_attachments (account, region, owner_id, owner_kind, policy_arn) values (?, ?, ?, ?, ?)
       on conflict (account, region, owner_id, policy_arn) do nothing`,
      account,
      GLOBAL,
      ownerId,
      ownerKind,
      policyArn,
    )
  }

  async detach(account: string, ownerId: string, policyArn: string): Promise<boolean> {
    this.#sql.changes('principals')
    const removed = await this.#sql.run(
      'delete from iam_attachments where account = ? and region = ? and owner_id = ? and policy_arn = ?',
      account,
      GLOBAL,
      ownerId,
      policyArn,
    )
    return removed > 0
  }
}
