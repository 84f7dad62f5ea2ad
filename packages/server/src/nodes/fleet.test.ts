import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { CancelCommandCommand, DescribeInstanceInformationCommand } from '@aws-sdk/client-ssm'
import { systemRandom } from '../platform/random.ts'
import { FleetWorld, Runs, until } from './fleet.test-support.ts'
import { Middle } from './middle.test-support.ts'

describe('a fleet of real agents', { concurrency: 4, timeout: 400_000 }, () => {
  test('is enrolled, online, and runs each command once, wherever it is sent', async () => {
    await using world = await FleetWorld.open()
    const agents = [await world.machine(), await world.machine()]
    for (const agent of agents) agent.start()
    const { InstanceInformationList = [] } = await world.ssm.send(new DescribeInstanceInformationCommand({}))
    assert.deepEqual(
      InstanceInformationList.map(({ InstanceId, PingStatus }) => [InstanceId, PingStatus]).toSorted(),
      agents.map(({ id }) => [id, 'Online']).toSorted(),
    )
    const runs = new Runs(world, 'runs')
    for (const agent of agents) {
      const commandId = await world.send(agent, runs.note(agent.id), 'echo out; echo err >&2; exit 3')
      assert.partialDeepStrictEqual(await world.ended(agent, commandId), {
        ...{ Status: 'Failed', ResponseCode: 3 },
        StandardOutputContent: 'out\n',
        StandardErrorContent: 'err\n',
      })
      assert.equal(runs.times(agent.id), 1)
    }
  })

  test('stops what is cancelled', async () => {
    await using world = await FleetWorld.open()
    const agent = await world.machine()
    agent.start()
    const commandId = await world.send(agent, 'sleep 60')
    await until(async () => assert.equal((await world.invocation(agent, commandId)).Status, 'InProgress'))
    await world.ssm.send(new CancelCommandCommand({ CommandId: commandId }))
    assert.equal((await world.ended(agent, commandId)).Status, 'Cancelled')
  })

  test('whose agent is killed at any moment runs nothing twice, and what was interrupted has failed', async () => {
    await using world = await FleetWorld.open()
    const agent = await world.machine()
    const runs = new Runs(world, 'runs')
    const sent: string[] = []
    for (let round = 0; round < 8; round++) {
      agent.start()
      for (const part of ['a', 'b']) {
        const mark = `${round}${part}`
        sent.push(await world.send(agent, runs.note(mark), 'sleep 0.05', runs.note(`${mark}-end`)))
      }
      // From before it has connected until after it has reported.
      await sleep(systemRandom.below(1_500))
      await agent.end('SIGKILL')
    }
    agent.start()
    for (const [i, commandId] of sent.entries()) {
      const { Status } = await world.ended(agent, commandId)
      const mark = `${Math.floor(i / 2)}${i % 2 === 0 ? 'a' : 'b'}`
      assert.ok(runs.times(mark) <= 1, `${mark} ran ${runs.times(mark)} times`)
      if (Status === 'Success') assert.equal(runs.times(`${mark}-end`), 1, mark)
      else assert.equal(Status, 'Failed')
    }
  })

  test('whose server is killed or stopped at any moment runs each command exactly once', async () => {
    await using world = await FleetWorld.open()
    const agent = await world.machine()
    agent.start()
    const runs = new Runs(world, 'runs')
    const sent: string[] = []
    for (let round = 0; round < 4; round++) {
      sent.push(await world.send(agent, runs.note(`${round}`), 'sleep 0.1'))
      await sleep(systemRandom.below(700))
      await world.endServer(round % 2 === 0 ? 'SIGKILL' : 'SIGTERM')
      await world.startServer()
    }
    for (const [round, commandId] of sent.entries()) {
      assert.equal((await world.ended(agent, commandId)).Status, 'Success')
      assert.equal(runs.times(`${round}`), 1)
    }
  })

  test('obeys nobody in the middle: what is forged, repeated or meant for others is refused', async () => {
    await using world = await FleetWorld.open()
    await using middle = await Middle.open(world)
    const [agent, other] = [await world.machine(middle.url), await world.machine(middle.url)]
    for (const each of [agent, other]) each.start()
    const runs = new Runs(world, 'runs')
    await world.ended(agent, await world.send(agent, runs.note('agent')))
    await world.ended(other, await world.send(other, runs.note('other')))
    const commands = middle.lines.filter((line) => line.includes('\\"kind\\":\\"command\\"'))
    assert.equal(commands.length, 2)
    // To both of them: each is the other's, and its own once more.
    for (const line of commands) middle.inject(line)
    const key = generateKeyPairSync('ed25519').privateKey
    for (const line of commands) {
      const { body } = JSON.parse(line) as { readonly body: string }
      const forged = body.replace(/"commandId":"[^"]+"/, '"commandId":"forged"')
      middle.inject(
        JSON.stringify({ body: forged, signature: sign(null, Buffer.from(forged), key).toString('base64') }),
      )
      middle.inject(line.replace('agent', 'twice'))
    }
    await until(async () => {
      for (const reason of ['foreign', 'forged']) assert.match(agent.log, new RegExp(`"${reason}"`))
    })
    // Whoever hears what is not the server's hangs up, so that this one meets a connection of later.
    await until(async () => {
      middle.inject('no frame')
      assert.match(agent.log, /"malformed"/)
    })
    await world.ended(agent, await world.send(agent, runs.note('after')))
    assert.deepEqual(runs.marks.toSorted(), ['after', 'agent', 'other'])
  })

  test('goes on by polls where streams are refused, and over cut connections', async () => {
    await using world = await FleetWorld.open()
    await using middle = await Middle.open(world)
    const agent = await world.machine(middle.url)
    middle.refusesStreams = true
    agent.start()
    assert.equal((await world.ended(agent, await world.send(agent, 'true'))).Status, 'Success')
    middle.cut()
    assert.equal((await world.ended(agent, await world.send(agent, 'true'))).Status, 'Success')
  })

  test('enrols with nobody but the server that was named, and tells no other the code', async () => {
    await using world = await FleetWorld.open()
    await using middle = await Middle.open(world)
    const wrong = ['--server-key', 'SHA256:0000000000000000000000000000000000000000000']
    await assert.rejects(world.machine(middle.url, wrong), /this is another server/)
    const { InstanceInformationList } = await world.ssm.send(new DescribeInstanceInformationCommand({}))
    assert.deepEqual(InstanceInformationList, [])
  })

  test('speaks with the network as another user, who cannot read what root keeps', {
    skip: process.getuid?.() !== 0 && 'only root has other users',
  }, async () => {
    await using world = await FleetWorld.open()
    const agent = await world.machine(world.url, ['--network-user', 'nobody'])
    agent.start()
    await world.ended(agent, await world.send(agent, 'true'))
    const children = readFileSync(`/proc/${agent.pid}/task/${agent.pid}/children`, 'utf8').trim().split(' ')
    assert.equal(children.length, 1)
    const status = readFileSync(`/proc/${children[0]}/status`, 'utf8')
    const [, uid] = /^Uid:\t(\d+)/m.exec(status) ?? []
    const [, nobody] = /^nobody:[^:]*:(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8')) ?? []
    assert.equal(uid, nobody)
    assert.match(status, /^Groups:\t\s*$/m)
    const directory = statSync(agent.state)
    assert.deepEqual([directory.uid, directory.mode & 0o777], [0, 0o700])
    for (const file of ['ledger', 'node.key']) {
      const { uid: owner, mode } = statSync(join(agent.state, file))
      assert.deepEqual([owner, mode & 0o777], [0, 0o600], file)
    }
  })
})
