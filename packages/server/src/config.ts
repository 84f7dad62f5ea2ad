import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { isAbsolute, join, resolve } from 'node:path'
import type { FunctionUsers } from './functions/confinement.ts'
import type { Limits, Rate } from './gateway/throttle.ts'
import { defaultRootKeySpec } from './keyring/root-keys/index.ts'
import type { MailSettings } from './notify/mailer.ts'
import { isCidr } from './outbound/address-rules.ts'
import { LOG_LEVELS, type LogLevel } from './platform/logger.ts'
import { Plaintext } from './platform/plaintext.ts'
import { SETTINGS, type SettingName, type Values, variableOf } from './settings.ts'
import type { StoreKind } from './store/open.ts'
import { type BucketPlace, parseBucket } from './trail/delivery/bucket-setting.ts'
import type { S3Keys } from './trail/delivery/s3-bucket.ts'

/** What the server is told, read once and checked whole. */
export interface Config {
  /** An absolute directory, or `memory`. */
  readonly data: string
  /** Where the state is. */
  readonly store: StoreKind
  readonly listen: { readonly host: string; readonly port: number }
  readonly accountId?: string
  readonly moreAccounts: readonly string[]
  readonly region: string
  /** Every region the server answers for, {@link region} first. */
  readonly regions: readonly string[]
  /** A spec for `keyring/root-keys`. */
  readonly rootKey: string
  /** Where a passphrase root key is asked for, if the operator said. */
  readonly passphrase?: Plaintext
  readonly passphraseFile?: string
  readonly tls?: { readonly certFile: string; readonly keyFile: string }
  readonly trustedProxies: readonly string[]
  readonly limits: Limits
  readonly maxBodyBytes: number
  /** Beneath these the code of functions may lie; absolute. */
  readonly functionDirectories: readonly string[]
  readonly functions: FunctionConfig
  /** Where the buckets are that trails may name. */
  readonly trailBuckets: ReadonlyMap<string, BucketPlace>
  /** For those of them that are S3's, where the operator chose keys for this alone. */
  readonly trailKeys?: S3Keys
  readonly trailDeliveryMs: number
  readonly trailDigestMs: number
  /** Between the signal to stop and the end of taking calls. */
  readonly lameDuckMs: number
  readonly logLevel: LogLevel
  /** Ranges that may be sent to although they are not public, in CIDR notation. */
  readonly allowOutbound: readonly string[]
  /** Certificates, PEM, that receivers may have besides the well-known ones. */
  readonly outboundCa?: string
  readonly mail?: Omit<MailSettings, 'ca'>
  /** What links begin with: the operator's word, or else what is listened on. */
  readonly publicUrl?: string
  /** The first administrator's access key, where the operator chose it. */
  readonly adminKey?: { readonly id: string; readonly secret: string }
}

/** How functions are run. */
interface FunctionConfig {
  readonly concurrency: number
  readonly python: string
  readonly users?: FunctionUsers
  /** Whether users' functions run where nothing keeps them from the server's files. */
  readonly mayBeUnconfined: boolean
  /** Where they reach the server, if the operator said. */
  readonly endpoint?: string
  readonly caFile?: string
}

/** Every reason why the server cannot start, each naming its setting. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  constructor(problems: readonly string[]) {
    super(`Lockstep cannot start:\n${problems.map((problem) => `- ${problem}`).join('\n')}`)
  }
}

/** Servers on one database agree about the time, or one of them is wrong. */
const MAX_SKEW_MS = 10_000

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Flags win over the environment, the environment over `lockstep.json` in the data directory.
 * Throws one {@link ConfigError} that names every bad setting.
 */
