/** `lockstep copy-file` and `lockstep nodes`, from a master's /root to real nodes, by somebody who may do nothing else. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { SendCommandCommand, SSMClient } from '@aws-sdk/client-ssm'
import type { Ending } from './process.ts'
import { type Caller, newUser, sdk } from './sdk.ts'
import { noNodes, SSH_USER, type SshNode } from './ssh-node.ts'
import { SshWorld } from './ssh-world.ts'

const reason = noNodes()
const options = reason === undefined ? {} : { skip: reason }
const LOCKSTEP = join(import.meta.dirname, '../packages/cli/bin/lockstep')
const ROTATED_WITHIN_MS = 120_000
const EXIT = { failed: 1, wrongUsage: 2, notFound: 3, denied: 4, unreachable: 5 }

let world: SshWorld
let master: SshNode
let worker: SshNode
let asMaster: Caller
let arn: string

before(async () => {
  if (reason !== undefined) return
  world = await SshWorld.start(0)
  master = await world.join({ tags: { Name: 'MasterServer' }, address: '127.0.0.10' })
  worker = await world.join({ tags: { Name: 'WorkerServer1', RotateSSHKeys: 'True' }, address: '127.0.0.11' })
  const keys = await newUser(
    world.caller,
    'master',
    {
      Effect: 'Allow',
      Action: 'secretsmanager:GetSecretValue',
      Resource: 'arn:aws:secretsmanager:*:*:secret:/dev/ssh*',
    },
    { Effect: 'Allow', Action: 'ec2:DescribeInstances', Resource: '*' },
  )
  asMaster = { ...world.caller, keys }
  const { ARN = '' } = await world.secrets.send(
    new CreateSecretCommand({
      Name: '/dev/ssh',
      SecretString: '{}',
      Tags: [
        { Key: 'lockstep:ssh-user', Value: SSH_USER },
        { Key: 'lockstep:ssh-drain-seconds', Value: '0' },
      ],
    }),
  )
  arn = ARN
  await world.secrets.send(new CreateSecretCommand({ Name: '/prod/db', SecretString: 'hunter2' }))
  await rotate()
  writeFileSync(join(master.folder, 'home/testfile.txt'), 'content')
})
after(async () => {
  if (reason === undefined) await world[Symbol.asyncDispose]()
})

async function rotate(): Promise<void> {
  const [, partition, , region, account] = arn.split(':')
  const RotationLambdaARN = `arn:${partition}:lambda:${region}:${account}:function:lockstep-rotate-ssh-key-pair`
  const { LastRotatedDate } = await world.secrets.send(new DescribeSecretCommand({ SecretId: arn }))
  await world.secrets.send(
    new RotateSecretCommand({
      SecretId: arn,
      RotationLambdaARN,
      RotationRules: { AutomaticallyAfterDays: 30 },
    }),
  )
  const limit = performance.now() + ROTATED_WITHIN_MS
  for (;;) {
    const now = await world.secrets.send(new DescribeSecretCommand({ SecretId: arn }))
    if (now.LastRotatedDate?.getTime() !== LastRotatedDate?.getTime()) return
    assert.ok(performance.now() < limit, `not rotated: ${world.server.stderr.slice(-4000)}`)
    await sleep(100)
  }
}

function environment({ endpoint, region, keys }: Caller): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
  }
}

/** `lockstep …` on the master. */
function lockstep(
  args: readonly string[],
  caller = asMaster,
  before: readonly string[] = [],
): Promise<Ending> {
  return master.run([...before, process.execPath, LOCKSTEP, ...args], environment(caller))
}

function copy(host: string, ...more: readonly string[]): Promise<Ending> {
  return lockstep(['copy-file', SSH_USER, host, 'testfile.txt', ...more])
}

/** What is between the lines of a PEM, but the first, which every unencrypted key has: any piece of it would do. */
function pieces(pem: string): readonly string[] {
  return pem
    .split('\n')
    .filter((line) => line.length > 20 && !line.startsWith('-----'))
    .slice(1)
}

