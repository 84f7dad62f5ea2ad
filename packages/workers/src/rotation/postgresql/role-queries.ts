import type { Role, Roles, Setting } from './roles.ts'
import type { Session } from './session.ts'
import type { Pair } from './usernames.ts'

const ROLES = `
  select rolname, rolsuper, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, rolconnlimit,
    nullif(rolvaliduntil::text, 'infinity') as validuntil
  from pg_catalog.pg_roles where rolname in ($1, $2)`

const MEMBERSHIP = `
  select 1 from pg_catalog.pg_auth_members m
    join pg_catalog.pg_roles original on original.oid = m.roleid
    join pg_catalog.pg_roles clone on clone.oid = m.member
  where original.rolname = $1 and clone.rolname = $2`

const SETTINGS = `
  select r.rolname, d.datname, s.setconfig
  from pg_catalog.pg_db_role_setting s
    join pg_catalog.pg_roles r on r.oid = s.setrole
    left join pg_catalog.pg_database d on d.oid = s.setdatabase
  where r.rolname in ($1, $2)`

/** What the database knows of both. The names are values of the queries and never a part of their text. */
export async function readRoles(session: Session, { original, clone }: Pair): Promise<Roles> {
  const names = [original, clone]
  const roles = await session.query(ROLES, names)
  const members = await session.query(MEMBERSHIP, names)
  const settings = await session.query(SETTINGS, names)
  const settingsOf = (name: string) => settings.filter(({ rolname }) => rolname === name).flatMap(settingsIn)
  return {
    original: roles.filter(({ rolname }) => rolname === original).map(roleIn)[0],
    clone: roles.filter(({ rolname }) => rolname === clone).map(roleIn)[0],
    isMember: members.length > 0,
    originalSettings: settingsOf(original),
    cloneSettings: settingsOf(clone),
  }
}

type Row = Readonly<Record<string, unknown>>

function roleIn(row: Row): Role {
  return {
    superuser: row.rolsuper === true,
    createRole: row.rolcreaterole === true,
    createDatabase: row.rolcreatedb === true,
    canLogin: row.rolcanlogin === true,
    replication: row.rolreplication === true,
    bypassRowSecurity: row.rolbypassrls === true,
    connectionLimit: Number(row.rolconnlimit),
    validUntil: typeof row.validuntil === 'string' ? row.validuntil : null,
  }
}

function settingsIn({ datname, setconfig }: Row): readonly Setting[] {
  if (!Array.isArray(setconfig)) return []
  return setconfig.map(String).map((entry) => {
    const equals = entry.indexOf('=')
    const database = typeof datname === 'string' ? datname : null
    return { database, name: entry.slice(0, equals), value: entry.slice(equals + 1) }
  })
}
