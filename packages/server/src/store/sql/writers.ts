import type { TrailLane } from '../../trail/lane.ts'
import type { Writers } from '../store.ts'
import { SqlAssociations } from './associations.ts'
import { SqlCommands } from './commands.ts'
import { SqlDeliveries } from './deliveries.ts'
import { SqlDesired } from './desired.ts'
import { SqlDocuments } from './documents.ts'
import { SqlFunctions } from './functions.ts'
import { SqlInstallation } from './installation.ts'
import { SqlJobs } from './jobs.ts'
import { SqlKeys } from './keys.ts'
import { SqlNodes } from './nodes.ts'
import { SqlNotices } from './notices.ts'
import { SqlPrincipals } from './principals.ts'
import { SqlRules } from './rules.ts'
import { SqlSecrets } from './secrets.ts'
import type { Sql } from './sql.ts'
import { SqlTopics } from './topics.ts'
import { SqlTrail } from './trail.ts'

/** Every aggregate over one connection, made at first use: a transaction rarely touches more than two. */
export class SqlWriters implements Writers {
  readonly #sql: Sql
  readonly #makeTrail: () => SqlTrail
  #commands: SqlCommands | undefined
  #deliveries: SqlDeliveries | undefined
  #desired: SqlDesired | undefined
  #associations: SqlAssociations | undefined
  #documents: SqlDocuments | undefined
  #functions: SqlFunctions | undefined
  #installation: SqlInstallation | undefined
  #jobs: SqlJobs | undefined
  #keys: SqlKeys | undefined
  #notices: SqlNotices | undefined
  #nodes: SqlNodes | undefined
  #principals: SqlPrincipals | undefined
  #rules: SqlRules | undefined
  #secrets: SqlSecrets | undefined
  #topics: SqlTopics | undefined
  #trail: SqlTrail | undefined

  /** @param makeTrail For an engine that writes events in a way of its own. */
  constructor(sql: Sql, lane: TrailLane, makeTrail = () => new SqlTrail(sql, lane)) {
    this.#sql = sql
    this.#makeTrail = makeTrail
  }

  get commands(): SqlCommands {
    this.#commands ??= new SqlCommands(this.#sql)
    return this.#commands
  }

  get associations(): SqlAssociations {
    this.#associations ??= new SqlAssociations(this.#sql)
    return this.#associations
  }

  get documents(): SqlDocuments {
    this.#documents ??= new SqlDocuments(this.#sql)
    return this.#documents
  }

  get deliveries(): SqlDeliveries {
    this.#deliveries ??= new SqlDeliveries(this.#sql)
    return this.#deliveries
  }

  get desired(): SqlDesired {
    this.#desired ??= new SqlDesired(this.#sql)
    return this.#desired
  }

  get functions(): SqlFunctions {
    this.#functions ??= new SqlFunctions(this.#sql)
    return this.#functions
  }

  get installation(): SqlInstallation {
    this.#installation ??= new SqlInstallation(this.#sql)
    return this.#installation
  }

  get jobs(): SqlJobs {
    this.#jobs ??= new SqlJobs(this.#sql)
    return this.#jobs
  }

  get keys(): SqlKeys {
    this.#keys ??= new SqlKeys(this.#sql)
    return this.#keys
  }

  get nodes(): SqlNodes {
    this.#nodes ??= new SqlNodes(this.#sql)
    return this.#nodes
  }

  get secrets(): SqlSecrets {
    this.#secrets ??= new SqlSecrets(this.#sql)
    return this.#secrets
  }

  get rules(): SqlRules {
    this.#rules ??= new SqlRules(this.#sql)
    return this.#rules
  }

  get principals(): SqlPrincipals {
    this.#principals ??= new SqlPrincipals(this.#sql)
    return this.#principals
  }

  get notices(): SqlNotices {
    this.#notices ??= new SqlNotices(this.#sql)
    return this.#notices
  }

  get topics(): SqlTopics {
    this.#topics ??= new SqlTopics(this.#sql)
    return this.#topics
  }

  get trail(): SqlTrail {
    this.#trail ??= this.#makeTrail()
    return this.#trail
  }
}
