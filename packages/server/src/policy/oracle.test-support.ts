/**
 * The policy language once more, as slowly and plainly as it can be said, sharing no code with the real one.
 * It reads well-formed documents of version 2012-10-17 as plain objects. In one file although it is long: whoever
 * checks it against AWS's manual reads it from top to bottom.
 */
import type { PrincipalView } from './principals.ts'

export interface OracleStatement {
  readonly Effect: 'Allow' | 'Deny'
  readonly Principal?: '*' | Readonly<Record<string, readonly string[]>>
  readonly NotPrincipal?: Readonly<Record<string, readonly string[]>>
  readonly Action?: readonly string[]
  readonly NotAction?: readonly string[]
  readonly Resource?: readonly string[]
  readonly NotResource?: readonly string[]
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
}

export interface OraclePolicies {
  readonly identity: readonly OracleStatement[]
  readonly boundary?: readonly OracleStatement[]
  readonly session?: readonly OracleStatement[]
  readonly resource?: readonly OracleStatement[]
  readonly resourceKind: 'standard' | 'kms-key' | 'trust'
}

export interface OracleAsk {
  readonly action: string
  readonly resource: string
  readonly resourceAccount: string
  readonly principal: PrincipalView
  /** Lower-case names. */
  readonly context: Readonly<Record<string, readonly string[]>>
}

type Context = OracleAsk['context']

/** One place of a pattern: a character that must be there, or a wildcard. */
type Token = { readonly is: string } | 'one' | 'many'

export function wildcardMatch(tokens: readonly Token[], text: string): boolean {
  const known = new Map<string, boolean>()
  const match = (t: number, c: number): boolean => {
    const memo = `${t},${c}`
    const before = known.get(memo)
    if (before !== undefined) return before
    const answer = step(t, c)
    known.set(memo, answer)
    return answer
  }
  const step = (t: number, c: number): boolean => {
    const token = tokens[t]
    if (token === undefined) return c === text.length
    if (token === 'many') return match(t + 1, c) || (c < text.length && match(t, c + 1))
    if (c === text.length) return false
    return (token === 'one' || token.is === text[c]) && match(t + 1, c + 1)
  }
  return match(0, 0)
}

export function tokensOf(pattern: string): readonly Token[] {
  return pattern.split('').map((c) => (c === '*' ? 'many' : c === '?' ? 'one' : { is: c }))
}

/** The pattern with variables filled in; 'unknown' when one cannot be. */
function substitute(text: string, wildcards: boolean, context: Context): readonly Token[] | 'unknown' {
  const tokens: Token[] = []
  let rest = text
  while (rest !== '') {
    const variable = /^\$\{([^}]*)\}/.exec(rest)
    if (!variable) {
      const c = rest.slice(0, 1)
      tokens.push(...(wildcards ? tokensOf(c) : [{ is: c }]))
      rest = rest.slice(1)
      continue
    }
    rest = rest.slice(variable[0].length)
    const inside = variable[1] ?? ''
    const value = ['*', '?', '$'].includes(inside) ? inside : variableValue(inside, context)
    if (value === undefined) return 'unknown'
    for (const c of value.split('')) tokens.push({ is: c })
  }
  return tokens
}

function variableValue(inside: string, context: Context): string | undefined {
  const parts = /^(.*?), '(.*)'$/.exec(inside)
  const values = context[(parts?.[1] ?? inside).toLowerCase()] ?? []
  if (values.length > 1) return undefined
  return values[0] ?? parts?.[2]
}

type Kleene = boolean | 'unknown'

function anyOf(answers: readonly Kleene[]): Kleene {
  if (answers.includes(true)) return true
  return answers.includes('unknown') ? 'unknown' : false
}

function opposite(answer: Kleene): Kleene {
  return answer === 'unknown' ? 'unknown' : !answer
}

// --- condition operators: does one policy value match one request value? ---

type Compare = (policy: string, request: string, context: Context) => Kleene

const text =
  (same: (a: string, b: string) => boolean): Compare =>
  (policy, request, context) => {
    const filled = substitute(policy, false, context)
    return filled === 'unknown'
      ? 'unknown'
      : same(filled.map((t) => (typeof t === 'string' ? '' : t.is)).join(''), request)
  }

const like: Compare = (policy, request, context) => {
  const filled = substitute(policy, true, context)
  return filled === 'unknown' ? 'unknown' : wildcardMatch(filled, request)
}

const arn: Compare = (policy, request, context) => {
  const filled = substitute(policy, true, context)
  if (filled === 'unknown') return 'unknown'
  const parts = splitAtColons(filled.map((t) => (typeof t === 'string' ? t : t.is)))
  const actual = splitAtColons(request.split(''))
  if (parts.length < 6 || actual.length < 6) return false
  return parts.every((part, i) =>
    wildcardMatch(
      part.map((p) => (p === 'one' || p === 'many' ? p : { is: p })),
      (actual[i] ?? []).join(''),
    ),
  )
}

