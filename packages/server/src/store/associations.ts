import type { Place } from './store.ts'

/** What nodes are brought to again and again: a document with parameters, for targets, on a schedule. */
export interface Association extends Place {
  /** A UUID. */
  readonly id: string
  /** The name of its document. */
  readonly document: string
  /** Of its settings, from 1. */
  readonly version: number
  readonly settings: AssociationSettings
  /** The document's parameters as JSON, sealed by the keyring; absent where there are none. */
  readonly sealedParameters?: Uint8Array | undefined
  readonly tags: Readonly<Record<string, string>>
  /** Which execution is the present one, from 1: each change and each StartAssociationsOnce begins another. */
  readonly execution: number
  readonly createdAt: Date
  /** When version {@link version} was made. */
  readonly updatedAt: Date
}

/** As the calls carry them, so that they can be shown again. */
export interface AssociationSettings {
  readonly associationName?: string | undefined
  /** `$DEFAULT`, `$LATEST` or a number. */
  readonly documentVersion: string
  readonly targets: readonly { readonly Key: string; readonly Values: readonly string[] }[]
  /** Where it was made for this one node in the old way, as the caller spelled it. */
  readonly instanceId?: string | undefined
  readonly scheduleExpression?: string | undefined
  readonly maxErrors?: string | undefined
  readonly maxConcurrency?: string | undefined
  readonly complianceSeverity?: string | undefined
  readonly syncCompliance?: string | undefined
  readonly applyOnlyAtCronInterval?: boolean | undefined
}

export interface AssociationVersion
  extends Pick<Association, 'document' | 'version' | 'settings' | 'sealedParameters'> {
  readonly createdAt: Date
}

/** One time that an association was to be carried out. */
export interface AssociationExecution {
  readonly number: number
  /** A UUID. */
  readonly id: string
  /** The association's then. */
  readonly associationVersion: number
  readonly createdAt: Date
}

export type TargetStatus = 'Success' | 'Failed' | 'TimedOut'

/** What a node reported of an execution last. */
export interface ExecutionTarget {
  readonly association: string
  readonly execution: number
  /** `mi-…`. */
  readonly node: string
  /** As the node was told it; another where document or schedule moved on since. */
  readonly version: string
  readonly status: TargetStatus
  /** How many steps ended how. */
  readonly steps: { readonly success: number; readonly failed: number; readonly timedOut: number }
  readonly executedAt: Date
}

/** What tells an association from others. */
export type AssociationKey = Pick<Association, 'account' | 'region' | 'id'>

export interface AssociationReader {
  /** In a transaction, holds its row. */
  find(place: Place, id: string): Promise<Association | undefined>
  /** The same without holding it, so that the reports of many nodes do not wait for each other. */
  look(place: Place, id: string): Promise<Association | undefined>
  /** By id, from behind `after`. */
  list(
    place: Place,
    page: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<readonly Association[]>
  count(place: Place): Promise<number>
  /** Whether an association uses the document; where a version is given, that one by its number. */
  usesDocument(place: Place, document: string, documentVersion?: number): Promise<boolean>
  version(association: AssociationKey, version: number): Promise<AssociationVersion | undefined>
  /** From the newest down, from below `before`. */
  versions(
    association: AssociationKey,
    page: { readonly before: number | undefined; readonly limit: number },
  ): Promise<readonly AssociationVersion[]>
  execution(association: AssociationKey, number: number): Promise<AssociationExecution | undefined>
  executionOfId(association: AssociationKey, id: string): Promise<AssociationExecution | undefined>
  /** From the newest down, from below `before`. */
  executions(
    association: AssociationKey,
    page: { readonly before: number | undefined; readonly limit: number },
  ): Promise<readonly AssociationExecution[]>
  /** By node, from behind `after`; of nodes that are registered still. */
  targets(
    association: AssociationKey,
    execution: number,
    page: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<readonly ExecutionTarget[]>
  /** What one node reported of the present executions of all associations. */
  targetsOfNode(place: Place, node: string): Promise<readonly ExecutionTarget[]>
  /** When any node last carried it out, and when with success. */
  lastExecuted(
    association: AssociationKey,
  ): Promise<{ readonly at: Date | undefined; readonly successAt: Date | undefined }>
}

/** Every method but {@link report} says that `associations` changed. */
export interface AssociationWriter extends AssociationReader {
  /** Adds an association with its first version and execution. */
  insert(association: Association, executionId: string): Promise<void>
  /** Writes a further version, with an execution of its own. */
  addVersion(association: Association, executionId: string): Promise<void>
  /** Begins a further execution of the same version. */
  addExecution(association: AssociationKey, execution: AssociationExecution): Promise<void>
  retag(association: Association, tags: Association['tags']): Promise<void>
  /** Removes it with versions, executions and what nodes reported. */
  remove(association: AssociationKey): Promise<void>
  /** Notes what a node reported, unless it reported something later already. */
  report(place: Place, target: ExecutionTarget): Promise<void>
}
