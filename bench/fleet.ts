/**
 * Suite `fleet`: what an idle node costs a server in memory and CPU, and how long one command takes to reach a thousand
 * nodes and come back.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import {
  CreateActivationCommand,
  ListCommandsCommand,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm'
import type { SimulatedFleet } from './fleet-nodes.ts'
import { REGION, startLockstep } from './lockstep.ts'
import type { Report } from './report.ts'
import { cpuMicroseconds } from './server.ts'

/** As many as one activation admits at most. */
const PER_ACTIVATION = 1_000
const IDLE_SECONDS = 20
const LOOK_MS = 50

/** @param nodes how many; 10,000 need as many open files, of this process and of the server */
export async function fleet(report: Report, { nodes }: { readonly nodes: number }): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'lockstep-bench-'))
  try {
    const { server, signer } = await startLockstep(data)
    await using _server = server
    const endpoint = `http://127.0.0.1:${server.port}`
    const { accessKeyId, secretAccessKey } = signer
    const options = { region: REGION, endpoint, credentials: { accessKeyId, secretAccessKey } }
    await makeRole(new IAMClient(options))
    const ssm = new SSMClient(options)
    const simulated = await connected(ssm, endpoint, nodes, () => rssOf(server.pid))
    using _nodes = { [Symbol.dispose]: () => void simulated.child.kill('SIGKILL') }
    await sleep(IDLE_SECONDS * 1_000)
    const perNode = (rssOf(server.pid) - simulated.rssBefore) / nodes
    report.note(
      `${nodes} idle nodes, each with a stream: ${(perNode / 1024).toFixed(1)} KiB of the server's memory for each.`,
    )
    const cpuBefore = cpuMicroseconds(server.pid)
    await sleep(IDLE_SECONDS * 1_000)
    const share = (cpuMicroseconds(server.pid) - cpuBefore) / (IDLE_SECONDS * 1_000_000)
    report.note(
      `${nodes} idle nodes: ${(share * 100).toFixed(1)} % of a core, pings and reports of presence.`,
    )
    await command(report, ssm, server.pid, nodes)
  } finally {
    rmSync(data, { recursive: true, force: true })
  }
}

async function makeRole(iam: IAMClient): Promise<void> {
  const trust = { Effect: 'Allow', Principal: { Service: 'ssm.amazonaws.com' }, Action: 'sts:AssumeRole' }
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [trust] })
  await iam.send(new CreateRoleCommand({ RoleName: 'nodes', AssumeRolePolicyDocument }))
}

interface Connected {
  readonly child: ChildProcess
  /** Of the server, once the nodes were enrolled and before they connected. */
  readonly rssBefore: number
}

async function connected(
  ssm: SSMClient,
  endpoint: string,
  count: number,
  rss: () => number,
): Promise<Connected> {
  const activations: { id: string; code: string }[] = []
  for (let i = 0; i < count; i += PER_ACTIVATION) {
    const { ActivationId: id = '', ActivationCode: code = '' } = await ssm.send(
      new CreateActivationCommand({
        IamRole: 'nodes',
        RegistrationLimit: PER_ACTIVATION,
        Tags: [{ Key: 'fleet', Value: 'bench' }],
      }),
    )
    activations.push({ id, code })
  }
  const child = fork(join(import.meta.dirname, 'fleet-nodes.ts'))
  const asked: SimulatedFleet = { endpoint, count, activations, perActivation: PER_ACTIVATION }
  child.send(asked)
  await once(child, 'message')
  // Enrolment leaves garbage, which would pass for what nodes cost, or hide it.
  await sleep(IDLE_SECONDS * 1_000)
  const rssBefore = rss()
  child.send('connect')
  await once(child, 'message')
  return { child, rssBefore }
}

async function command(report: Report, ssm: SSMClient, pid: number, nodes: number): Promise<void> {
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
