import { createHash } from 'node:crypto'
import type { FunctionCode as RequestedCode } from '@aws-sdk/client-lambda'
import type { AwsError } from '@lockstep/wire'
import { allowedDirectory } from '../../functions/directories.ts'
import type { PreparationDoors } from '../../gateway/operation.ts'
import type { FunctionCode } from '../../store/functions.ts'
import {
  codeMissing,
  codeTwice,
  noSuchBucket,
  noSuchDirectory,
  unavailable,
  unzipFailed,
  zippedTooLarge,
} from './errors.ts'
import { faultOf } from './zip.ts'

/** @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_ZIPPED_BYTES = 52_428_800

/**
 * The bucket that stands for the server's own directories.
 *
 * DIVERGENCE: code from S3 is not available. S3Bucket `file` and an absolute path as S3Key name a directory on the
 * server, beneath one that the operator allowed by --function-directories.
 */
const DIRECTORIES = 'file'

/** Code as a caller gave it, checked; or why it is not taken, which is told to whoever may change the function. */
export type PreparedCode =
  | { readonly code: FunctionCode; readonly zip?: Uint8Array }
  | { readonly fault: AwsError }

/** Checks code before the transaction: a zip takes time, and directories are the file system's to know. */
export async function prepareCode(requested: RequestedCode, doors: PreparationDoors): Promise<PreparedCode> {
  const { ZipFile: zip, S3Bucket, S3Key } = requested
  const fault = unsupported(requested)
  if (fault) return { fault }
  if (zip === undefined) {
    if (S3Bucket === undefined || S3Key === undefined) return { fault: codeMissing() }
    if (S3Bucket !== DIRECTORIES) return { fault: noSuchBucket() }
    const path = await allowedDirectory(S3Key, doors.functionDirectories)
    return path === undefined ? { fault: noSuchDirectory() } : { code: { kind: 'directory', path } }
  }
  if (S3Bucket !== undefined || S3Key !== undefined) return { fault: codeTwice() }
  if (zip.length > MAX_ZIPPED_BYTES) return { fault: zippedTooLarge() }
  const broken = zip.length === 0 ? unzipFailed() : await faultOf(zip)
  if (broken) return { fault: broken }
  const sha256 = createHash('sha256').update(zip).digest('base64')
  return { code: { kind: 'zip', sha256, sizeBytes: zip.length }, zip }
}

function unsupported({
  ImageUri,
  S3ObjectVersion,
  SourceKMSKeyArn,
  ...code
}: RequestedCode): AwsError | undefined {
  if (ImageUri !== undefined) return unavailable('ImageUri')
  if (S3ObjectVersion !== undefined) return unavailable('S3ObjectVersion')
  if (SourceKMSKeyArn) return unavailable('SourceKMSKeyArn')
  if (code.S3ObjectStorageMode !== undefined) return unavailable('S3ObjectStorageMode')
  return undefined
}
