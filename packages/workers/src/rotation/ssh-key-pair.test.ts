import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from '../ssh/openssh.test-support.ts'
import { STEPS } from './rotator.ts'
import { KeyWorld } from './ssh-key-pair/world.test-support.ts'

const OTHER_LINE = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBy8E7gEXN9mBnVzJg3Yl1M0SThlkPFVUTYMqIqyjEfZ ada@host'

function write(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeFileSync(path, content, { mode: 0o600 })
}

test('{} becomes a key pair that every tagged node lets in, an untagged one does not, and each step may come twice', async () => {
  await using world = await KeyWorld.start(3)
  const { aws, rotator } = world
  aws.nodes[2]?.tags.clear()
  const run = world.newRun()
  for (const step of STEPS) for (const _ of ['once', 'twice']) await rotator[step](run)
  const pair = await world.pair()
  assert.ok(pair.PublicKey.endsWith(` ${run.clientRequestToken}`))
  for (const node of aws.nodes.slice(0, 2)) {
    assert.equal((await world.logIn(node, pair)).outcome, 'ok')
    assert.equal(node.sshd.keys(), `${pair.PublicKey}\n`)
  }
  assert.equal(aws.nodes[2]?.sshd.keys(), '')
  const add = aws.commands.find(({ Comment }) => Comment === `add_key ${run.clientRequestToken}`)
  assert.equal(add?.DocumentName, 'AWS-RunShellScript')
  assert.deepEqual(add?.Targets, [{ Key: 'tag:RotateSSHKeys', Values: ['True'] }])
  assert.ok(add?.MaxErrors)
})

test('the next rotation replaces the key, leaves other lines and other members, and keeps the old file beside', async () => {
  const text = '{ "note" : "mine",  "n": 1.50 }'
  await using world = await KeyWorld.start(1, { DRAIN_SECONDS: '0' }, text)
  const [node] = world.aws.nodes
  assert.ok(node)
  // No end after the last line: what is appended to it would be part of it.
  write(node.sshd.authorizedKeys, OTHER_LINE)
  await world.rotate()
  const old = await world.pair()
  await world.rotate()
  const pair = await world.pair()
  assert.equal(node.sshd.keys(), `${OTHER_LINE}\n${pair.PublicKey}\n`)
  assert.ok(readFileSync(`${node.sshd.authorizedKeys}.bak`, 'utf8').includes(old.PublicKey))
  assert.equal((await world.logIn(node, old)).outcome, 'denied')
  assert.equal((await world.logIn(node, pair)).outcome, 'ok')
  assert.ok((await world.bench.text('AWSCURRENT'))?.startsWith('{ "note" : "mine",  "n": 1.50,'))
})

test('a node whose file was lost gets the key, and one whose file is gone at the end does not fail', async () => {
  await using world = await KeyWorld.start(1)
  const [node] = world.aws.nodes
  assert.ok(node)
  await world.rotate()
  rmSync(dirname(node.sshd.authorizedKeys), { recursive: true })
  const run = world.newRun()
  for (const step of STEPS.slice(0, 3)) await world.rotator[step](run)
  // What finishSecret tries the key on is without it, and is given it again.
  rmSync(dirname(node.sshd.authorizedKeys), { recursive: true })
  await world.rotator.finishSecret(run)
  assert.equal((await world.logIn(node, await world.pair())).outcome, 'ok')
})

test('no node with the tag is a failure', async () => {
  await using world = await KeyWorld.start(0)
  await assert.rejects(world.rotate(), /There is no node with the tag/)
})

test('a node that cannot take the key stops the rotation and is named with the reason', async () => {
  await using world = await KeyWorld.start(2)
  const [, node] = world.aws.nodes
  assert.ok(node)
  mkdirSync(node.sshd.authorizedKeys, { recursive: true })
  await assert.rejects(world.rotate(), {
    message: new RegExp(`^1 node\\(s\\): ${node.id} \\(Failed, .*is no file\\)`),
  })
  assert.equal(await world.bench.text('AWSCURRENT'), '{}')
})

