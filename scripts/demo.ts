/**
 * `npm run demo`: a server, a master and three workers on this machine, each worker a real sshd with an agent; an SSH key that
 * turns on all of them at once, and a file that is copied with it before and after. Everything goes again at the end.
 */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  RotateSecretCommand,
} from '@aws-sdk/client-secrets-manager'
import { type Caller, newUser } from '../conformance/sdk.ts'
import { noNodes, SSH_USER, type SshNode } from '../conformance/ssh-node.ts'
import { SshWorld } from '../conformance/ssh-world.ts'

/** Half a minute on a machine that does nothing else. */
const LIMIT_MS = 240_000
const ROTATED_WITHIN_MS = 60_000
const LOOK_AGAIN_MS = 200
const SECRET = '/dev/ssh'
const LOCKSTEP = join(import.meta.dirname, '../packages/cli/bin/lockstep')
const WORKERS = [1, 2, 3].map((n) => ({ name: `WorkerServer${n}`, address: `127.0.0.${n + 10}` }))
const MASTER = { name: 'MasterServer', address: '127.0.0.10' }

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function step(title: string): void {
  say(`\n== ${title}`)
}

async function walk(world: SshWorld): Promise<void> {
  step('One master and three workers join')
  const [master] = await Promise.all([
    world.join({ address: MASTER.address, tags: { Name: MASTER.name } }),
    ...WORKERS.map(({ name, address }) =>
      world.join({ address, tags: { Name: name, RotateSSHKeys: 'True' } }),
    ),
  ])
  await shown(master, administrator(world.caller), ['nodes', 'list'])
  const places = world.nodes.map(({ address, port }) => `${address}:${port}`).toSorted()
  say(`\nmaster   ${places[0]}\nworkers  ${places.slice(1).join(' ')}`)

  step('The master may read the key, find its nodes, and nothing else')
  const keys = await newUser(
    world.caller,
    'master',
    {
      Effect: 'Allow',
      Action: 'secretsmanager:GetSecretValue',
      Resource: `arn:aws:secretsmanager:*:*:secret:${SECRET}*`,
    },
    { Effect: 'Allow', Action: 'ec2:DescribeInstances', Resource: '*' },
  )
  const asMaster = administrator({ ...world.caller, keys })
  say('user master: secretsmanager:GetSecretValue on secret:/dev/ssh*, ec2:DescribeInstances')

  step(`{} is stored as ${SECRET}, and its rotation enabled`)
  const arn = await store(world)
  const first = await rotate(world, arn)
  await shown(master, administrator(world.caller), ['rotation', 'status', SECRET])

  step('A file goes from the master to each worker, with the key from memory')
  writeFileSync(join(master.folder, 'home/testfile.txt'), 'This file was copied by the master.\n')
  await copies(master, asMaster)

  step('The key turns, on all workers at once')
  const second = await rotate(world, arn)
  say(`before  ${first}\nafter   ${second}`)

  step('The same commands, with the new key')
  await copies(master, asMaster)

  step('Every key on every node, and whose it is')
  await shown(master, administrator(world.caller), ['nodes', 'audit'])

  step('Who did what')
  await shown(master, administrator(world.caller), ['trail', 'lookup', '--event-name', 'RotationSucceeded'])
  await shown(master, administrator(world.caller), ['trail', 'lookup', '--user', 'master'])
}

/** What `lockstep admin-env` sets, for whoever calls. */
function administrator({ endpoint, region, keys }: Caller): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
  }
}

async function copies(master: SshNode, env: Readonly<Record<string, string>>): Promise<void> {
  for (const { address } of WORKERS)
    await shown(master, env, ['copy-file', SSH_USER, address, 'testfile.txt'])
}

/** Runs a command on the master, as somebody would there. */
async function shown(
  master: SshNode,
  env: Readonly<Record<string, string>>,
  args: readonly string[],
): Promise<void> {
  say(`$ lockstep ${args.join(' ')}`)
  const { code, stdout, stderr } = await master.run([process.execPath, LOCKSTEP, ...args], env)
  process.stdout.write(stdout)
  if (code !== 0) throw new Error(`lockstep ${args.join(' ')} ended with ${code}: ${stderr}`)
}

async function store(world: SshWorld): Promise<string> {
  const { ARN = '' } = await world.secrets.send(
    new CreateSecretCommand({
      Name: SECRET,
      SecretString: '{}',
      Tags: [
        { Key: 'lockstep:ssh-user', Value: SSH_USER },
        // Nobody but this script uses the key.
        { Key: 'lockstep:ssh-drain-seconds', Value: '1' },
      ],
    }),
  )
  return ARN
}

/** Rotates, and answers the fingerprint of the key that is current then. */
async function rotate(world: SshWorld, SecretId: string): Promise<string> {
  const [, partition, , region, account] = SecretId.split(':')
  const RotationLambdaARN = `arn:${partition}:lambda:${region}:${account}:function:lockstep-rotate-ssh-key-pair`
  const before = await world.secrets.send(new DescribeSecretCommand({ SecretId }))
  await world.secrets.send(
    new RotateSecretCommand({ SecretId, RotationLambdaARN, RotationRules: { AutomaticallyAfterDays: 30 } }),
  )
  say(`$ aws secretsmanager rotate-secret --secret-id ${SECRET} --rotation-lambda-arn ${RotationLambdaARN}`)
  const limit = performance.now() + ROTATED_WITHIN_MS
  for (;;) {
    const now = await world.secrets.send(new DescribeSecretCommand({ SecretId }))
    if (now.LastRotatedDate?.getTime() !== before.LastRotatedDate?.getTime()) break
    if (performance.now() > limit) throw new Error(`${SECRET} was not rotated in time`)
    await sleep(LOOK_AGAIN_MS)
  }
  const { PublicKey } = await world.current(SecretId)
  const hash = createHash('sha256')
    .update(Buffer.from(PublicKey.split(' ')[1] ?? '', 'base64'))
    .digest('base64')
  return `SHA256:${hash.replace(/=+$/, '')}`
}

async function demo(): Promise<number> {
  const missing = noNodes()
  if (missing !== undefined) {
    process.stderr.write(
      `demo: ${missing}. It needs root, for its nodes' own /root, and sshd (apt-get install openssh-server).\n`,
    )
    return 1
  }
  const began = performance.now()
  step('A server of its own')
  const world = await SshWorld.start(0)
  const stopped = Promise.withResolvers<never>()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stopped.reject(new Error('stopped; everything has been cleaned up')))
  const limit = sleep(LIMIT_MS, undefined, { ref: false }).then(() => {
    throw new Error(`it took longer than ${LIMIT_MS / 1000} seconds`)
  })
  try {
    say(`lockstep ready ${world.server.url}`)
    await Promise.race([walk(world), stopped.promise, limit])
  } catch (error) {
    process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  } finally {
    await world[Symbol.asyncDispose]()
  }
  const seconds = Math.round((performance.now() - began) / 1000)
  say(`\n== Done in ${seconds} s; server, agents, sshds and their files are gone`)
  return 0
}

process.exitCode = await demo()
