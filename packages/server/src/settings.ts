/** One thing an operator may set: `--name`, `LOCKSTEP_NAME`, or `"name"` in lockstep.json, in this order. */
export interface Setting {
  readonly name: string
  /** What stands for the value in `--help`; absent for a flag that is only there or not. */
  readonly value?: string
  readonly fallback?: string
  /** One sentence for `--help`; says the unit. */
  readonly about: string
}

/** Every setting of `lockstep serve`; the command line shows this list as its help. */
export const SETTINGS = [
  {
    name: 'data',
    value: 'DIR',
    fallback: './.lockstep',
    about: 'where everything is kept; "memory" keeps nothing after the server ends',
  },
  {
    name: 'listen',
    value: 'HOST:PORT',
    fallback: '127.0.0.1:4600',
    about: 'the address to answer on; port 0 picks a free one',
  },
  {
    name: 'store',
    value: 'sqlite|postgres://…',
    fallback: 'sqlite',
    about:
      'where the state is: a file in the data directory, or a PostgreSQL that several servers share (its password belongs into LOCKSTEP_STORE, PGPASSWORD or a PGPASSFILE, not into the arguments)',
  },
  {
    name: 'account-id',
    value: 'ID',
    about: 'the 12-digit account made at the first start; generated when absent',
  },
  {
    name: 'accounts',
    value: 'ID,…',
    about: 'further 12-digit accounts, each made with an administrator of its own when new',
  },
  { name: 'region', value: 'NAME', fallback: 'us-east-1', about: 'the region this server is' },
  { name: 'regions', value: 'NAME,…', about: 'further regions the same server answers for' },
  {
    name: 'root-key',
    value: 'SPEC',
    about:
      'file:PATH, or passphrase (asked of LOCKSTEP_PASSPHRASE or the file LOCKSTEP_PASSPHRASE_FILE); default file:DIR/root.key',
  },
  {
    name: 'tls-cert',
    value: 'FILE',
    about: 'PEM certificate chain; with --tls-key the server speaks HTTPS only',
  },
  { name: 'tls-key', value: 'FILE', about: 'PEM private key of the certificate' },
  {
    name: 'insecure-plain-http',
    about:
      'answer plain HTTP beyond loopback: whoever sees the traffic reads every secret in it; only behind a proxy that speaks TLS',
  },
  {
    name: 'trusted-proxies',
    value: 'ADDRESS,…',
    about: 'peers whose X-Forwarded-For is believed for aws:SourceIp and the trail',
  },
  {
    name: 'limit-address',
    value: 'PER_SECOND/BURST',
    fallback: '20000/40000',
    about: 'calls from one address, before the signature is checked',
  },
  {
    name: 'limit-principal',
    value: 'PER_SECOND/BURST',
    fallback: '10000/20000',
    about: 'calls of one principal',
  },
  {
    name: 'limit-failed-signature',
    value: 'PER_SECOND/BURST',
    fallback: '10/100',
    about:
      'calls of one address with a bad signature or an unknown operation that get an event each; the others are summed up',
  },
  {
    name: 'lame-duck-seconds',
    value: 'SECONDS',
    fallback: '0',
    about:
      'after SIGTERM, how long /healthz is red while calls are still answered, so that a load balancer turns away first',
  },
  {
    name: 'trail-buckets',
    value: 'NAME=PLACE,…',
    about:
      'the buckets that trails may name: dir:/PATH, s3:https://HOST[/REGION] of any S3 service, s3:[REGION] of Amazon (its credentials come the AWS way, or from LOCKSTEP_TRAIL_S3_ACCESS_KEY_ID and LOCKSTEP_TRAIL_S3_SECRET_ACCESS_KEY)',
  },
  {
    name: 'trail-delivery-seconds',
    value: 'SECONDS',
    fallback: '300',
    about: 'how often a trail that is logging delivers a file',
  },
  {
    name: 'trail-digest-seconds',
    value: 'SECONDS',
    fallback: '3600',
    about: 'how often a trail with log file validation delivers a digest of its files',
  },
  {
    name: 'smtp-url',
    value: 'smtp[s]://[USER@]HOST[:PORT]',
    about:
      'the mail server that notices by e-mail are handed to; its password belongs into LOCKSTEP_SMTP_PASSWORD or the file LOCKSTEP_SMTP_PASSWORD_FILE',
  },
  { name: 'mail-from', value: 'ADDRESS', about: 'the sender of notices by e-mail' },
  {
    name: 'allow-outbound',
    value: 'CIDR,…',
    about:
      'addresses that notices may be posted to although they are not public, such as 10.20.0.0/16 for webhooks of your own',
  },
  {
    name: 'outbound-ca',
    value: 'FILE',
    about: 'PEM certificates that webhooks and the mail server may be signed by besides the well-known ones',
  },
  {
    name: 'public-url',
    value: 'URL',
    about: 'what links in notices begin with; default the address that is listened on',
  },
  {
    name: 'function-concurrency',
    value: 'COUNT',
    fallback: '16',
    about: 'how many functions run at once; more are turned away',
  },
  {
    name: 'function-user',
    value: 'UID[-UID]',
    about:
      'the user id that functions run as, or as many as may run at once, so that none can look into another; only for a server that runs as root',
  },
  {
    name: 'insecure-functions',
    about:
      "run users' functions even where this machine has no way to keep them from the server's own files: whoever may create a function can read the root key",
  },
  {
    name: 'function-python',
    value: 'PATH',
    fallback: 'python3',
    about: 'the interpreter of Python functions',
  },
  {
    name: 'function-endpoint',
    value: 'URL',
    about: "where functions reach this server, by a name that its certificate has; default: the server's own",
  },
  {
    name: 'function-ca',
    value: 'FILE',
    about: "PEM certificates that functions check the server's against",
  },
  { name: 'max-body-bytes', value: 'BYTES', fallback: '1048576', about: 'the largest request body' },
  {
    name: 'function-directories',
    value: 'DIR,…',
    about:
      'absolute directories beneath which functions may have their code; whoever can write there decides what runs',
  },
  { name: 'log-level', value: 'LEVEL', fallback: 'info', about: 'debug, info, warn, error or silent' },
] as const satisfies readonly Setting[]

export type SettingName = (typeof SETTINGS)[number]['name']

/** Values by setting; a flag without a value is `true`. */
export type Values = Readonly<Partial<Record<SettingName, string>>>

/** The environment variable of a setting: `account-id` is LOCKSTEP_ACCOUNT_ID. */
export function variableOf(name: SettingName): string {
  return `LOCKSTEP_${name.toUpperCase().replaceAll('-', '_')}`
}
