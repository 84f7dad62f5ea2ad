import type { AssociationTables } from './associations.ts'
import type { CommandTables } from './command-rows.ts'
import type { DeliveryTables } from './deliveries.ts'
import type { DesiredTables } from './desired.ts'
import type { DocumentTables } from './documents.ts'
import type { FunctionTables } from './functions.ts'
import type { InstallationTables } from './installation.ts'
import type { JobTables } from './jobs.ts'
import type { KeyTables } from './keys.ts'
import type { NodeTables } from './nodes.ts'
import type { NoticeTables } from './notices.ts'
import type { PrincipalTables } from './principals.ts'
import type { RuleTables } from './rules.ts'
import type { SecretTables } from './secrets.ts'
import type { TopicTables } from './topics.ts'
import type { TrailTables } from './trail-rows.ts'

/** Every table, for Kysely's types. Each aggregate declares its own beside its queries. */
export interface Tables
  extends SecretTables,
    KeyTables,
    PrincipalTables,
    TrailTables,
    JobTables,
    FunctionTables,
    TopicTables,
    NoticeTables,
    NodeTables,
    DesiredTables,
    RuleTables,
    InstallationTables,
    DeliveryTables,
    CommandTables,
    DocumentTables,
    AssociationTables {}