test(
  'rows 37, 39: a file is copied by Name, id and address, and after a rotation with the new key',
  options,
  async () => {
    const home = join(worker.folder, 'home/testfile.txt')
    const versions = new Set<string>()
    for (const host of ['WorkerServer1', worker.id, worker.id.replace('mi-', 'i-'), '127.0.0.11']) {
      rmSync(home, { force: true })
      const { code, stdout, stderr } = await copy(host, '--json')
      assert.equal(code, 0, stderr)
      assert.equal(stderr, '')
      assert.equal(readFileSync(home, 'utf8'), 'content')
      const told: { bytes: number; host: string; versionId: string } = JSON.parse(stdout)
      assert.deepEqual([told.bytes, told.host], [7, 'WorkerServer1'])
      versions.add(told.versionId)
    }
    await rotate()
    const after = await copy('WorkerServer1')
    assert.equal(after.code, 0, after.stderr)
    const version =
      /^testfile\.txt -> WorkerServer1:testfile\.txt, 7 bytes, with the key of version (\S+)\n$/.exec(
        after.stdout,
      )
    assert.ok(version?.[1] && !versions.has(version[1]), after.stdout)
  },
)

test('how far it is is shown on a terminal, and only there', options, async (t) => {
  if (spawnSync('script', ['--version']).error) return t.skip('script is not installed')
  const command = `${process.execPath} ${LOCKSTEP} copy-file ${SSH_USER} WorkerServer1 testfile.txt`
  const { code, stdout } = await master.run(['script', '-qec', command, '/dev/null'], environment(asMaster))
  assert.equal(code, 0, stdout)
  const erase = '\r\u001b[K'
  assert.ok(
    stdout.startsWith(`${erase}testfile.txt: 7 of 7 bytes${erase}testfile.txt -> WorkerServer1:`),
    stdout,
  )
  const quiet = await copy('WorkerServer1', '--quiet')
  assert.deepEqual([quiet.code, quiet.stdout, quiet.stderr], [0, '', ''])
})

