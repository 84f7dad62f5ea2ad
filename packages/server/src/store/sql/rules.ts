import type { LiveRule, Rule, RulePage, RuleState, RuleTarget, RuleWriter } from '../rules.ts'
import type { Place } from '../store.ts'
import type { Sql, SqlValue } from './sql.ts'

export interface RuleTables {
  event_rules: RuleRow
  event_targets: TargetRow
}

interface RuleRow {
  account: string
  region: string
  name: string
  pattern: string | null
  schedule: string | null
  scheduled_from: number
  state: string
  description: string | null
  role_arn: string | null
  tags: string
}

interface TargetRow {
  account: string
  region: string
  rule: string
  id: string
  arn: string
  /** JSON: what a target has besides id and ARN. */
  settings: string
}

const ONE_RULE = 'where account = ? and region = ? and name = ?'
const OF_RULE = 'where account = ? and region = ? and rule = ?'

/** Behind every name: the letters of a rule's name are ASCII. */
const LAST = '\u{10ffff}'

/** The values of {@link ONE_RULE} and {@link OF_RULE}. */
function at({ account, region }: Place, name: string): [string, string, string] {
  return [account, region, name]
}

export class SqlRules implements RuleWriter {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  async rule(place: Place, name: string): Promise<Rule | undefined> {
    const row = await this.#sql.row<RuleRow>(`select * from event_rules ${ONE_RULE}`, ...at(place, name))
    return row && ruleOf(row)
  }

  async rules(place: Place, prefix: string, { after = '', limit }: RulePage): Promise<readonly Rule[]> {
    const text = `select * from event_rules
      where account = ? and region = ? and name > ? and name >= ? and name < ? order by name limit ?`
    const bounds = [...at(place, after), prefix, prefix + LAST]
    const rows = await this.#sql.rows<RuleRow>(text, ...bounds, limit)
    return rows.map(ruleOf)
  }

  async ruleCount({ account, region }: Place): Promise<number> {
    const text = 'select count(*) as count from event_rules where account = ? and region = ?'
    const row = await this.#sql.row<{ count: number }>(text, account, region)
    return Number(row?.count ?? 0)
  }

  async live({ account, region }: Place): Promise<readonly LiveRule[]> {
    const text = `select r.name, r.pattern, r.state, t.id from event_rules r
      join event_targets t on t.account = r.account and t.region = r.region and t.rule = r.name
      where r.account = ? and r.region = ? and r.state <> 'DISABLED' and r.pattern is not null
      order by r.name, t.id`
    const rows = await this.#sql.rows<LiveRow>(text, account, region)
    const found = new Map<string, { row: LiveRow; targetIds: string[] }>()
    for (const row of rows) {
      const known = found.get(row.name)
      if (known) known.targetIds.push(row.id)
      else found.set(row.name, { row, targetIds: [row.id] })
    }
    return [...found.values()].map(({ row: { name, pattern, state }, targetIds }) => ({
      name,
      pattern,
      state: state as RuleState, // written by putRule
      targetIds,
    }))
  }

  async targets(place: Place, rule: string): Promise<readonly RuleTarget[]> {
    const text = `select * from event_targets ${OF_RULE} order by id`
    const rows = await this.#sql.rows<TargetRow>(text, ...at(place, rule))
    return rows.map(({ id, arn, settings }) => ({ ...JSON.parse(settings), id, arn }))
  }

  async ruleNamesByTarget(
    { account, region }: Place,
    arn: string,
    { after = '', limit }: RulePage,
  ): Promise<readonly string[]> {
    const text = `select distinct rule from event_targets
      where account = ? and region = ? and arn = ? and rule > ? order by rule limit ?`
    const rows = await this.#sql.rows<Pick<TargetRow, 'rule'>>(text, account, region, arn, after, limit)
    return rows.map(({ rule }) => rule)
  }

  async putRule(rule: Rule): Promise<void> {
    await this.#change(
      `insert into event_rules (account, region, name, pattern, schedule, scheduled_from, state, description,
         role_arn, tags)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       on conflict (account, region, name) do update set
         pattern = excluded.pattern, schedule = excluded.schedule, scheduled_from = excluded.scheduled_from,
         state = excluded.state, description = excluded.description, role_arn = excluded.role_arn,
         tags = excluded.tags`,
      ...[...at(rule, rule.name), rule.pattern ?? null, rule.schedule ?? null, rule.scheduledFrom.getTime()],
      ...[rule.state, rule.description ?? null, rule.roleArn ?? null, JSON.stringify(rule.tags)],
    )
  }

  async removeRule(place: Place, name: string): Promise<void> {
    await this.#change(`delete from event_rules ${ONE_RULE}`, ...at(place, name))
  }

  async putTarget(place: Place, rule: string, { id, arn, ...settings }: RuleTarget): Promise<void> {
    await this.#change(
      `insert into event_targets (account, region, rule, id, arn, settings) values (?, ?, ?, ?, ?, ?)
       on conflict (account, region, rule, id) do update set arn = excluded.arn, settings = excluded.settings`,
      ...[...at(place, rule), id, arn, JSON.stringify(settings)],
    )
  }

  async removeTarget(place: Place, rule: string, id: string): Promise<boolean> {
    return (await this.#change(`delete from event_targets ${OF_RULE} and id = ?`, ...at(place, rule), id)) > 0
  }

  async #change(text: string, ...values: readonly SqlValue[]): Promise<number> {
    const rows = await this.#sql.run(text, ...values)
    if (rows > 0) this.#sql.changes('rules')
    return rows
  }
}

interface LiveRow {
  name: string
  pattern: string
  state: string
  id: string
}

function ruleOf(row: RuleRow): Rule {
  return {
    account: row.account,
    region: row.region,
    name: row.name,
    pattern: row.pattern ?? undefined,
    schedule: row.schedule ?? undefined,
    scheduledFrom: new Date(row.scheduled_from),
    state: row.state as RuleState, // written by putRule
    description: row.description ?? undefined,
    roleArn: row.role_arn ?? undefined,
    tags: JSON.parse(row.tags) as Rule['tags'],
  }
}
