import type { CreateFunctionRequest, UpdateFunctionConfigurationRequest } from '@aws-sdk/client-lambda'
import { runtimeUnsupported, unavailable } from './errors.ts'

/** @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html */
const RUNTIMES = /^(?:nodejs(?:1[68]|2\d)\.x|python3\.(?:[89]|1\d)|provided\.al2(?:023)?)$/

/**
 * DIVERGENCE: AWS runs Java, .NET and Ruby as well; we run Node.js, Python and executables (`provided`), with the
 * versions that the server's machine has.
 */
export function demandRuntime(runtime: string): void {
  if (RUNTIMES.test(runtime)) return
  if (/^(?:nodejs|python|provided|go)/.test(runtime)) throw runtimeUnsupported(runtime)
  throw unavailable(`The runtime ${runtime}`)
}

type Settings = Omit<CreateFunctionRequest, 'Code' | 'FunctionName' | 'Role'> &
  Omit<UpdateFunctionConfigurationRequest, 'FunctionName'>

/**
 * Whatever a caller may send that says what is so anyway is taken; all else is refused, so that nobody takes a
 * setting for granted that does nothing.
 * @throws InvalidParameterValueException
 */
export function refuseUnavailable(input: Settings): void {
  for (const [what, isAsked] of asked(input)) if (isAsked) throw unavailable(what)
}

function asked(input: Settings): readonly (readonly [string, boolean])[] {
  const { VpcConfig, DeadLetterConfig, TracingConfig, Layers, LoggingConfig, EphemeralStorage } = input
  const hasNetwork = [VpcConfig?.SubnetIds, VpcConfig?.SecurityGroupIds].some((ids = []) => ids.length > 0)
  return [
    ['PackageType Image', (input.PackageType ?? 'Zip') !== 'Zip'],
    ['ImageConfig', input.ImageConfig !== undefined],
    ['Publish', input.Publish === true],
    ['PublishTo', input.PublishTo !== undefined],
    ['VpcConfig', hasNetwork],
    ['DeadLetterConfig', Boolean(DeadLetterConfig?.TargetArn)],
    ['KMSKeyArn', Boolean(input.KMSKeyArn)],
    ['TracingConfig Active', (TracingConfig?.Mode ?? 'PassThrough') !== 'PassThrough'],
    ['Layers', (Layers ?? []).length > 0],
    ['FileSystemConfigs', (input.FileSystemConfigs ?? []).length > 0],
    ['CodeSigningConfigArn', input.CodeSigningConfigArn !== undefined],
    ['EphemeralStorage', (EphemeralStorage?.Size ?? EPHEMERAL_STORAGE_MB) !== EPHEMERAL_STORAGE_MB],
    ['SnapStart', (input.SnapStart?.ApplyOn ?? 'None') !== 'None'],
    [
      'LoggingConfig',
      (LoggingConfig?.LogFormat ?? 'Text') !== 'Text' || LoggingConfig?.LogGroup !== undefined,
    ],
    ['TenancyConfig', input.TenancyConfig !== undefined],
    ['CapacityProviderConfig', input.CapacityProviderConfig !== undefined],
    ['DurableConfig', input.DurableConfig !== undefined],
  ]
}

/** What AWS gives each function that does not ask for more. */
export const EPHEMERAL_STORAGE_MB = 512
