/**
 * Suite `fleet`: what an idle node costs a server in memory and CPU, how long one command takes to reach a thousand
 * nodes and come back, and how long a rotation of the SSH key on all of them. Suite `crowd`: the first of these with ten
 * thousand.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import {
  CreateActivationCommand,
  ListCommandsCommand,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm'
import type { SimulatedFleet, Told } from './fleet-nodes.ts'
import { ROTATED_TAG, rotations, SSH_USER } from './fleet-rotation.ts'
import { REGION, startLockstep } from './lockstep.ts'
import type { Report } from './report.ts'
import { cpuMicroseconds, type Process } from './server.ts'

/** As many as one activation admits at most. */
const PER_ACTIVATION = 1_000
const IDLE_SECONDS = 20
/** In which each node says once by itself that it is there. */
const WATCHED_SECONDS = 120
const LOOK_MS = 50

export function fleet(report: Report, { nodes }: { readonly nodes: number }): Promise<void> {
  return withNodes({ count: nodes, sshds: nodes }, async (world) => {
    await idle(report, world)
    await command(report, world)
    const { server, child, secrets, data } = world
    await rotations(report, {
      ...{ secrets, data, nodes, serverPid: server.pid, nodesPid: child.pid ?? 0 },
      tell: () => tell(child),
    })
  })
}

/** As many open files as nodes, of the server and of the nodes' process: raise `ulimit -n` where it is lower. */
export function crowd(report: Report, { crowd: count }: { readonly crowd: number }): Promise<void> {
  return withNodes({ count, sshds: 0 }, (world) => idle(report, world))
}

interface World {
  readonly server: Process
  readonly ssm: SSMClient
  readonly secrets: SecretsManagerClient
  readonly data: string
  readonly count: number
  readonly child: ChildProcess
  /** Of the server, once the nodes were enrolled and before they connected. */
  readonly rssBefore: number
}

interface Wanted {
  readonly count: number
  /** How many have an sshd. */
  readonly sshds: number
}

async function withNodes(wanted: Wanted, act: (world: World) => Promise<void>): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'lockstep-bench-'))
  try {
    const { server, signer } = await startLockstep(data)
    await using _server = server
    const endpoint = `http://127.0.0.1:${server.port}`
    const { accessKeyId, secretAccessKey } = signer
    const options = { region: REGION, endpoint, credentials: { accessKeyId, secretAccessKey } }
    await makeRole(new IAMClient(options))
    const ssm = new SSMClient(options)
    const child = fork(join(import.meta.dirname, 'fleet-nodes.ts'))
    using _nodes = { [Symbol.dispose]: () => void child.kill('SIGKILL') }
    const asked = await askedOf(ssm, endpoint, wanted)
    const rssBefore = await connected(child, asked, () => rssOf(server.pid))
    const secrets = new SecretsManagerClient(options)
    await act({ server, ssm, secrets, data, child, rssBefore, count: wanted.count })
  } finally {
    rmSync(data, { recursive: true, force: true })
  }
}

async function idle(report: Report, { server, child, rssBefore, count }: World): Promise<void> {
  await sleep(IDLE_SECONDS * 1_000)
  const perNode = (rssOf(server.pid) - rssBefore) / count
  report.note(
    `${count} idle nodes, each with a stream: ${(perNode / 1024).toFixed(1)} KiB of the server's memory for each, ${(rssOf(server.pid) / 2 ** 20).toFixed(0)} MiB in all.`,
  )
  const pids = [server.pid, child.pid ?? 0]
  const cpuBefore = pids.map(cpuMicroseconds)
  await sleep(WATCHED_SECONDS * 1_000)
  const [ofServer, ofNodes] = pids.map(
    (pid, i) => ((cpuMicroseconds(pid) - (cpuBefore[i] ?? 0)) / (WATCHED_SECONDS * 1_000_000)) * 100,
  )
  report.note(
    `${count} idle nodes: ${ofServer?.toFixed(1)} % of a core, pings and reports of presence; the process of all ${count} agents uses ${ofNodes?.toFixed(1)} %.`,
  )
}