test(
  'rows 37, 41: no file that is written meanwhile is a key, and none on the master has a piece of it',
  options,
  async (t) => {
    if (spawnSync('strace', ['-V']).error) return t.skip('strace is not installed')
    const trace = join(master.folder, 'home/trace')
    const strace = [
      'strace',
      '-f',
      '-qq',
      '-s',
      '65536',
      '-e',
      'trace=openat,creat,write,pwrite64,writev',
      '-o',
      trace,
    ]
    const { code, stderr } = await lockstep(
      ['copy-file', SSH_USER, 'WorkerServer1', 'testfile.txt'],
      asMaster,
      strace,
    )
    assert.equal(code, 0, stderr)
    const lines = readFileSync(trace, 'utf8').split('\n')
    rmSync(trace)
    const written = lines.filter(
      (line) => /openat\(.*O_(WRONLY|RDWR|CREAT)|creat\(/.test(line) && !line.includes('= -1'),
    )
    const elsewhere = written.filter((line) => !/"\/(dev|proc)\//.test(line))
    assert.deepEqual(elsewhere, [])
    const { PrivateKey } = await world.current(arn)
    for (const piece of pieces(PrivateKey)) {
      assert.ok(
        !lines.some((line) => line.includes('write') && line.includes(piece)),
        'a piece of the key was written',
      )
      const found = spawnSync('grep', ['-rlF', '--', piece, master.folder, '/dev/shm', '/run', '/var/tmp'])
      assert.equal(String(found.stdout), '')
    }
  },
)

test("row 38: a program's heap has no piece of the key after its session", options, async (t) => {
  const script = join(import.meta.dirname, 'heap-after-session.ts')
  assert.ok(existsSync(script))
  const args = [process.execPath, '--expose-gc', script, arn, SSH_USER, 'WorkerServer1']
  const { code, stdout, stderr } = await master.run(args, environment(asMaster))
  assert.equal(code, 0, stderr)
  t.diagnostic(stdout.trim())
  assert.match(stdout, /^within \d+, after 0$/m)
  assert.doesNotMatch(stdout, /^within 0,/m)
})

test('row 40: what is enough for copy-file is enough for nothing else', options, async () => {
  const secrets = sdk(SecretsManagerClient, asMaster)
  const denied = { name: 'AccessDeniedException' }
  await secrets.send(new GetSecretValueCommand({ SecretId: '/dev/ssh' }))
  await assert.rejects(secrets.send(new GetSecretValueCommand({ SecretId: '/prod/db' })), denied)
  await assert.rejects(
    secrets.send(new PutSecretValueCommand({ SecretId: '/dev/ssh', SecretString: '{}' })),
    denied,
  )
  await assert.rejects(secrets.send(new DescribeSecretCommand({ SecretId: '/dev/ssh' })), denied)
  const command = new SendCommandCommand({
    DocumentName: 'AWS-RunShellScript',
    InstanceIds: [worker.id],
    Parameters: { commands: ['true'] },
  })
  await assert.rejects(sdk(SSMClient, asMaster).send(command), denied)
})

test('row 42: a node with a swapped host key is refused, and gets nothing', options, async () => {
  const home = join(worker.folder, 'home/testfile.txt')
  const hostKey = join(worker.folder, 'host_key')
  const [own, ownPublic] = [readFileSync(hostKey), readFileSync(`${hostKey}.pub`, 'utf8').trim()]
  rmSync(home, { force: true })
  await worker.stop()
  const other = readFileSync(join(master.folder, 'host_key'))
  writeFileSync(hostKey, other)
  writeFileSync(`${hostKey}.pub`, readFileSync(join(master.folder, 'host_key.pub')))
  // Somebody who took over the address, but not the node: its agent is another's.
  worker.startSshd()
  await untilListening(worker)
  const swapped = await copy('WorkerServer1')
  const believing = await copy('WorkerServer1', '--host-key', ownPublic)
  await worker.stop()
  writeFileSync(hostKey, own)
  writeFileSync(`${hostKey}.pub`, `${ownPublic}\n`)
  worker.start()
  await untilListening(worker)
  for (const { code, stdout, stderr } of [swapped, believing]) {
    assert.equal(code, EXIT.failed, stderr)
    assert.equal(stdout, '')
    assert.match(
      stderr,
      /^lockstep: WorkerServer1: another host answers: its key is none of those that are known\. Nothing was sent to it\./,
    )
  }
  assert.equal(existsSync(home), false)
  assert.equal((await copy('WorkerServer1')).code, 0)
})

async function untilListening({ address, port }: SshNode): Promise<void> {
  const limit = performance.now() + 10_000
  while (spawnSync('ssh-keyscan', ['-T', '2', '-p', String(port), address]).stdout.length === 0) {
    assert.ok(performance.now() < limit, 'sshd does not listen')
    await sleep(50)
  }
}

test('each kind of failure has its exit code and says what to do next', options, async () => {
  const knownHosts = join(master.folder, 'home/known_hosts')
  writeFileSync(knownHosts, '')
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [
      [SSH_USER, 'absent', 'testfile.txt'],
      EXIT.notFound,
      /There is no node absent that you may see\. HOST is/,
    ],
    [[SSH_USER, 'WorkerServer1', 'absent.txt'], EXIT.notFound, /absent\.txt/],
    [[SSH_USER, 'WorkerServer1', '.'], EXIT.wrongUsage, /\. is not a file/],
    [['-oProxyCommand=x', 'WorkerServer1', 'testfile.txt'], EXIT.wrongUsage, /unknown option/],
    [['a;b', 'WorkerServer1', 'testfile.txt'], EXIT.wrongUsage, /"a;b" is no name of an account/],
    [
      [SSH_USER, 'MasterServer', 'testfile.txt'],
      EXIT.denied,
      /MasterServer: it does not let the key in\. Is USER/,
    ],
    [
      [SSH_USER, 'WorkerServer1', 'testfile.txt', '--port', '1'],
      EXIT.unreachable,
      /ECONNREFUSED\. Is its sshd running/,
    ],
    [
      [SSH_USER, 'WorkerServer1', 'testfile.txt', '--secret', '/prod/db'],
      EXIT.denied,
      /not authorized to perform/,
    ],
    [
      [SSH_USER, 'WorkerServer1', 'testfile.txt', '--known-hosts', knownHosts],
      EXIT.failed,
      /none of its host keys is known/,
    ],
    [
      [SSH_USER, 'WorkerServer1', 'testfile.txt', '--to', 'absent'],
      EXIT.failed,
      /absent\/testfile\.txt was not written: there is no such directory\./,
    ],
  ]
  for (const [args, code, sentence] of cases) {
    const ended = await lockstep(['copy-file', ...args])
    assert.match(ended.stderr, sentence)
    assert.equal(ended.code, code, `${args.join(' ')}: ${ended.stderr}`)
    assert.equal(ended.stdout, '')
  }
  const { PrivateKey } = await world.current(arn)
  for (const piece of pieces(PrivateKey)) assert.ok(!world.server.stderr.includes(piece))
})

test(
  'a key that somebody put on a node is found by the audit, and one that only says it is managed',
  options,
  async () => {
    const authorized = join(worker.folder, 'home/.ssh/authorized_keys')
    const clean = await lockstep(['nodes', 'audit', '--stray'], world.caller)
    assert.equal(clean.code, 0, clean.stderr + clean.stdout)
    const before = readFileSync(authorized, 'utf8')
    const token = before.trim().split(' ').at(-1)
    const [type, blob] = readFileSync(join(master.folder, 'host_key.pub'), 'utf8').split(' ')
    appendFileSync(authorized, `${type} ${blob} ada@laptop\n${type} ${blob} ${token}\n`)
    const found = await lockstep(['nodes', 'audit', '--stray', '--json'], world.caller)
    writeFileSync(authorized, before)
    assert.equal(found.code, EXIT.failed)
    const nodes: { name: string; keys: { comment: string; owner: { is: string } }[] }[] = JSON.parse(
      found.stdout,
    )
    const keys = nodes
      .find(({ name }) => name === 'WorkerServer1')
      ?.keys.map(({ comment, owner }) => [comment, owner.is])
    assert.deepEqual(keys, [
      ['ada@laptop', 'stray'],
      [token, 'false'],
    ])
  },
)

test('the doctor finds a key that a node has lost, mends it, and finds nothing more', options, async () => {
  const authorized = join(worker.folder, 'home/.ssh/authorized_keys')
  const healthy = await lockstep(['rotation', 'doctor', '/dev/ssh'], world.caller)
  assert.equal(healthy.code, 0, healthy.stdout + healthy.stderr)
  rmSync(authorized)
  const ill = await lockstep(['rotation', 'doctor', '/dev/ssh'], world.caller)
  assert.equal(ill.code, EXIT.failed)
  assert.match(
    ill.stdout,
    new RegExp(
      `^${worker.id}: It does not let the current key in: .* Next: --mend gives it the key once more\\.$`,
      'm',
    ),
  )
  const mended = await lockstep(['rotation', 'doctor', '/dev/ssh', '--mend'], world.caller)
  assert.equal(mended.code, 0, mended.stdout + mended.stderr)
  assert.equal((await copy('WorkerServer1')).code, 0)
})

test(
  'a roll-back asks where it can, refuses where the old key has gone, and changes nothing then',
  options,
  async () => {
    const unasked = await lockstep(['rotation', 'rollback', '/dev/ssh'], world.caller)
    assert.equal(unasked.code, EXIT.wrongUsage)
    assert.match(unasked.stderr, /say --yes/)
    const refused = await lockstep(['rotation', 'rollback', '/dev/ssh', '--yes'], world.caller)
    assert.equal(refused.code, EXIT.failed)
    assert.match(
      refused.stderr,
      /The old key has been removed from nodes already\. Rotate the secret once more instead\./,
    )
    assert.equal((await copy('WorkerServer1')).code, 0)
  },
)

test(
  'the status of a rotation names the node that it waits for, and is watched to its end',
  options,
  async () => {
    await worker.stop()
    const rotated = rotate()
    let told = ''
    const limit = performance.now() + ROTATED_WITHIN_MS
    while (!/^Held up by WorkerServer1 \(.+\)\.$/m.test(told)) {
      assert.ok(performance.now() < limit, told)
      const { code, stdout, stderr } = await lockstep(['rotation', 'status', '/dev/ssh'], world.caller)
      assert.equal(code, 0, stderr)
      told = stdout
    }
    assert.match(told, /^State {13}rotating$/m)
    const watched = lockstep(['rotation', 'status', '/dev/ssh', '--watch'], world.caller)
    worker.start()
    await rotated
    const { code, stdout, stderr } = await watched
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^State {13}idle$/m)
    const last = stdout.slice(stdout.lastIndexOf('Secret  '))
    assert.match(last, new RegExp(`^${worker.id} {2}WorkerServer1 {2}done$`, 'm'))
    assert.doesNotMatch(last, /Held up/)
  },
)

test(
  'a rotation that a node holds up is gone back from, and the node is rid of its key when it returns',
  options,
  async () => {
    const before = readFileSync(join(worker.folder, 'home/.ssh/authorized_keys'), 'utf8')
    await worker.stop()
    const [, partition, , region, account] = arn.split(':')
    const RotationLambdaARN = `arn:${partition}:lambda:${region}:${account}:function:lockstep-rotate-ssh-key-pair`
    const { VersionId = '' } = await world.secrets.send(
      new RotateSecretCommand({
        SecretId: arn,
        RotationLambdaARN,
        RotationRules: { AutomaticallyAfterDays: 30 },
      }),
    )
    const limit = performance.now() + ROTATED_WITHIN_MS
    for (let told = ''; !told.includes('Held up by'); ) {
      assert.ok(performance.now() < limit, told)
      told = (await lockstep(['rotation', 'status', '/dev/ssh'], world.caller)).stdout
    }
    const { code, stdout, stderr } = await lockstep(
      ['rotation', 'rollback', '/dev/ssh', '--yes'],
      world.caller,
    )
    assert.equal(code, 0, stderr)
    assert.match(
      stdout,
      new RegExp(`^/dev/ssh: version \\S+ is current; the key of ${VersionId} is withdrawn\\.$`, 'm'),
    )
    assert.match(stdout, new RegExp(`^${worker.id} may still have it, until it returns: `, 'm'))
    worker.start()
    await untilListening(worker)
    assert.equal((await copy('WorkerServer1')).code, 0)
    const cleaned = performance.now() + ROTATED_WITHIN_MS
    for (let keys = ''; keys !== before; await sleep(100)) {
      keys = readFileSync(join(worker.folder, 'home/.ssh/authorized_keys'), 'utf8')
      assert.ok(performance.now() < cleaned, `${keys} is not ${before}`)
    }
  },
)

test('nodes are listed, tagged and removed, and an activation pins the server', options, async () => {
  const activated = await lockstep(['nodes', 'activate', '--tag', 'env=dev'], world.caller)
  assert.equal(activated.code, 0, activated.stderr)
  const [line = '', code = ''] = activated.stdout.split('\n')
  assert.match(
    line,
    /^lockstep-agent enrol --endpoint http:\S+ --activation-id [0-9a-f-]{36} --server-key SHA256:\S{43}$/,
  )
  assert.ok(code.length >= 20 && !line.includes(code))
  const tagged = await lockstep(['nodes', 'tag', 'WorkerServer1', 'env=dev'], world.caller)
  assert.equal(tagged.code, 0, tagged.stderr)
  const listed = await lockstep(['nodes', 'list', '--tag', 'env=dev', '--json'], world.caller)
  const [only]: { id: string; ping: string; tags: Record<string, string> }[] = JSON.parse(listed.stdout)
  assert.deepEqual([only?.id, only?.ping, only?.tags.env], [worker.id, 'Online', 'dev'])
  assert.equal((await lockstep(['nodes', 'untag', 'WorkerServer1', 'env'], world.caller)).code, 0)
  const gone = await lockstep(['nodes', 'list', '--tag', 'env=dev'], world.caller)
  assert.equal(gone.stdout, 'ID  NAME  PING  PLATFORM  ADDRESS  TAGS\n')
  assert.ok(readdirSync(worker.folder).includes('state'))
  const removed = await lockstep(['nodes', 'remove', 'WorkerServer1'], world.caller)
  assert.equal(removed.stdout, `${worker.id}\n`)
  assert.equal((await copy('WorkerServer1')).code, EXIT.notFound)
})
