import type { Context } from '../../gateway/context.ts'
import { invalidParameter } from './errors.ts'

/** @see https://docs.aws.amazon.com/sns/latest/api/API_AddPermission.html */
const LABEL = /^[A-Za-z0-9_-]{1,80}$/
const ACTIONS: ReadonlySet<string> = new Set([
  'AddPermission',
  'DeleteTopic',
  'GetTopicAttributes',
  'ListSubscriptionsByTopic',
  'Publish',
  'RemovePermission',
  'SetTopicAttributes',
  'Subscribe',
])

/** What AddPermission asks for. */
interface Permission {
  readonly label: string
  readonly accounts: readonly string[]
  readonly actions: readonly string[]
}

/** A policy as JSON has it; that it is one was checked when it was put. */
interface Document {
  readonly Statement: Readonly<Record<string, unknown>> | readonly Readonly<Record<string, unknown>>[]
  readonly [element: string]: unknown
}

/** The document with a statement more. @throws InvalidParameter */
export function withPermission(
  { partition }: Context,
  document: string,
  { label, accounts, actions }: Permission,
  arn: string,
): string {
  if (!LABEL.test(label)) throw invalidParameter('Label')
  const unknown = actions.find((action) => !ACTIONS.has(action))
  if (unknown !== undefined) throw invalidParameter('Policy statement action out of service scope!')
  const { policy, statements } = statementsOf(document)
  if (statements.some(({ Sid }) => Sid === label)) throw invalidParameter('Statement already exists')
  const roots = accounts.map((account) => `arn:${partition}:iam::${account}:root`)
  const added = {
    Sid: label,
    Effect: 'Allow',
    Principal: { AWS: roots.length === 1 ? roots[0] : roots },
    Action: actions.length === 1 ? `SNS:${actions[0]}` : actions.map((action) => `SNS:${action}`),
    Resource: arn,
  }
  return JSON.stringify({ ...policy, Statement: [...statements, added] })
}

/** The document without the statement of that label; undefined where none is left. @throws InvalidParameter */
export function withoutPermission(document: string, label: string): string | undefined {
  const { policy, statements } = statementsOf(document)
  const left = statements.filter(({ Sid }) => Sid !== label)
  if (left.length === statements.length) throw invalidParameter('Label Reason: Statement does not exist')
  return left.length === 0 ? undefined : JSON.stringify({ ...policy, Statement: left })
}

function statementsOf(document: string) {
  const policy = JSON.parse(document) as Document
  return { policy, statements: [policy.Statement].flat() }
}
