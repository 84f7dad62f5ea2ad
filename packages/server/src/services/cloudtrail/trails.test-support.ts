import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { CloudTrailClient, CreateTrailCommand, StartLoggingCommand } from '@aws-sdk/client-cloudtrail'
import type { Values } from '../../settings.ts'
import { type Keys, startServer, type TestServer } from '../../testing/server.ts'

/** For tests: a server whose trails may name the bucket `audit`, which is a directory. */
export interface TrailServer extends AsyncDisposable {
  readonly server: TestServer
  readonly folder: string
  /** The administrator's client. */
  readonly client: CloudTrailClient
  as(keys: Keys, region?: string): CloudTrailClient
  /** Time goes on, and everything that is due by then is done. */
  pass(seconds: number): Promise<void>
}

export const BUCKET = 'audit'

export async function startTrailServer(settings: Values = {}): Promise<TrailServer> {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-bucket-'))
  const server = await startServer({ settings: { 'trail-buckets': `${BUCKET}=dir:${folder}`, ...settings } })
  return {
    server,
    folder,
    client: server.sdk(CloudTrailClient, server.admin),
    as: (keys, region) => server.sdk(CloudTrailClient, keys, region),
    async pass(seconds) {
      server.clock.advance(seconds)
      await server.house.scheduler.settle()
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A trail that logs. */
export async function startTrail(
  client: CloudTrailClient,
  changes: Partial<ConstructorParameters<typeof CreateTrailCommand>[0]> = {},
): Promise<string> {
  const { Name = 'main', ...others } = changes
  const { TrailARN = '' } = await client.send(
    new CreateTrailCommand({ Name, S3BucketName: BUCKET, ...others }),
  )
  await client.send(new StartLoggingCommand({ Name }))
  return TrailARN
}

/** Every object of a bucket that is a directory, by key. */
export function objectsIn(folder: string): ReadonlyMap<string, Buffer> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  return new Map(names.map((path) => [path.slice(folder.length + 1), readFileSync(path)]))
}

/** A record of an event as far as tests look at it. */
export interface Recorded {
  readonly eventID: string
  readonly eventName: string
  readonly eventSource: string
  readonly awsRegion: string
  readonly readOnly: boolean
  readonly recipientAccountId: string
}

/** The records of every log file, those of one file after another. */
export function recordsIn(objects: ReadonlyMap<string, Buffer>): readonly Recorded[] {
  return [...objects]
    .filter(([key]) => key.includes('_CloudTrail_'))
    .flatMap(([, body]) => (JSON.parse(gunzipSync(body).toString()) as { Records: Recorded[] }).Records)
}

/** The names of the events, without those that are the test's own way of looking. */
export function namesIn(objects: ReadonlyMap<string, Buffer>): readonly string[] {
  return recordsIn(objects).map(({ eventName }) => eventName)
}
