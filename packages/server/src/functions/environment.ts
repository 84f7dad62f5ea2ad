import type { Keyring } from '../keyring/keyring.ts'
import type { FunctionRecord } from '../store/functions.ts'

/** Names to values. */
export type Variables = Readonly<Record<string, string>>

const utf8 = new TextEncoder()

/** Seals a function's environment variables for its row. */
export function sealVariables(variables: Variables, arn: string, keyring: Keyring): Uint8Array {
  return keyring.seal('function-environment', utf8.encode(JSON.stringify(variables)), { arn })
}

/** The function's environment variables, which may hold credentials. */
export function openVariables(
  { arn, sealedEnvironment }: Pick<FunctionRecord, 'arn' | 'sealedEnvironment'>,
  keyring: Keyring,
): Variables {
  if (!sealedEnvironment) return {}
  using opened = keyring.open('function-environment', sealedEnvironment, { arn })
  return JSON.parse(opened.text()) as Variables // sealed by sealVariables and nobody else
}

export interface ProcessEnvironment {
  readonly record: FunctionRecord
  /** `file.export`; where the code is ours, another than the record shows. */
  readonly handler: string
  readonly taskRoot: string
  /** A directory of the process's own, which holds `tmp`. */
  readonly work: string
  readonly runtimeApi: string
  readonly endpointUrl: string
  /** PEM certificates that the endpoint's is checked against. */
  readonly caFile?: string | undefined
  readonly logStream: string
  readonly credentials: Variables
  /** The function's own. */
  readonly variables: Variables
}

/**
 * The whole environment of a function's process: nothing of the server's own. The function's variables come under
 * other names until bootstrap/start.sh has given up every privilege, and never take the place of what Lambda defines.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
 */
export function environmentOf(of: ProcessEnvironment): Record<string, string> {
  const { record, work, caFile } = of
  const { name, region, memoryMb, runtime } = record
  const defined: Record<string, string> = {
    AWS_EXECUTION_ENV: `AWS_Lambda_${runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: of.logStream,
    AWS_LAMBDA_RUNTIME_API: of.runtimeApi,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ENDPOINT_URL: of.endpointUrl,
    AWS_EC2_METADATA_DISABLED: 'true',
    // No profile of whoever runs the server may decide where the function's calls go.
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    ...of.credentials,
    _HANDLER: of.handler,
    LAMBDA_TASK_ROOT: of.taskRoot,
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    HOME: work,
    TMPDIR: `${work}/tmp`,
    ...(caFile === undefined ? {} : { AWS_CA_BUNDLE: caFile, NODE_EXTRA_CA_CERTS: caFile }),
  }
  const changeable: Record<string, string> = {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
  }
  const own = Object.entries(of.variables).filter(
    ([name]) => isVariable(name) && !Object.hasOwn(defined, name),
  )
  return {
    ...changeable,
    ...defined,
    ...Object.fromEntries(own.map(([name, value]) => [`LOCKSTEP_VARIABLE_${name}`, value])),
    LOCKSTEP_VARIABLES: own.map(([name]) => name).join(' '),
  }
}

/** What a shell can export. */
function isVariable(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !name.startsWith('LOCKSTEP_VARIABLE')
}
