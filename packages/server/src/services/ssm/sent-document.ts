import { createHash } from 'node:crypto'
import type { SendCommandRequest } from '@aws-sdk/client-ssm'
import type { NodeStep, Validated } from '@lockstep/wire'
import { ParameterFault } from '../../fleet/document-fault.ts'
import { type CommandDocument, parseDocument } from '../../fleet/documents.ts'
import { type FoundDocument, findDocument, findVersion } from '../../fleet/find-document.ts'
import { resolve } from '../../fleet/resolve.ts'
import type { Context } from '../../gateway/context.ts'
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

export interface SentDocument {
  readonly found: FoundDocument
  readonly document: CommandDocument
  /** SHA-256, hexadecimal. */
  readonly hash: string
}

/**
 * The document that a command names, by name or ARN.
 * @throws InvalidDocument
 */
export async function findSentDocument(ctx: Context, { DocumentName }: Input): Promise<FoundDocument> {
  const place = { account: ctx.account, region: ctx.region }
  const found = await findDocument(ctx.store.documents, place, DocumentName)
  if (!found) throw noSuchDocument(DocumentName)
  return found
}

/** @throws InvalidDocumentVersion, and InvalidDocument for another hash than the content has */
export async function readSentDocument(
  ctx: Context,
  found: FoundDocument,
  input: Input,
): Promise<SentDocument> {
  const version = await findVersion(ctx.store.documents, found, { version: input.DocumentVersion })
  if (!version) throw noSuchDocumentVersion()
  const { content, format } = version
  demandHash(content, input)
  return { found, document: parseDocument(content, format), hash: digest('sha256', content) }
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

function demandHash(content: string, { DocumentHash: hash, DocumentHashType: type = 'Sha256' }: Input): void {
  if (hash === undefined) return
  const actual = digest(type === 'Sha1' ? 'sha1' : 'sha256', content)
  if (hash.toLowerCase() !== actual) throw otherDocumentHash()
}

function digest(algorithm: 'sha1' | 'sha256', content: string): string {
  return createHash(algorithm).update(content).digest('hex')
}
