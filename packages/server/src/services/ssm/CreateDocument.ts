import type { CreateDocumentRequest, CreateDocumentResult } from '@aws-sdk/client-ssm'
import { BUILT_IN_DOCUMENTS } from '../../fleet/built-in-documents.ts'
import { documentTarget, foundOf } from '../../fleet/find-document.ts'
import { writeOperation } from '../../gateway/operation.ts'
import {
  documentAlreadyExists,
  documentLimitExceeded,
  invalidDocumentContent,
  reservedDocumentName,
} from './document-errors.ts'
import { descriptionView } from './document-views.ts'
import { newVersion } from './documents.ts'
import { tagConditions, withTags } from './tags.ts'

/** @see https://docs.aws.amazon.com/general/latest/gr/ssm.html */
const MAX_DOCUMENTS = 500

/** @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateDocument.html */
const RESERVED_PREFIX = /^(?:aws|amazon|amzn)/i

/**
 * Makes a document with its first version.
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateDocument.html
 */
export const CreateDocument = writeOperation<CreateDocumentRequest, CreateDocumentResult>({
  action: 'ssm:CreateDocument',
  target: ({ Name }, ctx) => documentTarget(ctx, Name),
  keys: ({ Tags }) => tagConditions(Tags),
  also: ({ Name, Tags }, ctx) =>
    Tags?.length
      ? [
          {
            action: 'ssm:AddTagsToResource' as const,
            target: documentTarget(ctx, Name),
            keys: tagConditions(Tags),
          },
        ]
      : [],

  async run(input, ctx) {
    const { Name: name, DocumentType: type = 'Command', Tags = [] } = input
    const { account, region, store } = ctx
    if (type !== 'Command') {
      // DIVERGENCE: documents of other types, such as Automation, are refused: nothing here carries them out.
      throw invalidDocumentContent(`Documents of type ${type} are not supported.`)
    }
    if (BUILT_IN_DOCUMENTS.has(name) || RESERVED_PREFIX.test(name)) throw reservedDocumentName(name)
    if (await store.documents.find({ account, region }, name)) throw documentAlreadyExists(name)
    if ((await store.documents.count({ account, region })) >= MAX_DOCUMENTS)
      throw documentLimitExceeded(MAX_DOCUMENTS)
    const version = newVersion(input, 1, ctx.clock.now())
    const document = {
      ...{ account, region, name, defaultVersion: 1, latestVersion: 1 },
      tags: withTags({}, Tags),
      createdAt: ctx.clock.now(),
    }
    await store.documents.insert(document, version)
    return { DocumentDescription: descriptionView(foundOf(document), version) }
  },
})