/** At most six parts; the last keeps its colons. */
function splitAtColons(places: readonly string[]): readonly (readonly string[])[] {
  const parts: string[][] = [[]]
  for (const place of places) {
    if (place === ':' && parts.length < 6) parts.push([])
    else parts.at(-1)?.push(place)
  }
  return parts
}

const ordered =
  (read: (t: string) => number, compare: (request: number, policy: number) => boolean): Compare =>
  (policy, request) =>
    compare(read(request), read(policy))

const number = (t: string) => (/^-?\d+(\.\d+)?$/.test(t) ? Number.parseFloat(t) : Number.NaN)
const date = (t: string) => (/^\d+$/.test(t) ? Number(t) * 1000 : Date.parse(t))

const bool: Compare = (policy, request, context) =>
  text((a, b) => ['true', 'false'].includes(a.toLowerCase()) && a.toLowerCase() === b.toLowerCase())(
    policy,
    request,
    context,
  )

const ip: Compare = (policy, request) => {
  const [network = '', prefix] = policy.split('/')
  const wanted = ipBits(network)
  const actual = ipBits(request)
  if (wanted === undefined || actual === undefined || wanted.length !== actual.length) return false
  const bits = prefix === undefined ? wanted.length : Number(prefix)
  return bits <= wanted.length && actual.startsWith(wanted.slice(0, bits))
}

/** An address as a text of zeros and ones. */
function ipBits(address: string): string | undefined {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped?.[1]) return ipBits(mapped[1])
  if (address.includes('.')) {
    const octets = address.split('.').map(Number)
    if (octets.length !== 4 || octets.some((o) => !(o >= 0 && o <= 255))) return undefined
    return octets.map((o) => o.toString(2).padStart(8, '0')).join('')
  }
  const [left = '', right] = address.split('::')
  const words = (t: string) => (t === '' ? [] : t.split(':'))
  const after = words(right ?? '')
  const zeros = 8 - words(left).length - after.length
  const groups = [...words(left), ...Array.from({ length: zeros }, () => '0'), ...after]
  return groups.map((g) => Number.parseInt(g, 16).toString(2).padStart(16, '0')).join('')
}

const POSITIVE: Readonly<Record<string, Compare>> = {
  StringEquals: text((a, b) => a === b),
  StringEqualsIgnoreCase: text((a, b) => a.toLowerCase() === b.toLowerCase()),
  StringLike: like,
  NumericEquals: ordered(number, (r, p) => r === p),
  NumericLessThan: ordered(number, (r, p) => r < p),
  NumericLessThanEquals: ordered(number, (r, p) => r <= p),
  NumericGreaterThan: ordered(number, (r, p) => r > p),
  NumericGreaterThanEquals: ordered(number, (r, p) => r >= p),
  DateEquals: ordered(date, (r, p) => r === p),
  DateLessThan: ordered(date, (r, p) => r < p),
  DateLessThanEquals: ordered(date, (r, p) => r <= p),
  DateGreaterThan: ordered(date, (r, p) => r > p),
  DateGreaterThanEquals: ordered(date, (r, p) => r >= p),
  Bool: bool,
  BinaryEquals: (policy, request) => policy === request && /^(?:[A-Z]{4})*$/i.test(policy),
  IpAddress: ip,
  ArnEquals: arn,
  ArnLike: arn,
}

const NEGATED: Readonly<Record<string, string>> = {
  StringNotEquals: 'StringEquals',
  StringNotEqualsIgnoreCase: 'StringEqualsIgnoreCase',
  StringNotLike: 'StringLike',
  NumericNotEquals: 'NumericEquals',
  DateNotEquals: 'DateEquals',
  NotIpAddress: 'IpAddress',
  ArnNotEquals: 'ArnEquals',
  ArnNotLike: 'ArnLike',
}

export const ORACLE_OPERATORS = [...Object.keys(POSITIVE), ...Object.keys(NEGATED), 'Null']

function conditionHolds(name: string, key: string, wanted: readonly string[], context: Context): boolean {
  const [, qualifier, operator = '', ifExists] =
    /^(ForAllValues:|ForAnyValue:)?(.*?)(IfExists)?$/.exec(name) ?? []
  const actual = context[key.toLowerCase()] ?? []
  const noneButEmpty = actual.filter((value) => value !== '').length === 0
  if (operator === 'Null') return wanted.some((w) => w.toLowerCase() === String(noneButEmpty))

  const positive = NEGATED[operator] ?? operator
  const negated = positive !== operator
  const accepts = (value: string): boolean => {
    const matches = anyOf(wanted.map((w) => POSITIVE[positive]?.(w, value, context) ?? false))
    return (negated ? opposite(matches) : matches) === true
  }
  if (qualifier === 'ForAllValues:') return noneButEmpty || actual.filter(accepts).length === actual.length
  if (actual.length === 0) return ifExists !== undefined || (negated && qualifier === undefined)
  if (qualifier === 'ForAnyValue:' || !negated) return actual.filter(accepts).length > 0
  return actual.filter(accepts).length === actual.length
}

