import { join, resolve } from 'node:path'
import { type FunctionConfig, functionsOf } from './config/functions.ts'
import { isLoopback } from './config/loopback.ts'
import { type OutboundConfig, outboundOf } from './config/outbound.ts'
import { Reader } from './config/reader.ts'
import { type Environment, fromEnvironment, readFile } from './config/sources.ts'
import { storeOf } from './config/store.ts'
import { bucketsOf, trailKeysOf } from './config/trails.ts'
import type { Limits } from './gateway/throttle.ts'
import { defaultRootKeySpec } from './keyring/root-keys/index.ts'
import type { LogLevel } from './platform/logger.ts'
import { Plaintext } from './platform/plaintext.ts'
import { type Values, variableOf } from './settings.ts'
import type { StoreKind } from './store/open.ts'
import type { BucketPlace } from './trail/delivery/bucket-setting.ts'
import type { S3Keys } from './trail/delivery/s3-bucket.ts'

/** What the server is told, read once and checked whole. */
export interface Config extends OutboundConfig {
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
  /** Files with a secret of the server's that the environment names. */
  readonly secretFiles: readonly string[]
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
  /** The first administrator's access key, where the operator chose it. */
  readonly adminKey?: { readonly id: string; readonly secret: string }
}

/** Every reason why the server cannot start, each naming its setting. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  constructor(problems: readonly string[]) {
    super(`Lockstep cannot start:\n${problems.map((problem) => `- ${problem}`).join('\n')}`)
  }
}

const SECRET_FILES = ['LOCKSTEP_PASSPHRASE_FILE', 'LOCKSTEP_SMTP_PASSWORD_FILE', 'PGPASSFILE'] as const

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
    store: storeOf(reader, data),
    listen,
    ...(accountId === undefined ? {} : { accountId }),
    moreAccounts: reader.list('accounts').map((id) => reader.accountIn('accounts', id)),
    region,
    regions: [...new Set([region, ...reader.list('regions').map((name) => reader.region('regions', name))])],
    rootKey: reader.text('root-key') ?? (data === 'memory' ? 'memory' : defaultRootKeySpec(data)),
    ...(env.LOCKSTEP_PASSPHRASE && { passphrase: Plaintext.fromText(env.LOCKSTEP_PASSPHRASE) }),
    ...(env.LOCKSTEP_PASSPHRASE_FILE && { passphraseFile: env.LOCKSTEP_PASSPHRASE_FILE }),
    secretFiles: SECRET_FILES.flatMap((name) => env[name] || []),
    ...(tls ? { tls } : {}),
    trustedProxies: reader.list('trusted-proxies').map((address) => reader.proxy(address)),
    limits: {
      address: reader.rate('limit-address'),
      principal: reader.rate('limit-principal'),
      failedSignature: reader.rate('limit-failed-signature'),
    },
    maxBodyBytes: reader.count('max-body-bytes'),
    functionDirectories: reader.directories('function-directories'),
    functions: functionsOf(reader),
    trailBuckets: bucketsOf(reader, region),
    ...(trailKeys && { trailKeys }),
    trailDeliveryMs: reader.period('trail-delivery-seconds'),
    trailDigestMs: reader.period('trail-digest-seconds'),
    lameDuckMs: reader.seconds('lame-duck-seconds') * 1000,
    logLevel: reader.logLevel(),
    ...outboundOf(reader, env),
    ...(adminKey ? { adminKey } : {}),
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return config
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
