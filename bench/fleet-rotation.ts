/** Rotations of an SSH key pair over every simulated node with an sshd: how long, what of, and whether it is true. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  RotateSecretCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import type { Span, Told } from './fleet-nodes.ts'
import type { Report } from './report.ts'
import { cpuMicroseconds, DescendantsCpu } from './server.ts'

export const SSH_USER = 'deploy'
/** The tag by which the function finds nodes where nobody says another. */
export const ROTATED_TAG = { Key: 'RotateSSHKeys', Value: 'True' }

const FUNCTION = 'lockstep-rotate-ssh-key-pair'
const LOOK_MS = 50
const WITHIN_MS = 600_000
/** Between two calls of somebody who reads another secret meanwhile. */
const READ_EVERY_MS = 50
const IDLE_MS = 15_000

export interface RotatedFleet {
  readonly secrets: SecretsManagerClient
  /** The server's directory, for the function's log. */
  readonly data: string
  readonly serverPid: number
  readonly nodesPid: number
  readonly nodes: number
  tell(): Promise<Told>
}

/** The first rotation of a secret, and one that replaces its key. @throws AssertionError where a node shows otherwise */
export async function rotations(report: Report, fleet: RotatedFleet): Promise<void> {
  const { secrets, nodes } = fleet
  await secrets.send(new CreateSecretCommand({ Name: 'light', SecretString: 'x' }))
  const Tags = [
    { Key: 'lockstep:ssh-user', Value: SSH_USER },
    { Key: 'lockstep:ssh-drain-seconds', Value: '0' },
  ]
  const { ARN = '' } = await secrets.send(
    new CreateSecretCommand({ Name: 'fleet/ssh', SecretString: '{}', Tags }),
  )
  const idle = await reading(secrets, () => sleep(IDLE_MS))
  report.note(`GetSecretValue by one who reads while nothing else happens: ${told(idle.latenciesMs)}.`)
  for (const what of ['first key', 'new key in the place of the old']) {
    const { latenciesMs, done } = await reading(secrets, () => rotated(fleet, ARN))
    report.note(`A ${what} on ${nodes} nodes: ${done}`)
    report.note(`GetSecretValue meanwhile: ${told(latenciesMs)}.`)
  }
}

async function rotated(fleet: RotatedFleet, SecretId: string): Promise<string> {
  const { secrets, serverPid, nodesPid } = fleet
  await fleet.tell()
  const before = await secrets.send(new DescribeSecretCommand({ SecretId }))
  const functions = new DescendantsCpu(serverPid)
  const cpu = () => [cpuMicroseconds(serverPid), functions.microseconds, cpuMicroseconds(nodesPid)]
  const cpuBefore = cpu()
  const startedAtMs = Date.now()
  const { VersionId = '' } = await secrets.send(
    new RotateSecretCommand({
      SecretId,
      RotationLambdaARN: SecretId.replace(
        /:secretsmanager:(.*):secret:.*/,
        `:lambda:$1:function:${FUNCTION}`,
      ),
      RotationRules: { AutomaticallyAfterDays: 30 },
    }),
  )
  for (;;) {
    functions.look()
    const { LastRotatedDate: at } = await secrets.send(new DescribeSecretCommand({ SecretId }))
    if (at?.getTime() !== before.LastRotatedDate?.getTime()) break
    if (Date.now() > startedAtMs + WITHIN_MS) assert.fail(`not rotated: ${logOf(fleet).slice(-2_000)}`)
    await sleep(LOOK_MS)
  }
  const seconds = (Date.now() - startedAtMs) / 1_000
  const [server, ofFunction, simulated] = cpu().map((used, i) => (used - (cpuBefore[i] ?? 0)) / 1_000_000)
  const nodes = await fleet.tell()
  await proved(fleet, nodes, { SecretId, VersionId })
  return [
    `${seconds.toFixed(1)} s with a drain of none, which comes on top.`,
    `CPU: server ${server?.toFixed(1)} s, function ${ofFunction?.toFixed(1)} s, nodes and their sshds ${simulated?.toFixed(1)} s.`,
    `${stepsIn(logOf(fleet), startedAtMs)}.`,
    `Scripts that changed a file: ${spanOf(nodes.changed, startedAtMs)}; that found it right: ${spanOf(nodes.unchanged, startedAtMs)}.`,
  ].join(' ')
}

