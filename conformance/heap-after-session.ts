/** A program that uses a secret's key, and counts in its own heap how many strings have a piece of it: within, and after. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeHeapSnapshot } from 'node:v8'
import { EC2Client } from '@aws-sdk/client-ec2'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { findHost } from '../packages/workers/src/ssh/find-host.ts'
import { connectWithSecret } from '../packages/workers/src/ssh/with-secret-key.ts'

const [, , secretId = '', user = '', named = ''] = process.argv

/** Bytes of the key that are looked for, changed so that this program's own copy is not found. */
const masked: Buffer[] = []

function count(): number {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-heap-'))
  try {
    const heap = readFileSync(writeHeapSnapshot(join(folder, 'heap')))
    return masked.filter((piece) => heap.includes(Buffer.from(piece.map((byte) => byte ^ 0xff)))).length
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const secrets = new SecretsManagerClient({})
const host = await findHost(new EC2Client({}), named)
const within = await connectWithSecret({ secrets, secretId, user, host }, async ({ key }) => {
  const bytes = key.reveal()
  for (let at = 150; at + 40 < bytes.length - 40; at += 71)
    masked.push(Buffer.from(bytes.subarray(at, at + 24).map((byte) => byte ^ 0xff)))
  // A string as a careless program would have it: it shows that such would be found.
  const held = { text: bytes.toString() }
  const found = count()
  return held.text.length > 0 ? found : -1
})
// What the SDK and ssh2 held until a moment ago.
await new Promise((resolve) => setTimeout(resolve, 500))
process.stdout.write(`within ${within}, after ${count()}\n`)
