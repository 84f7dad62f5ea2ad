/** Every key that lets somebody in to a node, and whose it is. */
import { createHash } from 'node:crypto'
import { ListSecretsCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { GetCommandInvocationCommand, type SSMClient } from '@aws-sdk/client-ssm'
import { callFailed } from '../rotation/rotation-error.ts'
import { allVersionIds } from '../rotation/secret-versions.ts'
import { associatedScript } from '../rotation/ssh-key-pair/associations.ts'
import { runCommand } from '../rotation/ssh-key-pair/commands.ts'
import type { Pace } from '../rotation/ssh-key-pair/fleet.ts'
import { readSettings } from '../rotation/ssh-key-pair/settings.ts'
import { type AuthorizedKeyFound, auditScript, readAudit } from './audit-script.ts'

/** As much as one node may need to tell all its keys: some thousand. */
const MAX_PAGES = 40
const WAIT_MS = 120_000

export interface NodeAudit {
  readonly nodeId: string
  readonly keys: readonly AuthorizedKeyFound[]
  readonly notes: readonly string[]
  /** Why its keys are not known, or not all. */
  readonly failure: string | undefined
}

export interface Auditing {
  readonly ssm: SSMClient
  readonly pace: Pace
}

/** Asks each node, over its agent. One that does not answer is told of with its reason. */
export async function auditNodes(
  { ssm, pace }: Auditing,
  nodeIds: readonly string[],
): Promise<readonly NodeAudit[]> {
  const found = new Map<string, NodeAudit>()
  let asked: ReadonlyMap<number, readonly string[]> = new Map([[0, nodeIds]])
  for (let page = 0; page < MAX_PAGES && asked.size > 0; page++) {
    const next = new Map<number, string[]>()
    for (const [skip, ids] of asked) {
      const results = await runCommand(
        { ssm, pace, tag: {} },
        { comment: 'audit_keys', script: auditScript(skip), nodeIds: ids, maxErrors: '100%' },
        { awaited: ids, waitMs: WAIT_MS },
      )
      for (const nodeId of ids) {
        const result = results.get(nodeId)
        const before = found.get(nodeId) ?? { nodeId, keys: [], notes: [], failure: undefined }
        if (result?.state !== 'done' || result.commandId === undefined) {
          found.set(nodeId, { ...before, failure: result?.details ?? 'no answer' })
          continue
        }
        const told = readAudit(await outputOf(ssm, result.commandId, nodeId))
        const isStuck = !told.isWhole && told.told <= skip
        found.set(nodeId, {
          nodeId,
          keys: [...before.keys, ...told.keys],
          notes: [...new Set([...before.notes, ...told.notes])],
          failure: isStuck ? 'its answer was cut off' : undefined,
        })
        if (!told.isWhole && !isStuck) next.set(told.told, [...(next.get(told.told) ?? []), nodeId])
      }
    }
    asked = next
  }
  for (const nodeId of [...asked.values()].flat()) {
    const known = found.get(nodeId)
    if (known) found.set(nodeId, { ...known, failure: 'it has more keys than are asked for' })
  }
  return nodeIds.flatMap((id) => found.get(id) ?? [])
}

async function outputOf(ssm: SSMClient, CommandId: string, InstanceId: string): Promise<string> {
  try {
    const answer = await ssm.send(new GetCommandInvocationCommand({ CommandId, InstanceId }))
    return answer.StandardOutputContent ?? ''
  } catch (error) {
    throw callFailed('GetCommandInvocation', error)
  }
}

/** A secret whose key pairs are brought to nodes. */
export interface ManagedSecret {
  readonly name: string
  readonly versionIds: ReadonlySet<string>
  /** Version id to the fingerprint of the key that nodes are to have now. */
  readonly wanted: ReadonlyMap<string, string>
}

export type Owner =
  | { readonly is: 'managed'; readonly secret: string }
  /** Of a version whose key nodes are to have no longer. */
  | { readonly is: 'retired'; readonly secret: string }
  /** It has the name of a version whose key is another: somebody wants it to look managed. */
  | { readonly is: 'false'; readonly secret: string }
  | { readonly is: 'stray' }

/** A comment is anybody's to write: what counts is that the key is the one that the version has. */
export function ownerOf(
  { comment, fingerprint }: Pick<AuthorizedKeyFound, 'comment' | 'fingerprint'>,
  secrets: readonly ManagedSecret[],
): Owner {
  const of = secrets.find(({ versionIds, wanted }) => versionIds.has(comment) || wanted.has(comment))
  if (!of) return { is: 'stray' }
  const wanted = of.wanted.get(comment)
  if (wanted === undefined) return { is: 'retired', secret: of.name }
  return { is: wanted === fingerprint ? 'managed' : 'false', secret: of.name }
}

export interface Managing extends Auditing {
  readonly secrets: SecretsManagerClient
}

/** The secrets that rotate SSH keys, with what their associations bring to nodes. No value of theirs is read. */
export async function managedSecrets({ secrets, ssm }: Managing): Promise<readonly ManagedSecret[]> {
  const managed: ManagedSecret[] = []
  for (const { arn, name, tags } of await rotatingSecrets(secrets)) {
    const run = { secretArn: arn, clientRequestToken: '', secrets }
    const settings = readSettings({}, tags, arn)
    const tag = { Key: `tag:${settings.tagName}`, Values: [settings.tagValue] }
    const script = (await associatedScript({ ssm, tag, name: settings.associationName })) ?? []
    managed.push({ name, versionIds: await allVersionIds(run), wanted: fingerprintsIn(script) })
  }
  return managed
}

async function rotatingSecrets(secrets: SecretsManagerClient) {
  const found: { arn: string; name: string; tags: ReadonlyMap<string, string> }[] = []
  let NextToken: string | undefined
  do {
    try {
      const page = await secrets.send(new ListSecretsCommand({ MaxResults: 100, NextToken }))
      for (const { ARN = '', Name = '', RotationLambdaARN = '', Tags = [] } of page.SecretList ?? []) {
        const tags = new Map(Tags.map(({ Key = '', Value = '' }) => [Key, Value]))
        const isSsh =
          /ssh/i.test(RotationLambdaARN) || [...tags.keys()].some((key) => key.startsWith('lockstep:ssh-'))
        if (isSsh) found.push({ arn: ARN, name: Name, tags })
      }
      NextToken = page.NextToken || undefined
    } catch (error) {
      throw callFailed('ListSecrets', error)
    }
  } while (NextToken !== undefined)
  return found
}

function fingerprintsIn(script: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    script.flatMap((line) => {
      const [, blob, token] =
        /^(?:add=')?(?:ssh|ecdsa)-\S+ ([A-Za-z0-9+/=]+) ([A-Za-z0-9-]+)'?$/.exec(line) ?? []
      return blob === undefined || token === undefined ? [] : [[token, fingerprintOf(blob)] as const]
    }),
  )
}

/** As `ssh-keygen -l` prints it. */
export function fingerprintOf(blob: string): string {
  const hash = createHash('sha256').update(Buffer.from(blob, 'base64')).digest('base64')
  return `SHA256:${hash.replace(/=+$/, '')}`
}
