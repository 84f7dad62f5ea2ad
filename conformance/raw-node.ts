/** A node as no agent is: it signs what the test says, as docs/decisions/0013-node-link.md tells, and not with the agent's code. */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import type { FrameBody, Report, StepResult } from '@lockstep/wire'
import { demandLoopback } from './loopback.ts'

export type NodePath = '/agent/v1/stream' | '/agent/v1/poll' | '/agent/v1/report'

/** A request of a node, which may be sent any number of times. */
export interface SignedRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Told {
  readonly status: number
  readonly text: string
}

export interface Leave {
  readonly activationId: string
  readonly activationCode: string
}

export function newKey(): KeyObject {
  return generateKeyPairSync('ed25519').privateKey
}

/** Sends it as it is. A stream is read for as long as `listenMs` says. */
export async function say(endpoint: string, asked: SignedRequest, listenMs = 30_000): Promise<Told> {
  const limit = AbortSignal.timeout(listenMs)
  const answer = await fetch(new URL(asked.path, demandLoopback(endpoint)), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...asked.headers },
    body: asked.body,
    signal: limit,
  })
  let text = ''
  try {
    for await (const chunk of answer.body ?? []) text += Buffer.from(chunk).toString()
  } catch (error) {
    if (!limit.aborted) throw error
  }
  return { status: answer.status, text }
}

/** What a frame says; whoever signed it. */
export function bodyOf(line: string): FrameBody {
  return JSON.parse(JSON.parse(line).body)
}

/** A line as a server with this key says it. */
export function frameBy(key: KeyObject, body: FrameBody | string): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return JSON.stringify({ body: text, signature: sign(null, Buffer.from(text), key).toString('base64') })
}

const LOOPBACK = '127.0.0.1'

function factsOf(machineId: string, ipAddress: string): object {
  return {
    ...{ hostname: 'raw', ipAddress, sshPort: 22, platformType: 'Linux' },
    ...{ platformName: 'none', platformVersion: '1', agentVersion: '1.0', machineId, hostKeys: [] },
  }
}

/** The request by which a machine of its own asks to become a node. */
export function enrolment(
  leave: Leave,
  key: KeyObject,
  facts: object = factsOf(randomBytes(16).toString('hex'), LOOPBACK),
): SignedRequest {
  const { activationId, activationCode } = leave
  const publicKey = publicKeyOf(key)
  const asked = { activationId, activationCode, publicKey, facts }
  const proof = sign(null, Buffer.from(`lockstep register v1\n${JSON.stringify(asked)}`), key)
  const body = JSON.stringify({ ...asked, proof: proof.toString('base64') })
  return { path: '/agent/v1/register', headers: {}, body }
}

function publicKeyOf(key: KeyObject): string {
  const { x } = key.export({ format: 'jwk' })
  // The one header that SubjectPublicKeyInfo has for Ed25519 keys. @see https://www.rfc-editor.org/rfc/rfc8410
  const prefix = Buffer.from('302a300506032b6570032100', 'hex')
  return Buffer.concat([prefix, Buffer.from(x ?? '', 'base64url')]).toString('base64')
}

/** How a request is to differ from an honest one. */
interface Lie {
  /** Whom it claims to be from. */
  readonly as?: string
  readonly key?: KeyObject
  /** How far the node's clock is ahead. */
  readonly aheadMs?: number
}

const NOTHING: Report = { started: [], results: [], associations: [] }

export class RawNode {
  readonly id: string
  /** `ACCOUNT/REGION/mi-…` */
  readonly name: string
  readonly key: KeyObject
  readonly #endpoint: string
  readonly #facts: object
  readonly #session = randomBytes(16).toString('hex')

  private constructor(
    endpoint: string,
    name: string,
    { key, facts }: { readonly key: KeyObject; readonly facts: object },
  ) {
    this.#endpoint = endpoint
    this.#facts = facts
    this.name = name
    this.id = name.split('/').at(-1) ?? ''
    this.key = key
  }

  static async enrol(endpoint: string, leave: Leave, ipAddress = LOOPBACK): Promise<RawNode> {
    const key = newKey()
    const facts = factsOf(randomBytes(16).toString('hex'), ipAddress)
    const { status, text } = await say(endpoint, enrolment(leave, key, facts))
    if (status !== 200) throw new Error(`not enrolled: ${status} ${text}`)
    const { account, region, instanceId } = JSON.parse(text)
    return new RawNode(endpoint, `${account}/${region}/${instanceId}`, { key, facts })
  }

  request(
    path: NodePath,
    content: object,
    { as = this.name, key = this.key, aheadMs = 0 }: Lie = {},
  ): SignedRequest {
    const body = JSON.stringify(content)
    const at = new Date(Date.now() + aheadMs).toISOString()
    const nonce = randomBytes(16).toString('hex')
    const digest = createHash('sha256').update(body).digest('hex')
    const signature = sign(null, Buffer.from(['POST', path, as, at, nonce, digest].join('\n')), key)
    const headers = {
      'x-lockstep-node': as,
      'x-lockstep-at': at,
      'x-lockstep-nonce': nonce,
      authorization: `LOCKSTEP-ED25519 ${signature.toString('base64')}`,
    }
    return { path, headers, body }
  }

  listening(path: '/agent/v1/stream' | '/agent/v1/poll', lie?: Lie): SignedRequest {
    const content = { facts: this.#facts, session: this.#session, desiredGeneration: 0 }
    return this.request(path, content, lie)
  }

  reporting(report: Partial<Report>, lie?: Lie): SignedRequest {
    return this.request('/agent/v1/report', { ...NOTHING, ...report }, lie)
  }

  say(asked: SignedRequest, listenMs?: number): Promise<Told> {
    return say(this.#endpoint, asked, listenMs)
  }

  report(report: Partial<Report>): Promise<Told> {
    return this.say(this.reporting(report))
  }

  /** What one poll brings. */
  async poll(): Promise<readonly FrameBody[]> {
    const { status, text } = await this.say(this.listening('/agent/v1/poll'))
    if (status !== 200) throw new Error(`${status} ${text}`)
    return text.split('\n').filter(Boolean).map(bodyOf)
  }

  /** A report that a command's steps ended as `status` says, and printed `stdout`. */
  ended(
    commandId: string,
    steps: readonly string[],
    told: Pick<StepResult, 'status' | 'stdout'> & Partial<Pick<StepResult, 'stderr'>>,
  ): Partial<Report> {
    const at = new Date().toISOString()
    const exitCode = told.status === 'Success' ? 0 : 1
    const results = steps.map((name) => ({ stderr: '', ...told, name, exitCode, startedAt: at, endedAt: at }))
    return { results: [{ commandId, outcome: 'Completed', steps: results }] }
  }
}

const COMMAND_WITHIN_MS = 60_000

/** Waits for a command that was sent to a node; its steps' names. */
export async function takeCommand(node: RawNode, commandId: string): Promise<readonly string[]> {
  const endsAt = performance.now() + COMMAND_WITHIN_MS
  for (;;) {
    for (const body of await node.poll())
      if (body.kind === 'command' && body.command.commandId === commandId)
        return body.command.steps.map(({ name }) => name)
    if (performance.now() > endsAt) throw new Error(`${commandId} did not come`)
  }
}
