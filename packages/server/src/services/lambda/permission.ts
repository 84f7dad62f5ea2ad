import type { AddPermissionRequest } from '@aws-sdk/client-lambda'
import { bindPolicy } from '../../gateway/bound-policy.ts'
import type { Context } from '../../gateway/context.ts'
import { PolicySyntaxError } from '../../policy/faults.ts'
import { parsePolicy } from '../../policy/parse.ts'
import type { Policy } from '../../policy/policy.ts'
import type { BoundPolicy } from '../../store/bound-policy.ts'
import { invalidPrincipal, policyTooLong, unavailable } from './errors.ts'

/** @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_POLICY_BYTES = 20_480

/** A statement as Lambda writes it. */
export interface Statement {
  readonly Sid: string
  readonly [element: string]: unknown
}

/** The statement that AddPermission's members say, in the form that AWS gives them. */
export function statementOf(ctx: Context, input: AddPermissionRequest, arn: string): Statement {
  const { PrincipalOrgID, EventSourceToken, FunctionUrlAuthType, InvokedViaFunctionUrl } = input
  if (PrincipalOrgID !== undefined) throw unavailable('PrincipalOrgID')
  if (EventSourceToken !== undefined) throw unavailable('EventSourceToken')
  if (FunctionUrlAuthType !== undefined || InvokedViaFunctionUrl) throw unavailable('A function URL')
  const { SourceAccount, SourceArn } = input
  const condition = {
    ...(SourceAccount && { StringEquals: { 'AWS:SourceAccount': SourceAccount } }),
    ...(SourceArn && { ArnLike: { 'AWS:SourceArn': SourceArn } }),
  }
  return {
    Sid: input.StatementId ?? '',
    Effect: 'Allow',
    Principal: principalOf(ctx, input.Principal ?? ''),
    Action: input.Action,
    Resource: arn,
    ...(Object.keys(condition).length > 0 && { Condition: condition }),
  }
}

function principalOf({ partition }: Context, text: string): unknown {
  if (text === '*') return '*'
  if (/^\d{12}$/.test(text)) return { AWS: `arn:${partition}:iam::${text}:root` }
  if (text.startsWith('arn:')) return { AWS: text }
  if (/^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?$/.test(text)) return { Service: text }
  throw invalidPrincipal()
}

/**
 * The policy with one statement more, whose principals alone are bound now: those of the others were when they came.
 * @throws InvalidParameterValueException for a principal that does not exist; PolicyLengthExceededException
 */
export async function withStatement(
  ctx: Context,
  held: BoundPolicy | undefined,
  statement: Statement,
): Promise<BoundPolicy> {
  const alone = documentOf([statement])
  const added = await bindPolicy(ctx, alone, parse(alone), invalidPrincipal)
  const document = documentOf([...statementsOf(held?.document), statement])
  const bytes = Buffer.byteLength(document)
  if (bytes > MAX_POLICY_BYTES) throw policyTooLong(bytes, MAX_POLICY_BYTES)
  return {
    document,
    bound: documentOf([...statementsOf(held?.bound), ...statementsOf(added.bound)]),
    principals: { ...held?.principals, ...added.principals },
  }
}

/** The policy without one statement; nothing where that was all. */
export function withoutStatement(held: BoundPolicy, sid: string): BoundPolicy | undefined {
  const others = (document: string) => statementsOf(document).filter(({ Sid }) => Sid !== sid)
  const left = others(held.document)
  if (left.length === 0) return undefined
  const document = documentOf(left)
  const principals = Object.entries(held.principals).filter(([arn]) => document.includes(JSON.stringify(arn)))
  return { document, bound: documentOf(others(held.bound)), principals: Object.fromEntries(principals) }
}

/** The statements of a document that {@link documentOf} wrote. */
export function statementsOf(document: string | undefined): readonly Statement[] {
  if (document === undefined) return []
  const { Statement: statements } = JSON.parse(document) as { readonly Statement: readonly Statement[] }
  return statements
}

function documentOf(statements: readonly Statement[]): string {
  return JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: statements })
}

function parse(document: string): Policy {
  try {
    return parsePolicy(document, 'resource')
  } catch (error) {
    if (error instanceof PolicySyntaxError) throw invalidPrincipal()
    throw error
  }
}
