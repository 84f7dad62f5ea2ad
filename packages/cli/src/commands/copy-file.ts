import { readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, join, posix } from 'node:path'
import { EC2Client } from '@aws-sdk/client-ec2'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import type { Address } from '@lockstep/workers/ssh/connect'
import { type FoundHost, findHost } from '@lockstep/workers/ssh/find-host'
import { knownHostKeys } from '@lockstep/workers/ssh/known-hosts'
import { connectWithSecret, type SecretSession } from '@lockstep/workers/ssh/with-secret-key'
import { Command } from 'commander'
import { CommandFailure, EXIT } from '../exit-codes.ts'
import { sshFailure } from '../ssh-failure.ts'
import { terminalLine } from '../terminal-line.ts'

const EXAMPLES = `
HOST is an instance id (i-… or mi-…), the tag Name, or the address of a node. The private key is read from the secret into
memory, and wiped: it is never on a disk. The host has to have a host key that the server keeps for it, or one of
--host-key or --known-hosts; at Amazon, where there is no such record, ~/.ssh/known_hosts is read unless told otherwise.
Needs secretsmanager:GetSecretValue for the secret and ec2:DescribeInstances, nothing else.

Exit codes: 0 copied, 1 failed (another host answers, a file cannot be written), 2 wrong usage, 3 no such secret, host or
file, 4 the node does not let the key in, or no permission, 5 not reachable.

Examples:
  lockstep copy-file ec2-user WorkerServer1 testfile.txt
  lockstep copy-file deploy i-0123456789abcdef0 *.csv --to inbox
  lockstep copy-file deploy 10.0.2.15 notes.txt --secret /dev/other --json
  lockstep copy-file deploy 10.0.2.15 notes.txt --known-hosts ~/.ssh/known_hosts
`

interface Flags {
  readonly secret: string
  readonly to?: string
  readonly port?: string
  readonly hostKey?: readonly string[]
  readonly knownHosts?: string
  readonly quiet?: true
  readonly json?: true
}

/** `lockstep copy-file`: a file to a node, with the key that a secret has now. */
export function copyFileCommand(): Command {
  return new Command('copy-file')
    .description('copy files to a node with the SSH key of a secret, which is never on a disk')
    .argument('<USER>', 'the account on the node')
    .argument('<HOST>', 'instance id, tag Name or address')
    .argument('<FILE...>', 'files to copy')
    .option('--secret <NAME>', 'the secret with PrivateKey', '/dev/ssh')
    .option('--to <DIR>', "directory on the node; without it, the user's home")
    .option('--port <PORT>', "the port of the node's sshd, where the server does not know it")
    .option('--host-key <LINE...>', "a key of the host's, such as 'ssh-ed25519 AAAA…'")
    .option('--known-hosts <FILE>', "the host's keys, as OpenSSH keeps them")
    .option('--quiet', 'print nothing where it worked')
    .option('--json', 'print a line of JSON for each file')
    .addHelpText('after', EXAMPLES)
    .action(copyFile)
}

async function copyFile(user: string, host: string, files: readonly string[], flags: Flags): Promise<void> {
  demandUser(user)
  for (const file of files) demandFile(file)
  const found = await findHost(new EC2Client({}), host).catch((error: unknown) => {
    throw sshFailure(error, host)
  })
  const address = addressOf(found, flags)
  const secrets = new SecretsManagerClient({})
  const interrupted = new AbortController()
  const stop = () => interrupted.abort(new CommandFailure(EXIT.failed, 'stopped before it was done'))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop)
  try {
    await connectWithSecret(
      { secrets, secretId: flags.secret, user, host: address, signal: interrupted.signal },
      (session) => copyAll(session, { files, flags, found }),
    )
  } catch (error) {
    throw sshFailure(error, host)
  }
}

interface Copying {
  readonly files: readonly string[]
  readonly flags: Flags
  readonly found: FoundHost
}

async function copyAll(session: SecretSession, { files, flags, found }: Copying): Promise<void> {
  for (const file of files) {
    const name = basename(file)
    const to = flags.to === undefined ? name : posix.join(flags.to, name)
    using line = terminalLine()
    const { bytes } = await session.upload(file, to, (sent, total) =>
      line.show(`${name}: ${sent} of ${total} bytes`),
    )
    line[Symbol.dispose]()
    if (flags.quiet) continue
    const { instanceId, name: hostName } = found
    const { versionId } = session
    const told = { file, to, bytes, instanceId, host: hostName, versionId }
    process.stdout.write(
      flags.json
        ? `${JSON.stringify(told)}\n`
        : `${file} -> ${hostName ?? instanceId}:${to}, ${bytes} bytes, with the key of version ${versionId}\n`,
    )
  }
}

/** Only keys that somebody vouches for: the server, or whoever runs this. */
function addressOf(found: FoundHost, { port, hostKey, knownHosts }: Flags): Address {
  const at = { host: found.host, port: port === undefined ? found.port : portOf(port) }
  if (hostKey !== undefined) return { ...at, hostKeys: hostKey }
  if (knownHosts !== undefined) return { ...at, hostKeys: keysIn(readFileSync(knownHosts, 'utf8'), at) }
  if (found.hostKeys.length > 0) return { ...at, hostKeys: found.hostKeys }
  const hostKeys = keysIn(readKnownHosts(), at)
  if (hostKeys.length > 0) return { ...at, hostKeys }
  throw new CommandFailure(
    EXIT.failed,
    `Nobody knows the host keys of ${found.instanceId}, so that another host could answer in its place. ` +
      'Name them with --host-key or --known-hosts.',
  )
}

function readKnownHosts(): string {
  try {
    return readFileSync(join(homedir(), '.ssh/known_hosts'), 'utf8')
  } catch {
    return ''
  }
}

function keysIn(
  text: string,
  { host, port }: { readonly host: string; readonly port: number },
): readonly string[] {
  return knownHostKeys(text, host, port)
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port > 0 && port < 65_536) return port
  throw new CommandFailure(EXIT.wrongUsage, '--port is a number from 1 to 65535')
}

function demandUser(user: string): void {
  if (/^[a-z_][a-z0-9_.-]{0,31}\$?$/i.test(user)) return
  throw new CommandFailure(EXIT.wrongUsage, `${JSON.stringify(user)} is no name of an account`)
}

function demandFile(file: string): void {
  if (statSync(file).isFile()) return
  throw new CommandFailure(EXIT.wrongUsage, `${file} is not a file; directories are not copied`)
}
