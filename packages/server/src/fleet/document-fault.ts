/** What is wrong with a document's content; the sentence may be shown to whoever sent it. */
export class DocumentFault extends Error {
  readonly about: 'content' | 'schema version' | 'size'

  constructor(about: 'content' | 'schema version' | 'size', message: string) {
    super(message)
    this.name = 'DocumentFault'
    this.about = about
  }
}

/** What is wrong with the values given for a document's parameters. Never shows a value: they may be secret. */
export class ParameterFault extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ParameterFault'
  }
}

export function contentFault(message: string): DocumentFault {
  return new DocumentFault('content', message)
}
