/** Everywhere that something which the server wrote could be found. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { CloudTrailClient, paginateLookupEvents } from '@aws-sdk/client-cloudtrail'
import { type Caller, sdk } from './sdk.ts'
import { lockstep, type Server } from './server.ts'

export interface Place {
  readonly name: string
  readonly content: Buffer | string
  /** Of the data directory. */
  readonly isData: boolean
}

/** They hold keys on purpose, and only their owner may read them. */
const EXEMPT = ['root.key', 'administrators.json']

/** Every file of the data directory but the exempt, and whatever else holds what the server wrote. */
export function filesOf(server: Server): readonly Place[] {
  const names = readdirSync(server.directory, { recursive: true, withFileTypes: true })
  const files = names.filter((entry) => entry.isFile() && !EXEMPT.includes(entry.name))
  return [
    ...files.map(({ name, parentPath }) => ({
      ...{ name, content: readFileSync(join(parentPath, name)), isData: true },
    })),
    { name: 'standard output', content: server.stdout, isData: false },
    { name: 'the log', content: server.stderr, isData: false },
    ...argumentsOf(server.pid),
  ]
}

/** The command line of the server, which every user of the machine may read. */
function argumentsOf(pid: number): readonly Place[] {
  try {
    return [{ name: 'arguments', content: readFileSync(`/proc/${pid}/cmdline`), isData: false }]
  } catch {
    return []
  }
}

export async function pagesOf(admin: Caller, server: Server): Promise<readonly Place[]> {
  const page = async (path: string) => [path, await (await fetch(`${server.url}${path}`)).text()] as const
  const found: string[] = []
  const paginator = { client: sdk(CloudTrailClient, admin), pageSize: 50 }
  for await (const { Events } of paginateLookupEvents(paginator, {})) found.push(JSON.stringify(Events))
  const exported = await lockstep(['trail', 'export', '--data', server.directory])
  const looked = await lockstep(['trail', 'lookup', '--max', '5000', '--json'], await server.administrator())
  for (const { code, stderr } of [exported, looked]) assert.equal(code, 0, stderr)
  const pages = [
    await page('/metrics'),
    await page('/healthz'),
    ['LookupEvents', found.join('\n')],
    ['lockstep trail export', exported.stdout + exported.stderr],
    ['lockstep trail lookup', looked.stdout + looked.stderr],
  ] as const
  return pages.map(([name, content]) => ({ name, content, isData: false }))
}

/** The records that `trail export --cloudtrail` writes. */
export async function recordsOf(server: Server, directory: string): Promise<readonly Place[]> {
  const asked = ['trail', 'export', '--data', server.directory, '--cloudtrail', directory]
  const { code, stderr } = await lockstep(asked)
  assert.equal(code, 0, stderr)
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  return files
    .filter((file) => file.endsWith('.gz'))
    .map((file) => ({
      ...{ name: 'trail export --cloudtrail', content: gunzipSync(readFileSync(join(directory, file))) },
      isData: false,
    }))
}