test('an sshd that refuses the key stops the rotation before anything is switched, and so does another host', async () => {
  await using world = await KeyWorld.start(2)
  await world.rotate()
  const before = await world.bench.text('AWSCURRENT')
  const [, node] = world.aws.nodes
  assert.ok(node)
  node.hostKeys = [node.sshd.hostKey]
  await node.sshd.changeHostKey()
  const run = world.newRun()
  await world.rotator.createSecret(run)
  await world.rotator.setSecret(run)
  await assert.rejects(world.rotator.testSecret(run), new RegExp(`${node.id} \\(another host answers`))
  // Whoever may invoke the function may leave out a step.
  await assert.rejects(world.rotator.finishSecret(run), /another host answers/)
  assert.equal(await world.bench.text('AWSCURRENT'), before)
})

test('where the server has no record of host keys, the agents are asked for them, and no host is taken on trust', async () => {
  await using world = await KeyWorld.start(1)
  const [node] = world.aws.nodes
  assert.ok(node)
  node.hostKeys = []
  // What is asked for are the keys of the machine, and this sshd has others.
  await assert.rejects(world.rotate(), /another host answers|none of its host keys is known/)
  assert.ok(world.aws.commands.some(({ Comment }) => Comment === 'host_keys'))
})

test('a node that is away: each policy stops or goes on as it says, and the node has the key when it returns', async () => {
  for (const [policy, isStopped] of [
    ['wait', true],
    ['abort', true],
    ['quorum:90%', true],
    ['quorum:50%', false],
    ['debt', false],
  ] as const) {
    await using world = await KeyWorld.start(2)
    await world.rotate()
    const old = await world.pair()
    const [here, away] = world.aws.nodes
    assert.ok(here && away)
    away.isOnline = false
    world.remainingMs = isStopped ? 31_000 : 60_000
    await world.tag('lockstep:ssh-offline', policy)
    const run = world.newRun()
    if (isStopped) {
      await assert.rejects(world.rotate(run), new RegExp(away.id), policy)
      assert.deepEqual(await world.pair(), old)
      const sent = world.aws.commands.some(({ Comment }) => Comment === `add_key ${run.clientRequestToken}`)
      assert.equal(sent, policy !== 'abort')
      continue
    }
    await world.rotate(run)
    const pair = await world.pair()
    assert.notEqual(pair.PublicKey, old.PublicKey)
    assert.equal(here.sshd.keys(), `${pair.PublicKey}\n`)
    assert.ok(world.lines.some((line) => line.event === 'ssh.node.owed' && line.nodeId === away.id))
    // Of the first of the two there is a command that the node has not taken.
    world.remainingMs = 60_000
    await world.rotate()
    await world.aws.return(away)
    assert.equal(away.sshd.keys(), `${(await world.pair()).PublicKey}\n`)
  }
})

test('a command of a rotation that was given up is not taken by a node that returns after the next one', async () => {
  await using world = await KeyWorld.start(2)
  await world.rotate()
  const [, away] = world.aws.nodes
  assert.ok(away)
  away.isOnline = false
  world.remainingMs = 31_000
  await assert.rejects(world.rotate(), /its agent is not connected/)
  await world.tag('lockstep:ssh-offline', 'debt')
  await world.rotate()
  await world.aws.return(away)
  assert.equal(away.sshd.keys(), `${(await world.pair()).PublicKey}\n`)
})

test('a node that joins after a rotation gets the current key without one, and one that joins before the test gets the pending one', async () => {
  await using world = await KeyWorld.start(1)
  await world.rotate()
  const late = await world.join()
  await world.aws.return(late)
  assert.equal((await world.logIn(late, await world.pair())).outcome, 'ok')
  const run = world.newRun()
  await world.rotator.createSecret(run)
  await world.rotator.setSecret(run)
  const later = await world.join()
  await world.rotator.testSecret(run)
  await world.rotator.finishSecret(run)
  assert.equal((await world.logIn(later, await world.pair())).outcome, 'ok')
})