export function readConfig(flags: Values, env: Environment): Config {
  const problems: string[] = []
  const dataFlag = flags.data ?? env[variableOf('data')] ?? './.lockstep'
  const data = dataFlag === 'memory' ? 'memory' : resolve(dataFlag)
  const file = data === 'memory' ? {} : readFile(join(data, 'lockstep.json'), problems)
  const reader = new Reader({ ...file, ...fromEnvironment(env), ...flags }, problems)

  const listen = reader.address('listen')
  const tls = reader.tls()
  const isPlain = reader.text('insecure-plain-http') !== undefined
  if (listen.host !== '' && !tls && !isPlain && !isLoopback(listen.host)) {
    problems.push(
      `${reader.called('listen')}: ${listen.host} is not a loopback address; give --tls-cert and --tls-key, or --insecure-plain-http behind a proxy that speaks TLS`,
    )
  }
  const accountId = reader.account('account-id')
  const adminKey = adminKeyOf(env, problems)
  const trailKeys = trailKeysOf(env, problems)
  const region = reader.region('region', reader.text('region') ?? '')
  const config: Config = {
    data,
    store: reader.store(data),
    listen,
    ...(accountId === undefined ? {} : { accountId }),
    moreAccounts: reader.list('accounts').map((id) => reader.accountIn('accounts', id)),
    region,
    regions: [...new Set([region, ...reader.list('regions').map((name) => reader.region('regions', name))])],
    rootKey: reader.text('root-key') ?? (data === 'memory' ? 'memory' : defaultRootKeySpec(data)),
    ...(env.LOCKSTEP_PASSPHRASE && { passphrase: Plaintext.fromText(env.LOCKSTEP_PASSPHRASE) }),
    ...(env.LOCKSTEP_PASSPHRASE_FILE && { passphraseFile: env.LOCKSTEP_PASSPHRASE_FILE }),
    ...(tls ? { tls } : {}),
    trustedProxies: reader.list('trusted-proxies').map((address) => reader.proxy(address)),
    limits: {
      address: reader.rate('limit-address'),
      principal: reader.rate('limit-principal'),
      failedSignature: reader.rate('limit-failed-signature'),
    },
    maxBodyBytes: reader.count('max-body-bytes'),
    functionDirectories: reader.directories('function-directories'),
    functions: reader.functions(),
    trailBuckets: reader.buckets(region),
    ...(trailKeys && { trailKeys }),
    trailDeliveryMs: reader.period('trail-delivery-seconds'),
    trailDigestMs: reader.period('trail-digest-seconds'),
    lameDuckMs: reader.seconds('lame-duck-seconds') * 1000,
    logLevel: reader.logLevel(),
    allowOutbound: reader.list('allow-outbound').map((range) => reader.range('allow-outbound', range)),
    ...reader.outboundCa(),
    ...reader.mail(env),
    ...reader.publicUrl(),
    ...(adminKey ? { adminKey } : {}),
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}

/** 127.0.0.0/8, ::1 and localhost: what other machines cannot reach. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

/** @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS */
function postgresUrl(text: string): URL | undefined {
  return /^postgres(ql)?:\/\//.test(text) && URL.canParse(text) ? new URL(text) : undefined
}

/** Whether the way to the database leaves this machine: not by a socket in a directory, nor by loopback. */
function isBeside(url: URL): boolean {
  const host = url.searchParams.get('host') ?? url.hostname.replace(/^\[(.*)\]$/, '$1')
  return host === '' || host.startsWith('/') || isLoopback(host)
}

/** Whether the arguments hold a password, which every user of the machine can read in the list of processes. */
export function hasPassword({ store = '' }: Values): boolean {
  const url = postgresUrl(store)
  return url !== undefined && (url.password !== '' || url.searchParams.has('password'))
}

class Reader {
  readonly #values: Values
  readonly #problems: string[]
  constructor(values: Values, problems: string[]) {
    this.#values = values
    this.#problems = problems
  }

  text(name: SettingName): string | undefined {
    const setting = SETTINGS.find((known) => known.name === name)
    const value = this.#values[name] ?? (setting && 'fallback' in setting ? setting.fallback : undefined)
    return value === '' ? undefined : value
  }

  /** Both names, so that the complaint helps whichever way it was set. */
  called(name: SettingName): string {
    return `--${name} (${variableOf(name)})`
  }

  #complain(name: SettingName, text: string): void {
    this.#problems.push(`${this.called(name)}: ${text}`)
  }

  list(name: SettingName): string[] {
    return (this.text(name) ?? '')
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
  }

  /** A relative one would be another after a start elsewhere. */
  directories(name: SettingName): string[] {
    const directories = this.list(name)
    for (const directory of directories)
      if (!isAbsolute(directory)) this.#complain(name, `${directory} is not an absolute path`)
    return directories
  }

  address(name: SettingName): { host: string; port: number } {
    const text = this.text(name) ?? ''
    const colon = text.lastIndexOf(':')
    const port = Number(text.slice(colon + 1))
    const host = text.slice(0, Math.max(colon, 0)).replace(/^\[(.*)\]$/, '$1')
    if (host === '' || !/^\d+$/.test(text.slice(colon + 1)) || port > 65_535) {
      this.#complain(name, `${text} is not HOST:PORT`)
    }
    return { host, port }
  }

  account(name: SettingName): string | undefined {
    const id = this.text(name)
    return id === undefined ? undefined : this.accountIn(name, id)
  }

  accountIn(name: SettingName, id: string): string {
    if (!/^\d{12}$/.test(id)) this.#complain(name, `${id} is not 12 digits`)
    return id
  }

  region(name: SettingName, region: string): string {
    if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(region))
      this.#complain(name, `${region} is not a region such as eu-west-1`)
    return region
  }

  proxy(address: string): string {
    if (isIP(address) === 0) this.#complain('trusted-proxies', `${address} is not an IP address`)
    return address
  }

  count(name: SettingName): number {
    const text = this.text(name) ?? ''
    if (!/^[1-9]\d{0,9}$/.test(text)) this.#complain(name, `${text} is not a count of at least 1`)
    return Number(text)
  }

  seconds(name: SettingName): number {
    const text = this.text(name) ?? ''
    if (!/^\d{1,4}$/.test(text)) this.#complain(name, `${text} is not a whole number of seconds below 10000`)
    return Number(text)
  }

  /** In milliseconds. */
  period(name: SettingName): number {
    const seconds = this.seconds(name)
    if (seconds === 0) this.#complain(name, '0 is not a period')
    return seconds * 1000
  }

  buckets(region: string): ReadonlyMap<string, BucketPlace> {
    const places = new Map<string, BucketPlace>()
    for (const text of this.list('trail-buckets')) {
      const parsed = parseBucket(text, region)
      if (typeof parsed === 'string') this.#complain('trail-buckets', parsed)
      else if (places.has(parsed[0])) this.#complain('trail-buckets', `${parsed[0]} is named twice`)
      else places.set(...parsed)
    }
    return places
  }

  /** The address is never repeated in a complaint: it may hold a password. */
  store(data: string): StoreKind {
    const text = this.text('store') ?? ''
    if (text === 'sqlite') return data === 'memory' ? { kind: 'memory' } : { kind: 'sqlite', directory: data }
    const url = postgresUrl(text)
    if (!url) this.#complain('store', 'is neither sqlite nor a postgres:// address')
    else if (!url.searchParams.has('sslmode') && !isBeside(url)) {
      this.#complain(
        'store',
        'add ?sslmode=verify-full to the address (or sslmode=disable, where whoever sees the network may read policies and the trail)',
      )
    }
    return { kind: 'postgres', url: text, maxSkewMs: MAX_SKEW_MS }
  }

  functions(): FunctionConfig {
    const users = this.users('function-user')
    const endpoint = this.text('function-endpoint')
    const caFile = this.text('function-ca')
    if (endpoint !== undefined && !(URL.canParse(endpoint) && /^https?:$/.test(new URL(endpoint).protocol)))
      this.#complain('function-endpoint', `${endpoint} is not an http:// or https:// address`)
    return {
      concurrency: this.count('function-concurrency'),
      python: this.text('function-python') ?? '',
      ...(users && { users }),
      mayBeUnconfined: this.text('insecure-functions') !== undefined,
      ...(endpoint !== undefined && { endpoint }),
      ...(caFile !== undefined && { caFile: resolve(caFile) }),
    }
  }

  users(name: SettingName): FunctionUsers | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const [, first, last = first] = /^([1-9]\d{0,8})(?:-([1-9]\d{0,8}))?$/.exec(text) ?? []
    if (!(Number(first) <= Number(last)))
      this.#complain(name, `${text} is neither a user id nor two of them, as 20000-20015`)
    else if (process.getuid?.() !== 0) this.#complain(name, 'only root may run functions as another user')
    return { firstUid: Number(first), lastUid: Number(last) }
  }

  rate(name: SettingName): Rate {
    const match = /^([1-9]\d{0,8})\/([1-9]\d{0,8})$/.exec(this.text(name) ?? '')
    if (!match) this.#complain(name, `${this.text(name)} is not PER_SECOND/BURST, such as 100/200`)
    return { perSecond: Number(match?.[1]), burst: Number(match?.[2]) }
  }

  range(name: SettingName, range: string): string {
    if (!isCidr(range)) this.#complain(name, `${range} is not a range such as 10.20.0.0/16`)
    return range
  }

  outboundCa(): Pick<Config, 'outboundCa'> {
    const path = this.text('outbound-ca')
    const pem = path === undefined ? undefined : this.#file('outbound-ca', path)
    if (pem === undefined) return {}
    if (!pem.includes('-----BEGIN CERTIFICATE-----'))
      this.#complain('outbound-ca', `${path} holds no PEM certificate`)
    return { outboundCa: pem }
  }

  /** The address is never repeated in a complaint: it may hold a password. */
  mail(env: Environment): Pick<Config, 'mail'> {
    const text = this.text('smtp-url')
    const from = this.text('mail-from')
    if (text === undefined) {
      if (from !== undefined) this.#complain('mail-from', 'is of no use without --smtp-url')
      return {}
    }
    if (from === undefined) this.#complain('smtp-url', 'needs a sender: give --mail-from')
    else if (!/^[^\s@<>",;:]+@[^\s@<>",;:]+$/.test(from))
      this.#complain('mail-from', 'is not an address such as lockstep@example.com')
    const url = /^smtps?:\/\//.test(text) && URL.canParse(text) ? new URL(text) : undefined
    if (!url || url.hostname === '' || (url.pathname !== '' && url.pathname !== '/')) {
      this.#complain('smtp-url', 'is not smtp://HOST:PORT or smtps://HOST:PORT')
      return {}
    }
    if (url.password !== '') {
      this.#complain(
        'smtp-url',
        'holds a password, which every user of the machine can read: give it in LOCKSTEP_SMTP_PASSWORD',
      )
    }
    const path = env.LOCKSTEP_SMTP_PASSWORD_FILE
    const password =
      env.LOCKSTEP_SMTP_PASSWORD ?? (path ? this.#file('smtp-url', path)?.replace(/\r?\n$/, '') : undefined)
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
    const secure = url.protocol === 'smtps:'
    return {
      mail: {
        host,
        port: Number(url.port) || (secure ? 465 : 587),
        secure,
        // A password never leaves the machine unencrypted; without one, a relay without TLS is the operator's choice.
        demandTls: !secure && url.username !== '' && !isLoopback(host),
        from: from ?? '',
        ...(url.username !== '' && { user: decodeURIComponent(url.username) }),
        ...(password !== undefined && { password: Plaintext.fromText(password) }),
      },
    }
  }

  publicUrl(): Pick<Config, 'publicUrl'> {
    const text = this.text('public-url')
    if (text === undefined) return {}
    const url = /^https?:\/\//.test(text) && URL.canParse(text) ? new URL(text) : undefined
    // An origin and nothing else, but for the slash that people put behind it.
    if (url?.origin !== text.toLowerCase().replace(/\/$/, '')) {
      this.#complain('public-url', `${text} is not a URL such as https://lockstep.example.com`)
    }
    return { publicUrl: text.replace(/\/+$/, '') }
  }

  #file(name: SettingName, path: string): string | undefined {
    try {
      return readFileSync(path, 'utf8')
    } catch {
      this.#complain(name, `${path} cannot be read`)
      return undefined
    }
  }

  logLevel(): LogLevel {
    const text = this.text('log-level')
    const level = LOG_LEVELS.find((known) => known === text)
    if (!level) this.#complain('log-level', `${text} is none of ${LOG_LEVELS.join(', ')}`)
    return level ?? 'info'
  }

  tls(): { certFile: string; keyFile: string } | undefined {
    const certFile = this.text('tls-cert')
    const keyFile = this.text('tls-key')
    if (certFile === undefined && keyFile === undefined) return undefined
    if (certFile === undefined || keyFile === undefined) {
      this.#problems.push(`${this.called('tls-cert')} and ${this.called('tls-key')} go together`)
      return undefined
    }
    return { certFile, keyFile }
  }
}