async function makeRole(iam: IAMClient): Promise<void> {
  const trust = { Effect: 'Allow', Principal: { Service: 'ssm.amazonaws.com' }, Action: 'sts:AssumeRole' }
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [trust] })
  await iam.send(new CreateRoleCommand({ RoleName: 'nodes', AssumeRolePolicyDocument }))
}

/** Where the nodes enrol: one activation for each thousand. */
async function askedOf(ssm: SSMClient, endpoint: string, { count, sshds }: Wanted): Promise<SimulatedFleet> {
  const activations: { id: string; code: string }[] = []
  for (let first = 0; first < count; first += PER_ACTIVATION) {
    const Tags = [{ Key: 'fleet', Value: 'bench' }, ...(first < sshds ? [ROTATED_TAG] : [])]
    const { ActivationId: id = '', ActivationCode: code = '' } = await ssm.send(
      new CreateActivationCommand({ IamRole: 'nodes', RegistrationLimit: PER_ACTIVATION, Tags }),
    )
    activations.push({ id, code })
  }
  const ssh = { count: sshds, user: SSH_USER }
  return { endpoint, count, activations, perActivation: PER_ACTIVATION, ssh }
}

/** Answers the server's memory before they connected. */
async function connected(child: ChildProcess, asked: SimulatedFleet, rss: () => number): Promise<number> {
  await answered(child, asked)
  // Enrolment leaves garbage, which would pass for what nodes cost, or hide it.
  await sleep(IDLE_SECONDS * 1_000)
  const rssBefore = rss()
  await answered(child, 'connect')
  return rssBefore
}

async function tell(child: ChildProcess): Promise<Told> {
  return (await answered(child, 'tell')) as Told // fleet-nodes.ts's own answer
}

/** @throws Error where the nodes' process has ended instead */
async function answered(child: ChildProcess, asked: SimulatedFleet | string): Promise<unknown> {
  const over = new AbortController()
  child.send(asked)
  try {
    const { signal } = over
    return await Promise.race([
      once(child, 'message', { signal }).then(([answer]) => answer),
      once(child, 'exit', { signal }).then(([code]) => {
        throw new Error(`the nodes' process ended with ${code}`)
      }),
    ])
  } finally {
    over.abort()
  }
}

async function command(report: Report, { ssm, server: { pid }, count: nodes }: World): Promise<void> {
  const cpuBefore = cpuMicroseconds(pid)
  const startedAtMs = performance.now()
  const { Command } = await ssm.send(
    new SendCommandCommand({
      DocumentName: 'AWS-RunShellScript',
      Targets: [{ Key: 'tag:fleet', Values: ['bench'] }],
      MaxConcurrency: '100%',
      Parameters: { commands: ['true'] },
    }),
  )
  const sentMs = performance.now() - startedAtMs
  for (;;) {
    const { Commands } = await ssm.send(new ListCommandsCommand({ CommandId: Command?.CommandId ?? '' }))
    const [{ Status, CompletedCount = 0, TargetCount = 0 } = {}] = Commands ?? []
    if (Status !== 'Pending' && Status !== 'InProgress') {
      const tookMs = performance.now() - startedAtMs
      const cpuMs = (cpuMicroseconds(pid) - cpuBefore) / 1_000
      report.note(
        `One command to ${nodes} nodes by tag: ${Status}, ${CompletedCount} of ${TargetCount} reported back after ${(tookMs / 1_000).toFixed(1)} s (SendCommand itself ${sentMs.toFixed(0)} ms); ${cpuMs.toFixed(0)} ms of the server's CPU.`,
      )
      return
    }
    await sleep(LOOK_MS)
  }
}

/** Resident memory of a process, in bytes. */
function rssOf(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kib) * 1024
}