test('killed between the move of the label and the removal: the same step again, or the next rotation, removes the old key', async () => {
  for (const next of ['again', 'next']) {
    await using world = await KeyWorld.start(1)
    const [node] = world.aws.nodes
    assert.ok(node)
    await world.rotate()
    const run = world.newRun()
    for (const step of STEPS.slice(0, 3)) await world.rotator[step](run)
    // finishSecret asks where the association is only after the labels have moved.
    world.aws.breakAfter = 'ListAssociations'
    await assert.rejects(world.rotator.finishSecret(run), /ListAssociations/)
    assert.equal(node.sshd.keys().trim().split('\n').length, 2)
    if (next === 'again') await world.rotator.finishSecret(run)
    else await world.rotate()
    assert.equal(node.sshd.keys(), `${(await world.pair()).PublicKey}\n`)
  }
})

test('a command that an attempt sent before it died is joined, not sent again', async () => {
  await using world = await KeyWorld.start(2)
  const [node] = world.aws.nodes
  assert.ok(node)
  const run = world.newRun()
  await world.rotator.createSecret(run)
  node.isOnline = false
  world.remainingMs = 31_000
  await assert.rejects(world.rotator.setSecret(run), /its agent is not connected/)
  await assert.rejects(world.rotator.setSecret(run), /its agent is not connected/)
  assert.equal(world.aws.commands.length, 1)
})

test('a key of a rotation that was given up goes with the next one', async () => {
  await using world = await KeyWorld.start(1)
  const [node] = world.aws.nodes
  assert.ok(node)
  const given = world.newRun()
  await world.rotator.createSecret(given)
  await world.rotator.setSecret(given)
  await world.rotate()
  assert.equal(node.sshd.keys(), `${(await world.pair()).PublicKey}\n`)
})

test('a drain that does not fit is left to the next rotation, which takes no key that readers may still have', async () => {
  await using world = await KeyWorld.start(1, { DRAIN_SECONDS: '30' })
  const [node] = world.aws.nodes
  assert.ok(node)
  world.remainingMs = 40_000
  await world.rotate()
  await world.rotate()
  const [old, current] = [await world.pair('AWSPREVIOUS'), await world.pair()]
  assert.ok(world.lines.some(({ event }) => event === 'ssh.retire.owed'))
  const run = world.newRun()
  await world.rotator.createSecret(run)
  await world.rotator.setSecret(run)
  for (const pair of [old, current]) assert.equal((await world.logIn(node, pair)).outcome, 'ok')
})

test('tags of the secret go before the environment, and a wrong one is named', async () => {
  await using world = await KeyWorld.start(2)
  const [first, second] = world.aws.nodes
  second?.tags.set('Team', 'blue')
  await world.tag('lockstep:ssh-tag-name', 'Team')
  await world.tag('lockstep:ssh-tag-value', 'blue')
  await world.tag('lockstep:ssh-key-type', 'rsa')
  await world.rotate()
  assert.match((await world.pair()).PrivateKey, /^-----BEGIN RSA PRIVATE KEY-----/)
  assert.equal(first?.sshd.keys(), '')
  assert.notEqual(second?.sshd.keys(), '')
  await world.tag('lockstep:ssh-offline', 'quorum:0%')
  await assert.rejects(world.rotate(), /lockstep:ssh-offline/)
})

test('no private key and no other secret member leaves the process by a command, an association or a line of the log', async () => {
  await using world = await KeyWorld.start(1, { DRAIN_SECONDS: '0' }, '{"other":"hunter2"}')
  await world.rotate()
  const said = JSON.stringify([world.aws.commands, world.aws.association, world.lines])
  assert.ok(said.includes('ssh-ed25519'))
  assert.doesNotMatch(said, /PRIVATE KEY|hunter2/)
  const secretLine = (await world.pair()).PrivateKey.split('\n')[2]
  assert.ok(secretLine && !said.includes(secretLine))
})

test('what is called beside Secrets Manager are operations of Systems Manager and EC2 that Amazon has', async () => {
  await using world = await KeyWorld.start(1)
  await world.rotate()
  await world.rotate()
  assert.deepEqual([...new Set(world.aws.calls)].toSorted(), [
    'ec2:DescribeInstances',
    'ssm:CreateAssociation',
    'ssm:DescribeAssociation',
    'ssm:DescribeInstanceInformation',
    'ssm:ListAssociations',
    'ssm:ListCommandInvocations',
    'ssm:ListCommands',
    'ssm:SendCommand',
    'ssm:UpdateAssociation',
  ])
})