// --- statements ---

function covers(
  chosen: readonly string[] | undefined,
  spared: readonly string[] | undefined,
  match: (pattern: string) => Kleene,
): boolean {
  return (chosen ? anyOf(chosen.map(match)) : opposite(anyOf((spared ?? []).map(match)))) === true
}

function statementApplies(statement: OracleStatement, ask: OracleAsk): boolean {
  const action = covers(statement.Action, statement.NotAction, (pattern) =>
    wildcardMatch(tokensOf(pattern.toLowerCase()), ask.action.toLowerCase()),
  )
  const noResources = statement.Resource === undefined && statement.NotResource === undefined
  const resource = covers(statement.Resource, statement.NotResource, (pattern) => {
    const filled = substitute(pattern, true, ask.context)
    return filled === 'unknown' ? 'unknown' : wildcardMatch(filled, ask.resource)
  })
  const conditions = Object.entries(statement.Condition ?? {}).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, wanted]) => conditionHolds(operator, key, wanted, ask.context)),
  )
  return action && (noResources || resource) && !conditions.includes(false)
}

/** What a principal is called, from the outermost to the innermost: account, role, session. */
function layersOf(who: PrincipalView): readonly (readonly string[])[] {
  switch (who.kind) {
    case 'root':
      return [[who.account]]
    case 'user':
      return [[who.account], [who.arn, who.id]]
    case 'role-session':
      return [[who.account], [who.roleArn, who.roleId], [who.arn, who.id]]
    case 'federated-user':
      return [[who.account], [who.userArn, who.userId], [who.arn]]
    case 'service':
      return [[who.service]]
    case 'federated':
      return [[who.provider]]
    case 'anonymous':
      return []
  }
}

/** 3: the principal itself or everyone; 2: its role or user; 1: its account; 0: not named. */
function strength(statement: OracleStatement, who: PrincipalView): number {
  const block = statement.NotPrincipal ?? statement.Principal
  if (block === undefined) return 0
  const named = block === '*' ? ['*'] : Object.values(block).flat()
  const names = named.map((name) => /^arn:aws:iam::(\d{12}):root$/.exec(name)?.[1] ?? name)
  const everyone = names.includes('*')
  const layers = layersOf(who)
  const hits = layers.map((layer) => layer.some((name) => names.includes(name)))
  if (statement.NotPrincipal) {
    const spared = everyone || (hits.length > 0 && !hits.includes(false))
    return spared ? 0 : 3
  }
  if (everyone) return who.kind === 'federated' ? 1 : 3
  const innermost = hits.lastIndexOf(true)
  if (innermost === -1) return 0
  if (innermost === layers.length - 1) return 3
  return innermost === 0 ? 1 : 2
}

// --- the decision ---

/** `allow`, or who refused: `explicit identity`, `implicit resource`, … */
export function oracleDecision(ask: OracleAsk, policies: OraclePolicies): string {
  const applicable = (statements: readonly OracleStatement[] | undefined) =>
    (statements ?? []).filter((statement) => statementApplies(statement, ask))
  const groups = {
    identity: applicable(policies.identity),
    boundary: applicable(policies.boundary),
    session: applicable(policies.session),
    resource: applicable(policies.resource).filter((s) => strength(s, ask.principal) > 0),
  }
  for (const [name, statements] of Object.entries(groups)) {
    if (statements.some((s) => s.Effect === 'Deny')) return `explicit ${name}`
  }

  const allows = (statements: readonly OracleStatement[]) => statements.some((s) => s.Effect === 'Allow')
  const grant = Math.max(0, ...groups.resource.map((s) => strength(s, ask.principal)))
  const who = ask.principal
  if (who.kind === 'anonymous') return 'implicit identity'
  if (who.kind === 'service' || who.kind === 'federated') return grant === 3 ? 'allow' : 'implicit resource'

  const sameAccount = who.account === ask.resourceAccount
  const closed = policies.resourceKind !== 'standard'
  if (who.kind === 'root') return grant > 0 || (sameAccount && !closed) ? 'allow' : 'implicit resource'

  const gate = () => {
    if (policies.boundary && !allows(groups.boundary)) return 'implicit boundary'
    if (policies.session && !allows(groups.session)) return 'implicit session'
    return 'allow'
  }
  if (sameAccount) {
    if (grant === 3) return 'allow'
    if (grant === 2) return gate()
    if (closed && grant === 0) return 'implicit resource'
    return allows(groups.identity) ? gate() : 'implicit identity'
  }
  if (!allows(groups.identity)) return 'implicit identity'
  if (gate() !== 'allow') return gate()
  return grant > 0 ? 'allow' : 'implicit resource'
}