function fromEnvironment(env: Environment): Values {
  const values: Partial<Record<SettingName, string>> = {}
  for (const { name } of SETTINGS) {
    const value = env[variableOf(name)]
    if (value !== undefined && value !== '') values[name] = value
  }
  return values
}

function readFile(path: string, problems: string[]): Values {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return {} // most installations have no file
  }
  const known = new Set<string>(SETTINGS.map((setting) => setting.name))
  const values: Record<string, string> = {}
  try {
    const parsed: unknown = JSON.parse(text)
    for (const [name, value] of Object.entries(parsed ?? {})) {
      if (!known.has(name)) problems.push(`${path}: ${name} is not a setting`)
      else if (value !== false) values[name] = Array.isArray(value) ? value.join(',') : String(value)
    }
  } catch {
    problems.push(`${path}: is not JSON`)
  }
  return values
}

function trailKeysOf(env: Environment, problems: string[]): S3Keys | undefined {
  const accessKeyId = env.LOCKSTEP_TRAIL_S3_ACCESS_KEY_ID
  const secret = env.LOCKSTEP_TRAIL_S3_SECRET_ACCESS_KEY
  const token = env.LOCKSTEP_TRAIL_S3_SESSION_TOKEN
  if (!accessKeyId && !secret) return undefined
  if (!accessKeyId || !secret) {
    problems.push('LOCKSTEP_TRAIL_S3_ACCESS_KEY_ID and LOCKSTEP_TRAIL_S3_SECRET_ACCESS_KEY go together')
    return undefined
  }
  return {
    accessKeyId,
    secretAccessKey: Plaintext.fromText(secret),
    ...(token && { sessionToken: Plaintext.fromText(token) }),
  }
}

function adminKeyOf(env: Environment, problems: string[]): Config['adminKey'] {
  const id = env.LOCKSTEP_ADMIN_ACCESS_KEY_ID
  const secret = env.LOCKSTEP_ADMIN_SECRET_ACCESS_KEY
  if (!id && !secret) return undefined
  if (!id || !/^[A-Z0-9]{16,128}$/.test(id)) {
    problems.push('LOCKSTEP_ADMIN_ACCESS_KEY_ID: must be 16 to 128 capital letters and digits')
  }
  if (!secret || secret.length < 20) {
    problems.push('LOCKSTEP_ADMIN_SECRET_ACCESS_KEY: must have at least 20 characters')
  }
  return { id: id ?? '', secret: secret ?? '' }
}
