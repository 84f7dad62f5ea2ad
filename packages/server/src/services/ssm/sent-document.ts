import { createHash } from 'node:crypto'
import type { SendCommandRequest } from '@aws-sdk/client-ssm'
import { formatArn, type NodeStep, parseArn, type Validated } from '@lockstep/wire'
import { BUILT_IN_DOCUMENTS } from '../../fleet/built-in-documents.ts'
import { ParameterFault } from '../../fleet/document-fault.ts'
import { type CommandDocument, parseDocument } from '../../fleet/documents.ts'
import { resolve } from '../../fleet/resolve.ts'
import type { Context, Target } from '../../gateway/context.ts'
import {
  commandTooLarge,
  invalidParameters,
  noSuchDocument,
  noSuchDocumentVersion,
  otherDocumentHash,
  unsupportedPlatform,
} from './command-errors.ts'

type Input = Pick<
  Validated<SendCommandRequest>,
  'DocumentName' | 'DocumentVersion' | 'DocumentHash' | 'DocumentHashType' | 'Parameters'
>

/** What a node is sent is as large as a secret's value at most. */
const MAX_STEPS_BYTES = 64 * 1024

export const DEFAULT_VERSION = '$DEFAULT'

export interface SentDocument {
  readonly name: string
  readonly document: CommandDocument
  /** SHA-256, hexadecimal. */
  readonly hash: string
}

/**
 * The document that a command names, by name or ARN.
 * @throws InvalidDocument, InvalidDocumentVersion
 */
export async function findSentDocument(_ctx: Context, input: Input): Promise<SentDocument> {
  const name = nameOf(input.DocumentName)
  const found = BUILT_IN_DOCUMENTS.get(name)
  if (!found) throw noSuchDocument(name)
  const { DocumentVersion: version = DEFAULT_VERSION } = input
  if (version !== DEFAULT_VERSION && version !== '$LATEST' && version !== '1') throw noSuchDocumentVersion()
  demandHash(found.content, input)
  return { name, document: parseDocument(found.content, 'JSON'), hash: digest('sha256', found.content) }
}

/** What policies are asked about, whether or not there is such a document. Amazon's own are of no account. */
export function documentTarget({ DocumentName }: Input, ctx: Context): Target {
  const { partition, region, account } = ctx
  const name = nameOf(DocumentName)
  const owner = BUILT_IN_DOCUMENTS.has(name) ? '' : (parseArn(DocumentName)?.account ?? account)
  const resource = `document/${name}`
  const arn = formatArn({ partition, service: 'ssm', region, account: owner, resource })
  return { arn, account, type: 'AWS::SSM::Document' }
}

/**
 * The steps that nodes run.
 * @throws InvalidParameters, UnsupportedPlatformType, MaxDocumentSizeExceeded
 */
export function stepsOf({ document }: SentDocument, { Parameters = {} }: Input): readonly NodeStep[] {
  const steps = resolved(document, Parameters)
  if (steps.length === 0) throw unsupportedPlatform()
  if (Buffer.byteLength(JSON.stringify([steps, Parameters])) > MAX_STEPS_BYTES) throw commandTooLarge()
  return steps
}

function resolved(document: CommandDocument, given: NonNullable<Input['Parameters']>): readonly NodeStep[] {
  try {
    return resolve(document, given)
  } catch (error) {
    if (error instanceof ParameterFault) throw invalidParameters(error.message)
    throw error
  }
}

function nameOf(nameOrArn: string): string {
  return parseArn(nameOrArn)?.resource.replace(/^document\//, '') ?? nameOrArn
}

function demandHash(content: string, { DocumentHash: hash, DocumentHashType: type = 'Sha256' }: Input): void {
  if (hash === undefined) return
  const actual = digest(type === 'Sha1' ? 'sha1' : 'sha256', content)
  if (hash.toLowerCase() !== actual) throw otherDocumentHash()
}

function digest(algorithm: 'sha1' | 'sha256', content: string): string {
  return createHash(algorithm).update(content).digest('hex')
}
