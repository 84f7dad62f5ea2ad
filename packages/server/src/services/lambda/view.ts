import { createHash } from 'node:crypto'
import type { Architecture, FunctionConfiguration, Runtime } from '@aws-sdk/client-lambda'
import { openVariables } from '../../functions/environment.ts'
import type { Context } from '../../gateway/context.ts'
import type { FunctionCode, FunctionRecord } from '../../store/functions.ts'
import { EPHEMERAL_STORAGE_MB } from './configuration.ts'
import { LATEST } from './names.ts'

/**
 * What the server's machine is: every function's architecture.
 * DIVERGENCE: AWS lets each function choose; ours run where the server does.
 */
export const ARCHITECTURE: Architecture = process.arch === 'arm64' ? 'arm64' : 'x86_64'

/** A function as every answer shows it; its environment to whoever may see it, as in AWS. */
export function configurationOf(ctx: Context, record: FunctionRecord): FunctionConfiguration {
  return {
    ...settingsOf(ctx, record),
    State: 'Active',
    LastUpdateStatus: 'Successful',
  }
}

/** The same without the states, which lists leave out. */
export function settingsOf(ctx: Context, record: FunctionRecord): FunctionConfiguration {
  const { code, sealedEnvironment } = record
  return {
    FunctionName: record.name,
    FunctionArn: record.arn,
    // Only the model's runtimes are stored.
    Runtime: record.runtime as Runtime,
    Role: record.roleArn,
    Handler: record.handler,
    CodeSize: code.kind === 'zip' ? code.sizeBytes : 0,
    CodeSha256: codeSha256(code),
    Description: record.description,
    Timeout: record.timeoutSeconds,
    MemorySize: record.memoryMb,
    // Lambda's own form of the instant: milliseconds, and a zone without a colon.
    LastModified: record.modifiedAt.toISOString().replace('Z', '+0000'),
    Version: LATEST,
    ...(sealedEnvironment && { Environment: { Variables: openVariables(record, ctx.keyring) } }),
    TracingConfig: { Mode: 'PassThrough' },
    RevisionId: record.revisionId,
    PackageType: 'Zip',
    Architectures: [ARCHITECTURE],
    EphemeralStorage: { Size: EPHEMERAL_STORAGE_MB },
    SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
    LoggingConfig: { LogFormat: 'Text', LogGroup: `/aws/lambda/${record.name}` },
  }
}

/** DIVERGENCE: what lies in a directory can change at any time; its digest is that of its path. */
function codeSha256(code: FunctionCode): string {
  if (code.kind === 'zip') return code.sha256
  const where = code.kind === 'directory' ? code.path : code.module
  return createHash('sha256').update(where).digest('base64')
}
