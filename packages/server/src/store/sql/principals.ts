import type {
  AccessKey,
  Account,
  Attachment,
  Entity,
  EntityKind,
  EntityOf,
  EntityPage,
  Group,
  InlinePolicy,
  LastUse,
  PolicyVersion,
  PrincipalWriter,
  Role,
  User,
} from '../principals.ts'
import { SqlAccessKeys } from './access-keys.ts'
import { SqlPrincipalEntities } from './principal-entities.ts'
import { SqlPrincipalPolicies } from './principal-policies.ts'
import type {
  AccessKeyRow,
  AccountRow,
  AttachmentRow,
  EntityRow,
  InlineRow,
  LastUseRow,
  Placed,
  VersionRow,
} from './principal-rows.ts'
import type { Sql } from './sql.ts'

/** How the tables look to Kysely. Instants are milliseconds since 1970. */
export interface PrincipalTables {
  accounts: AccountRow
  iam_entities: EntityRow
  iam_policy_versions: VersionRow
  iam_inline_policies: InlineRow
  iam_attachments: AttachmentRow
  iam_memberships: Placed & { user_id: string; group_id: string }
  iam_access_keys: AccessKeyRow
  iam_last_uses: LastUseRow
}

/** The aggregate as the rest of the house sees it; the queries are in its three parts. */
export class SqlPrincipals implements PrincipalWriter {
  readonly #entities: SqlPrincipalEntities
  readonly #policies: SqlPrincipalPolicies
  readonly #keys: SqlAccessKeys

  constructor(sql: Sql) {
    this.#entities = new SqlPrincipalEntities(sql)
    this.#policies = new SqlPrincipalPolicies(sql)
    this.#keys = new SqlAccessKeys(sql)
  }

  account(id: string): Promise<Account | undefined> {
    return this.#entities.account(id)
  }

  accountOfAlias(alias: string): Promise<Account | undefined> {
    return this.#entities.accountOfAlias(alias)
  }

  accounts(): Promise<readonly Account[]> {
    return this.#entities.accounts()
  }

  find<Kind extends EntityKind>(
    account: string,
    kind: Kind,
    name: string,
  ): Promise<EntityOf<Kind> | undefined> {
    return this.#entities.find(account, kind, name)
  }

  byId(account: string, id: string): Promise<Entity | undefined> {
    return this.#entities.byId(account, id)
  }

  list<Kind extends EntityKind>(
    account: string,
    kind: Kind,
    page: EntityPage,
  ): Promise<readonly EntityOf<Kind>[]> {
    return this.#entities.list(account, kind, page)
  }

  count(account: string, kind: EntityKind): Promise<number> {
    return this.#entities.count(account, kind)
  }

  policyVersions(account: string, policyId: string): Promise<readonly PolicyVersion[]> {
    return this.#policies.policyVersions(account, policyId)
  }

  policyVersion(account: string, policyId: string, versionId: string): Promise<PolicyVersion | undefined> {
    return this.#policies.policyVersion(account, policyId, versionId)
  }

  inlinePolicies(account: string, ownerId: string): Promise<readonly InlinePolicy[]> {
    return this.#policies.inlinePolicies(account, ownerId)
  }

  attachmentsOf(account: string, ownerId: string): Promise<readonly string[]> {
    return this.#policies.attachmentsOf(account, ownerId)
  }

  attachmentsTo(account: string, policyArn: string): Promise<readonly Attachment[]> {
    return this.#policies.attachmentsTo(account, policyArn)
  }

  boundedBy(account: string, policyArn: string): Promise<readonly (User | Role)[]> {
    return this.#entities.boundedBy(account, policyArn)
  }

  groupsOf(account: string, userId: string): Promise<readonly Group[]> {
    return this.#entities.groupsOf(account, userId)
  }

  membersOf(account: string, groupId: string): Promise<readonly User[]> {
    return this.#entities.membersOf(account, groupId)
  }

  accessKey(id: string): Promise<AccessKey | undefined> {
    return this.#keys.accessKey(id)
  }

  accessKeysOf(account: string, ownerId: string): Promise<readonly AccessKey[]> {
    return this.#keys.accessKeysOf(account, ownerId)
  }

  lastUse(account: string, id: string): Promise<LastUse | undefined> {
    return this.#keys.lastUse(account, id)
  }

  addAccount(account: Account): Promise<void> {
    return this.#entities.addAccount(account)
  }

  setAlias(account: string, alias: string | undefined): Promise<void> {
    return this.#entities.setAlias(account, alias)
  }

  put(entity: Entity): Promise<void> {
    return this.#entities.put(entity)
  }

  remove(account: string, id: string): Promise<void> {
    return this.#entities.remove(account, id)
  }

  addPolicyVersion(account: string, policyId: string, version: PolicyVersion): Promise<void> {
    return this.#policies.addPolicyVersion(account, policyId, version)
  }

  removePolicyVersion(account: string, policyId: string, versionId: string): Promise<void> {
    return this.#policies.removePolicyVersion(account, policyId, versionId)
  }

  putInlinePolicy(account: string, ownerId: string, policy: InlinePolicy): Promise<void> {
    return this.#policies.putInlinePolicy(account, ownerId, policy)
  }

  removeInlinePolicy(account: string, ownerId: string, name: string): Promise<boolean> {
    return this.#policies.removeInlinePolicy(account, ownerId, name)
  }

  attach(account: string, attachment: Attachment): Promise<void> {
    return this.#policies.attach(account, attachment)
  }

  detach(account: string, ownerId: string, policyArn: string): Promise<boolean> {
    return this.#policies.detach(account, ownerId, policyArn)
  }

  addMember(account: string, groupId: string, userId: string): Promise<void> {
    return this.#entities.addMember(account, groupId, userId)
  }

  removeMember(account: string, groupId: string, userId: string): Promise<boolean> {
    return this.#entities.removeMember(account, groupId, userId)
  }

  addAccessKey(key: AccessKey): Promise<void> {
    return this.#keys.addAccessKey(key)
  }

  setAccessKeyActive(account: string, id: string, active: boolean): Promise<void> {
    return this.#keys.setAccessKeyActive(account, id, active)
  }

  removeAccessKey(account: string, id: string): Promise<void> {
    return this.#keys.removeAccessKey(account, id)
  }

  noteUse(account: string, id: string, use: LastUse): Promise<void> {
    return this.#keys.noteUse(account, id, use)
  }
}
