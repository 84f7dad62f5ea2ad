/** What has to be said to PostgreSQL so that two roles can stand for each other. Pure; quoting included. */
import pg from 'pg'
import { RotationError } from '../rotation-error.ts'
import type { Pair } from './usernames.ts'

/** A row of pg_roles. */
export interface Role {
  readonly superuser: boolean
  readonly createRole: boolean
  readonly createDatabase: boolean
  readonly canLogin: boolean
  readonly replication: boolean
  readonly bypassRowSecurity: boolean
  readonly connectionLimit: number
  /** ISO 8601, `infinity`, or null for no end. */
  readonly validUntil: string | null
}

/** A setting as `ALTER ROLE … [IN DATABASE …] SET` made it. */
export interface Setting {
  /** Null: in every database. */
  readonly database: string | null
  readonly name: string
  readonly value: string
}

/** What is known of the pair before anything is changed. */
export interface Roles {
  readonly original: Role | undefined
  readonly clone: Role | undefined
  /** Whether the clone is a direct member of the original, which this rotation or the administrator made it. */
  readonly isMember: boolean
  readonly originalSettings: readonly Setting[]
  readonly cloneSettings: readonly Setting[]
}

/** The statement that gives a role a password that is a verifier already. */
export function setPassword(role: string, verifier: string): string {
  return `alter role ${pg.escapeIdentifier(role)} with password ${pg.escapeLiteral(verifier)}`
}

/**
 * The statements that make `pending` log in with this verifier and be able to do what the original can.
 * @throws RotationError where a role of the clone's name is there that never was this original's clone: to set its
 * password, or the original's on the word of such a role, would hand over an account.
 */
// DIVERGENCE: AWS's functions set the password of any role that has the other's name with or without `_clone`.
// Lockstep's do so only where the clone is a member of the original, as it is when a rotation made it.
export function planRoles(pair: Pair, pending: string, verifier: string, roles: Roles): readonly string[] {
  const { original, clone, isMember } = roles
  if (!original) throw new RotationError('There is no role of the original username, without _clone.')
  if (clone && !isMember) {
    throw new RotationError('The role of the username with _clone is no member of the original role.')
  }
  if (pending === pair.original) {
    if (!clone) throw new RotationError('There is no role of the username with _clone.')
    return [setPassword(pending, verifier)]
  }
  const name = pg.escapeIdentifier(pair.clone)
  const member = `grant ${pg.escapeIdentifier(pair.original)} to ${name}`
  return [
    ...(clone ? [] : [`create role ${name} with login inherit`, member]),
    ...attributeChanges(name, original, clone ?? NEW_ROLE),
    ...settingChanges(pair, roles),
    setPassword(pair.clone, verifier),
  ]
}

/** As `create role … with login` leaves a role. */
const NEW_ROLE: Role = {
  superuser: false,
  createRole: false,
  createDatabase: false,
  canLogin: true,
  replication: false,
  bypassRowSecurity: false,
  connectionLimit: -1,
  validUntil: null,
}

/**
 * Membership passes on privileges, not attributes. Only those that differ are named: some may be named by a
 * superuser alone, even to say no. INHERIT is never taken over, because a clone that does not inherit would lose
 * what it is a member for.
 */
function attributeChanges(name: string, original: Role, clone: Role): readonly string[] {
  const clauses: string[] = []
  const flag = (key: FlagName, word: string): void => {
    if (original[key] !== clone[key]) clauses.push(original[key] ? word : `no${word}`)
  }
  flag('superuser', 'superuser')
  flag('createRole', 'createrole')
  flag('createDatabase', 'createdb')
  flag('canLogin', 'login')
  flag('replication', 'replication')
  flag('bypassRowSecurity', 'bypassrls')
  if (original.connectionLimit !== clone.connectionLimit) {
    clauses.push(`connection limit ${Math.trunc(original.connectionLimit)}`)
  }
  if (original.validUntil !== clone.validUntil) {
    clauses.push(`valid until ${pg.escapeLiteral(original.validUntil ?? 'infinity')}`)
  }
  return clauses.length === 0 ? [] : [`alter role ${name} with ${clauses.join(' ')}`]
}

type FlagName =
  | 'superuser'
  | 'createRole'
  | 'createDatabase'
  | 'canLogin'
  | 'replication'
  | 'bypassRowSecurity'

/** What is set for the original's sessions is set for the clone's, and nothing else is. */
function settingChanges(pair: Pair, { originalSettings, cloneSettings }: Roles): readonly string[] {
  const gone = cloneSettings.filter(
    (setting) => setting.name !== 'role' && !originalSettings.some((other) => isSameSetting(setting, other)),
  )
  const changed = originalSettings.filter(
    (setting) => cloneSettings.find((other) => isSameSetting(setting, other))?.value !== setting.value,
  )
  const alter = (setting: Setting): string => {
    const where = setting.database === null ? '' : ` in database ${pg.escapeIdentifier(setting.database)}`
    return `alter role ${pg.escapeIdentifier(pair.clone)}${where}`
  }
  return [
    ...gone.map((setting) => `${alter(setting)} reset ${settingName(setting.name)}`),
    ...changed.map(
      (setting) => `${alter(setting)} set ${settingName(setting.name)} to ${settingValue(setting)}`,
    ),
  ]
}

/**
 * The statement, for the clone's own session, that makes its next ones act as the original from the start: so
 * what one of the two creates belongs to the other as well, and `current_user` is always the same. It is the
 * clone's to say, because before PostgreSQL 16 only a member of the original may.
 */
// DIVERGENCE: a clone made by AWS's functions acts as itself, and tables that it creates are closed to the original.
export function actAs(original: string): string {
  return `alter role session_user set role to ${pg.escapeLiteral(original)}`
}

function isSameSetting(one: Setting, other: Setting): boolean {
  return one.name === other.name && one.database === other.database
}

/** `search_path`, or `app.tenant`: each part is quoted, since a dot inside quotes is no separator. */
function settingName(name: string): string {
  return name.split('.').map(pg.escapeIdentifier).join('.')
}

/** Settings that are lists of names. They are kept as they would be typed, and are put in as they are kept. */
const NAME_LISTS: readonly string[] = [
  'search_path',
  'temp_tablespaces',
  'session_preload_libraries',
  'local_preload_libraries',
  'unix_socket_directories',
]

function settingValue({ name, value }: Setting): string {
  return NAME_LISTS.includes(name.toLowerCase()) ? listOfNames(value) : pg.escapeLiteral(value)
}

/** `"a b", c` with each name a literal of its own: one literal for all would be one name. */
function listOfNames(value: string): string {
  const names = value.match(/"(?:[^"]|"")*"|[^",\s]+/g) ?? []
  const literals = names.map((name) =>
    pg.escapeLiteral(name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name),
  )
  return literals.length === 0 ? "''" : literals.join(', ')
}