/** Every node holds the secret's key and no other, has let it in, and nobody was refused. */
async function proved(
  { secrets, nodes: count }: RotatedFleet,
  { nodes }: Told,
  { SecretId, VersionId }: { readonly SecretId: string; readonly VersionId: string },
): Promise<void> {
  const current = await secrets.send(new GetSecretValueCommand({ SecretId }))
  assert.equal(current.VersionId, VersionId)
  const { PublicKey } = JSON.parse(current.SecretString ?? '') as { readonly PublicKey: string }
  assert.ok(PublicKey.endsWith(` ${VersionId}`))
  assert.equal(nodes.length, count)
  for (const { lines, logins, refused } of nodes) {
    assert.deepEqual(lines, [PublicKey])
    // testSecret, and finishSecret before it moves the label.
    assert.deepEqual(logins, [[PublicKey, 2]])
    assert.equal(refused, 0)
  }
}

/** Somebody who reads a secret again and again for as long as `during` lasts. */
async function reading<Done>(secrets: SecretsManagerClient, during: () => Promise<Done>) {
  const latenciesMs: number[] = []
  let isOver = false
  const read = async () => {
    while (!isOver) {
      const sentAtMs = performance.now()
      await secrets.send(new GetSecretValueCommand({ SecretId: 'light' }))
      latenciesMs.push(performance.now() - sentAtMs)
      await sleep(READ_EVERY_MS)
    }
  }
  const reader = read()
  const done = await during().finally(() => {
    isOver = true
  })
  await reader
  return { latenciesMs, done }
}

function told(latenciesMs: readonly number[]): string {
  const sorted = latenciesMs.toSorted((a, b) => a - b)
  const at = (share: number) => (sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(1)
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms of ${sorted.length} calls`
}

function spanOf({ count, firstAtMs, lastAtMs }: Span, sinceMs: number): string {
  if (count === 0) return 'none'
  const seconds = (atMs: number) => ((atMs - sinceMs) / 1_000).toFixed(1)
  return `${count}, from ${seconds(firstAtMs)} s to ${seconds(lastAtMs)} s`
}

function logOf({ data }: RotatedFleet): string {
  // Its one account has one region here.
  const { accounts } = JSON.parse(readFileSync(join(data, 'administrators.json'), 'utf8')) as {
    readonly accounts: readonly [{ readonly account: string }]
  }
  return readFileSync(
    join(data, 'logs/functions', accounts[0].account, 'us-east-1', `${FUNCTION}.log`),
    'utf8',
  )
}

/** How long each invocation took, the start of its process included, by the function's log. */
function stepsIn(log: string, sinceMs: number): string {
  const startedAtMs = new Map<string, number>()
  const said: string[] = []
  for (const line of log.split('\n')) {
    const [at = '', request = '', text = ''] = line.split('\t')
    const atMs = Date.parse(at)
    if (!(atMs >= sinceMs)) continue
    if (text.startsWith('START ')) startedAtMs.set(request, atMs)
    assert.doesNotMatch(text, /rotation\.step\.failed|ssh\.node\.owed/)
    const step = /"rotation\.step\.done","step":"(\w+)"/.exec(text)?.[1]
    if (step) said.push(`${step} ${((atMs - (startedAtMs.get(request) ?? Number.NaN)) / 1_000).toFixed(1)} s`)
  }
  assert.equal(said.length, 4)
  return said.join(', ')
}
