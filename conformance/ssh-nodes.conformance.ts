/** What a rotation of SSH keys does to real nodes: their files, their sshd's, their faults. */
import assert from 'node:assert/strict'
import {
  chownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import { ListCommandInvocationsCommand, ListCommandsCommand } from '@aws-sdk/client-ssm'
import { cleanEnvironment } from './loopback.ts'
import { finish } from './process.ts'
import { sdk } from './sdk.ts'
import { Scratch } from './server.ts'
import { withSsh } from './ssh-clients.ts'
import { NODE_USERS, noNodes, type SshNode, uidOf } from './ssh-node.ts'
import {
  begin,
  demandOneKey,
  failure,
  giveUp,
  newSecret,
  rotate,
  rotated,
  stages,
  told,
} from './ssh-rotating.ts'
import { SshWorld } from './ssh-world.ts'

const reason = noNodes()
const options = reason === undefined ? {} : { skip: reason }

const SMALL_BYTES = 512 * 1024
/** A little more than the first retry of a rotation waits. */
const RETRY_MS = 61_000

describe('a rotation of SSH keys', options, () => {
  let world: SshWorld
  let nodes: readonly [SshNode, SshNode, SshNode]
  /** Not among those that rotate by default. */
  let blue: SshNode
  before(async () => {
    world = await SshWorld.start(0)
    nodes = [
      await world.join(),
      await world.join({ homesBytes: SMALL_BYTES }),
      await world.join({ homesBytes: SMALL_BYTES }),
    ]
    blue = await world.join({ tags: { RotateSSHKeys: 'blue', Team: 'red' } })
  })
  after(async () => {
    await world?.[Symbol.asyncDispose]()
  })

  test('leaves other members of the secret; its keys are such as ssh-keygen loads, Ed25519 or RSA as the tag says', async () => {
    const text = '{ "note" : "mine",  "n": 1.50 }'
    const ada = await newSecret(world, '/nodes/ada', { user: 'ada' }, text)
    const ben = await newSecret(world, '/nodes/ben', { user: 'ben', 'key-type': 'rsa' })
    await Promise.all([rotate(world, ada), rotate(world, ben)])
    const { SecretString = '' } = await world.secrets.send(new GetSecretValueCommand({ SecretId: ada }))
    assert.ok(SecretString.startsWith('{ "note" : "mine",  "n": 1.50,'), 'other members are as they were')
    for (const [arn, user, bits, kind] of [
      [ada, 'ada', '256', 'ED25519'],
      [ben, 'ben', '2048', 'RSA'],
    ] as const) {
      const { PrivateKey, PublicKey } = await world.current(arn)
      assert.deepEqual(await loaded(PrivateKey, PublicKey), { line: withoutComment(PublicKey), bits, kind })
      for (const node of nodes) assert.equal(await withSsh(node, PrivateKey, user), '', node.id)
    }
  })

  test('after its end lets nobody in with the old key, and everybody with the new one', async () => {
    const arn = await newSecret(world, '/nodes/old', { user: 'hal', 'drain-seconds': '1' })
    await rotate(world, arn)
    const old = await world.current(arn)
    await rotate(world, arn)
    const { PrivateKey } = await world.current(arn)
    for (const node of nodes) {
      assert.match(await withSsh(node, old.PrivateKey, 'hal'), /Permission denied \(publickey/)
      assert.equal(await withSsh(node, PrivateKey, 'hal'), '')
    }
  })

  test('is of the nodes with the tag alone, whichever tag that is', async () => {
    await admitRotation(world, { Team: 'red' })
    for (const [settings, isBlue] of [
      [{ user: 'fay' }, false],
      [{ user: 'ivy', 'tag-value': 'blue' }, true],
      [{ user: 'jon', 'tag-name': 'Team', 'tag-value': 'red' }, true],
    ] as const) {
      const { user } = settings
      const arn = await newSecret(world, `/nodes/${user}`, settings)
      await rotate(world, arn)
      await demandOneKey(world, arn, { user, nodes: isBlue ? [blue] : nodes })
      for (const node of isBlue ? nodes : [blue]) assert.equal(node.authorizedKeys(user), '')
    }
  })

  test('leaves what is not its own in authorized_keys to the byte, follows a linked .ssh, makes one that is missing for its user alone', async () => {
    const [odd, missing, linked] = nodes
    const others = Buffer.concat([
      Buffer.from('# a comment\r\n\nssh-ed25519 AAAAother somebody\r\n\tno key at all \xff\n', 'latin1'),
      Buffer.from('ssh-rsa AAAAlast without an end'),
    ])
    makeSsh(odd, 'cyd', others)
    const keys = join(linked.home('cyd'), 'keys')
    mkdirSync(keys, { mode: 0o700 })
    chownSync(keys, uidOf(NODE_USERS.indexOf('cyd')), uidOf(NODE_USERS.indexOf('cyd')))
    symlinkSync('keys', join(linked.home('cyd'), '.ssh'))
    const arn = await newSecret(world, '/nodes/files', { user: 'cyd' })
    await rotate(world, arn)
    const first = await world.current(arn)
    await rotate(world, arn)
    const { PrivateKey, PublicKey } = await world.current(arn)
    const file = odd.authorizedKeysFile('cyd')
    assert.deepEqual(readFileSync(file), Buffer.concat([others, Buffer.from(`\n${PublicKey}\n`)]))
    assert.ok(readFileSync(`${file}.bak`, 'latin1').includes(first.PublicKey))
    assert.equal(readFileSync(join(keys, 'authorized_keys'), 'utf8'), `${PublicKey}\n`)
    assert.ok(lstatSync(join(linked.home('cyd'), '.ssh')).isSymbolicLink())
    const made = missing.authorizedKeysFile('cyd')
    assert.equal(readFileSync(made, 'utf8'), `${PublicKey}\n`)
    assert.deepEqual([dirname(made), made].map(ownership), [
      [0o700, uidOf(NODE_USERS.indexOf('cyd'))],
      [0o600, uidOf(NODE_USERS.indexOf('cyd'))],
    ])
    for (const node of nodes) assert.equal(await withSsh(node, PrivateKey, 'cyd'), '', node.id)
  })

  test('stops at nodes whose disk is full or read-only, names them, leaves their files; once they are mended it goes on and doubles nothing', async () => {
    const [well, readOnly, full] = nodes
    const arn = await newSecret(world, '/nodes/disks', { user: 'dee' })
    const first = await rotate(world, arn)
    const before = nodes.map((node) => node.authorizedKeys('dee'))
    const filler = join(full.home('dee'), 'filler')
    assert.throws(() => writeFileSync(filler, Buffer.alloc(SMALL_BYTES)), { code: 'ENOSPC' })
    await remount(readOnly, 'ro')
    const token = await begin(world, arn)
    const { step, message } = await failure(world, arn, token)
    assert.equal(step, 'setSecret')
    for (const { id } of [readOnly, full])
      assert.match(message, new RegExp(`${id} \\(Failed, .*(cannot|no room)`))
    assert.ok(!message.includes(well.id), message)
    assert.deepEqual((await stages(world, arn))[first], ['AWSCURRENT'])
    for (const [n, node] of nodes.entries())
      if (node !== well) assert.equal(node.authorizedKeys('dee'), before[n], node.id)
    const { lastError, nodes: standings } = await told(world, 'status', arn)
    assert.ok(lastError.includes(full.id) && lastError.includes(readOnly.id), lastError)
    assert.deepEqual(standings.map(({ phase }: { phase: string }) => phase).toSorted(), [
      'failed',
      'failed',
      'staged',
    ])

    rmSync(filler)
    await remount(readOnly, 'rw')
    world.ahead(RETRY_MS)
    await rotated(world, arn, token)
    await demandOneKey(world, arn, { user: 'dee', nodes })
    await rotate(world, arn)
    await demandOneKey(world, arn, { user: 'dee', nodes })
  })

  test('stops before its finish where an sshd does not answer, and names the node; the next one succeeds once it does', async () => {
    const [, , silent] = nodes
    const arn = await newSecret(world, '/nodes/silent', { user: 'eve' })
    const first = await rotate(world, arn)
    await silent.stopSshd()
    const token = await begin(world, arn)
    const { step, message } = await failure(world, arn, token)
    assert.equal(step, 'testSecret')
    assert.match(message, new RegExp(`1 node\\(s\\): ${silent.id} \\(no login: `))
    const labels = await stages(world, arn)
    assert.deepEqual([labels[first], labels[token]], [['AWSCURRENT'], ['AWSPENDING']])
    assert.match((await told(world, 'status', arn)).lastError, new RegExp(silent.id))
    const found = await told(world, 'doctor', arn)
    assert.ok(found.some(({ kind, nodeId }: Finding) => kind === 'away' && nodeId === silent.id))
    silent.startSshd()
    await giveUp(world, arn, token)
    await rotate(world, arn)
    await demandOneKey(world, arn, { user: 'eve', nodes })
  })

  test('fails where no node has the tag', async () => {
    const arn = await newSecret(world, '/nodes/none', { 'tag-value': 'nobody' })
    const { message } = await failure(world, arn, await begin(world, arn))
    assert.match(message, /There is no node with the tag/)
    assert.equal((await world.secrets.send(new GetSecretValueCommand({ SecretId: arn }))).SecretString, '{}')
  })

  test('is not deceived by an agent that says that it has done what it has not', async () => {
    const tags = { RotateSSHKeys: 'rogue' }
    const rogue = await world.join({ tags, isRogue: true })
    await world.tag(blue, tags)
    const arn = await newSecret(world, '/nodes/rogue', { user: 'gus', 'tag-value': 'rogue' })
    const token = await begin(world, arn)
    const { step, message } = await failure(world, arn, token)
    assert.deepEqual(await said(world, token), { [rogue.id]: 'Success', [blue.id]: 'Success' })
    assert.equal(step, 'testSecret')
    assert.match(message, new RegExp(`1 node\\(s\\): ${rogue.id} \\(it does not let the key in`))
    assert.equal((await world.secrets.send(new GetSecretValueCommand({ SecretId: arn }))).SecretString, '{}')
    assert.notEqual(blue.authorizedKeys('gus'), '')
    assert.equal(rogue.authorizedKeys('gus'), '')
  })
})

interface Finding {
  readonly kind: string
  readonly nodeId?: string
}

/** As the guide says for another tag than RotateSSHKeys. */
async function admitRotation({ caller }: SshWorld, tag: Readonly<Record<string, string>>): Promise<void> {
  const conditions = Object.entries(tag).map(([name, value]) => [`ssm:resourceTag/${name}`, value])
  const statement = {
    Effect: 'Allow',
    Action: ['ssm:SendCommand', 'ssm:CreateAssociation', 'ssm:UpdateAssociation'],
    Resource: ['arn:aws:ec2:*:*:instance/*', 'arn:aws:ssm:*:*:managed-instance/*'],
    Condition: { StringEquals: Object.fromEntries(conditions) },
  }
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
  await sdk(IAMClient, caller).send(
    new PutRolePolicyCommand({ RoleName: 'lockstep-rotation', PolicyName: 'another-tag', PolicyDocument }),
  )
}

/** What ssh-keygen makes of a pair. */
async function loaded(privateKey: string, publicKey: string) {
  using scratch = new Scratch()
  const file = join(scratch.path, 'key')
  writeFileSync(file, privateKey, { mode: 0o600 })
  writeFileSync(`${file}.pub`, `${publicKey}\n`)
  const env = cleanEnvironment(scratch.path)
  const { stdout: line, stderr } = await finish('ssh-keygen', ['-y', '-P', '', '-f', file], { env })
  assert.equal(stderr, '')
  const { stdout } = await finish('ssh-keygen', ['-l', '-f', `${file}.pub`], { env })
  const [, bits, kind] = /^(\d+) .*\((\w+)\)$/m.exec(stdout) ?? []
  return { line: withoutComment(line), bits, kind }
}

function withoutComment(line: string): string {
  return line.trim().split(' ').slice(0, 2).join(' ')
}

function makeSsh(node: SshNode, user: (typeof NODE_USERS)[number], content: Uint8Array): void {
  const file = node.authorizedKeysFile(user)
  mkdirSync(dirname(file), { mode: 0o700 })
  writeFileSync(file, content, { mode: 0o600 })
  const uid = uidOf(NODE_USERS.indexOf(user))
  for (const path of [dirname(file), file]) chownSync(path, uid, uid)
}

function ownership(path: string): readonly [number, number] {
  const { mode, uid } = statSync(path)
  return [mode & 0o777, uid]
}

async function remount({ folder }: SshNode, as: 'ro' | 'rw'): Promise<void> {
  const args = ['-o', `remount,${as}`, join(folder, 'homes')]
  const { code, stderr } = await finish('mount', args, { env: cleanEnvironment('/root') })
  assert.equal(code, 0, stderr)
}

/** How the key came to each node, by the nodes' word. */
async function said(world: SshWorld, token: string): Promise<Readonly<Record<string, string>>> {
  const { Commands = [] } = await world.ssm.send(new ListCommandsCommand({}))
  const add = Commands.findLast(({ Comment }) => Comment === `add_key ${token}`)
  const { CommandInvocations = [] } = await world.ssm.send(
    new ListCommandInvocationsCommand({ CommandId: add?.CommandId }),
  )
  return Object.fromEntries(CommandInvocations.map(({ InstanceId, Status }) => [InstanceId, Status]))
}
