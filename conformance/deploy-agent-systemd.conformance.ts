/** The agent's package and install.sh under a real systemd, which is booted beside this machine's for each test. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, describe } from 'node:test'
import { DescribeInstanceInformationCommand } from '@aws-sdk/client-ssm'
import { AgentMachine, CONFIG, pack, STATE, UNIT } from './deploy/agent-machine.ts'
import { testAsRoot } from './deploy/installation.ts'
import { needs } from './deploy/tools.ts'
import { Scratch } from './server.ts'

const built = new Scratch()
after(() => built[Symbol.dispose]())

const AGENT = '/opt/lockstep-agent'
/** A file of the booted machine that scripts add lines to. */
const RUNS = '/root/runs'

function note(mark: string): string {
  return `echo ${mark} >> ${RUNS}`
}

/** How often each mark was noted, where each is to be there once. */
async function demandOnce({ systemd }: AgentMachine, ...marks: readonly string[]): Promise<void> {
  assert.deepEqual((await systemd.demand('cat', RUNS)).trim().split('\n'), marks)
}

/** Begins a script that would run for ten minutes. Answers the command's id. */
async function begun({ scripts }: AgentMachine, id: string, mark: string): Promise<string> {
  const lines = [note(mark), 'sleep 600', note(`${mark} to its end`)]
  const commandId = await scripts.send(lines, { InstanceIds: [id] })
  await scripts.is('InProgress', id, commandId)
  return commandId
}

/** The agent is root, and its side to the network is its own user, with no right that is more than everybody's. */
async function demandTwoUsers(machine: AgentMachine): Promise<void> {
  const { systemd } = machine
  const main = await machine.property('MainPID')
  assert.match(await machine.status(main), /^Uid:(\s+0){4}$/m)
  const uid = (await systemd.demand('id', '-u', 'lockstep-agent')).trim()
  const gid = (await systemd.demand('id', '-g', 'lockstep-agent')).trim()
  const others = (await machine.processes()).filter((pid) => pid !== main)
  assert.equal(others.length, 1, 'one process beside the agent')
  const network = await machine.status(others[0] ?? '')
  assert.match(network, new RegExp(`^PPid:\\s+${main}$`, 'm'))
  assert.match(network, new RegExp(`^Uid:(\\s+${uid}){4}$`, 'm'))
  assert.match(network, new RegExp(`^Gid:(\\s+${gid}){4}$`, 'm'))
  assert.match(network, /^Groups:\s*$/m)
  for (const rights of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'])
    assert.match(network, new RegExp(`^${rights}:\\s+0{16}$`, 'm'))
}

/** What the agent keeps is root's alone, and its user can neither read that nor change what root runs. */
async function demandPrivate(machine: AgentMachine): Promise<void> {
  const { systemd } = machine
  const listed = await systemd.demand('find', STATE, CONFIG, '-printf', '%p %u %g %m\n')
  const modes = new Map(listed.trim().split('\n').map(splitOnce))
  assert.equal(modes.get(STATE), 'root root 700')
  for (const path of [`${STATE}/node.key`, `${STATE}/ledger`, CONFIG])
    assert.equal(modes.get(path), 'root root 600', path)
  assert.equal(await systemd.demand('find', STATE, CONFIG, '-perm', '/077'), '')
  assert.equal(await systemd.demand('find', AGENT, '-perm', '/022', '-not', '-type', 'l'), '')
  assert.equal((await machine.asNetworkUser('true')).code, 0)
  for (const path of [`${STATE}/node.key`, CONFIG])
    assert.notEqual((await machine.asNetworkUser('cat', path)).code, 0, path)
}

function splitOnce(line: string): [string, string] {
  const at = line.indexOf(' ')
  return [line.slice(0, at), line.slice(at + 1)]
}

/** A command is root's, and has nothing of what the unit gives the agent. */
async function demandRootCommand({ systemd, scripts }: AgentMachine, id: string): Promise<void> {
  const lines = [
    'id -u',
    'umask',
    'cat /proc/self/oom_score_adj',
    'grep Seccomp: /proc/self/status',
    'exit 7',
  ]
  const ended = await scripts.run(id, lines)
  assert.deepEqual([ended.Status, ended.ResponseCode], ['Failed', 7])
  const [adjustment, filter] = [
    await systemd.demand('cat', '/proc/1/oom_score_adj'),
    await systemd.demand('grep', 'Seccomp:', '/proc/1/status'),
  ]
  assert.equal(ended.StandardOutputContent, `0\n0022\n${adjustment}${filter}`)
}

describe('the agent’s package under systemd', needs('systemd', 'dpkg'), () => {
  testAsRoot(
    'makes a machine a node: its commands are root’s, and who speaks with the network is not',
    async () => {
      await using machine = await AgentMachine.boot()
      await withPackage(machine)
      const id = await machine.listens()
      await demandRootCommand(machine, id)
      await demandTwoUsers(machine)
      await demandPrivate(machine)
    },
    needs(),
  )

  testAsRoot(
    'comes back by itself when it is killed, and after a restart, and runs nothing twice',
    async () => {
      await using machine = await AgentMachine.boot()
      const { systemd, scripts } = machine
      await withPackage(machine)
      const id = await machine.listens()

      const killed = await begun(machine, id, 'killed')
      const first = await machine.property('MainPID')
      await systemd.demand('kill', '-KILL', first)
      const second = await machine.restarted(first)
      assert.equal((await scripts.ended(id, killed)).Status, 'Failed')
      assert.equal(await machine.property('NRestarts'), '1')

      const cut = await begun(machine, id, 'cut')
      await systemd.demand('systemctl', 'restart', UNIT)
      await machine.restarted(second)
      assert.equal((await scripts.ended(id, cut)).Status, 'Failed')
      assert.equal((await scripts.run(id, [note('last')])).Status, 'Success')
      await demandOnce(machine, 'killed', 'cut', 'last')
      assert.equal((await machine.processes()).length, 2, 'the agent and its side to the network')

      await systemd.demand('systemctl', 'stop', UNIT)
      assert.equal(await machine.property('Result'), 'success')
      assert.deepEqual(await machine.processes(), [])
    },
    needs(),
  )

  testAsRoot(
    'is the same node when it was removed and installed again, and none once it is purged',
    async () => {
      await using machine = await AgentMachine.boot()
      const { systemd, scripts } = machine
      const deb = await withPackage(machine)
      const id = await machine.listens()

      await systemd.demand('dpkg', '-r', 'lockstep-agent')
      assert.deepEqual(await machine.processes(), [])
      assert.equal(await machine.property('LoadState'), 'not-found')
      await systemd.demand('test', '-f', `${STATE}/node.key`)
      assert.equal((await systemd.inside('test', '-e', AGENT)).code, 1)

      const away = await scripts.send([note('away')], { InstanceIds: [id] })
      await systemd.demand('dpkg', '-i', deb)
      assert.equal((await scripts.ended(id, away)).Status, 'Success')
      assert.equal(await machine.listens(), id)

      // Of a server on the same machine.
      await systemd.put('/var/lib/lockstep/root.key', 'a server’s')
      await systemd.put('/etc/lockstep/server.env', 'a server’s')
      await systemd.demand('dpkg', '-P', 'lockstep-agent')
      assert.deepEqual(await machine.processes(), [])
      for (const path of [AGENT, STATE, CONFIG])
        assert.equal((await systemd.inside('test', '-e', path)).code, 1, path)
      await systemd.demand('test', '-f', '/var/lib/lockstep/root.key')
      await systemd.demand('test', '-f', '/etc/lockstep/server.env')
      await demandOnce(machine, 'away')
    },
    needs(),
  )
})

/** Installs, enrols and starts as deploy/agent/README.md says. Answers where the package is. */
async function withPackage(machine: AgentMachine): Promise<string> {
  const { systemd } = machine
  const deb = machine.bring(await packed('build-deb'), 'agent.deb')
  await systemd.demand('dpkg', '-i', deb)
  assert.equal(await machine.property('UnitFileState'), 'enabled')
  await systemd.demand('systemctl', 'start', UNIT)
  assert.equal(await machine.property('ActiveState'), 'inactive', 'it is not enrolled')
  await machine.admitBy('lockstep-agent', 'enrol')
  await systemd.demand('systemctl', 'start', UNIT)
  return deb
}

const made = new Map<string, Promise<string>>()

/** What a program of deploy/agent makes, once for this file. */
function packed(program: 'build-deb' | 'pack'): Promise<string> {
  const target = join(built.path, program === 'pack' ? 'tree' : 'agent.deb')
  const making = made.get(program) ?? pack(program, target).then(() => target)
  made.set(program, making)
  return making
}

describe('the agent’s install.sh under systemd', needs('systemd'), () => {
  testAsRoot(
    'run twice is run once, a newer version is the same node, and no server’s files go with it',
    async () => {
      await using machine = await AgentMachine.boot()
      const { systemd, scripts, ssm } = machine
      const tree = machine.bring(await packed('pack'), 'tree')
      await machine.admitBy(`${tree}/install.sh`)
      const id = await machine.listens()
      await demandTwoUsers(machine)
      await demandPrivate(machine)
      const commandId = await begun(machine, id, 'under way')
      const [pid, config] = [await machine.property('MainPID'), await systemd.demand('cat', CONFIG)]

      assert.match(await machine.admitBy(`${tree}/install.sh`), /enrolled already/)
      assert.equal(await machine.property('MainPID'), pid)
      assert.equal(await systemd.demand('cat', CONFIG), config)
      assert.equal((await scripts.on(id, commandId)).Status, 'InProgress')

      await systemd.demand('sh', '-c', `echo >> ${tree}/README.md`)
      await machine.admitBy(`${tree}/install.sh`)
      await machine.restarted(pid)
      assert.equal((await scripts.run(id, [note('newer')])).Status, 'Success')
      await demandOnce(machine, 'under way', 'newer')
      const { InstanceInformationList = [] } = await ssm.send(new DescribeInstanceInformationCommand({}))
      assert.deepEqual(
        InstanceInformationList.map(({ InstanceId }) => InstanceId),
        [id],
      )

      await systemd.put('/var/lib/lockstep/root.key', 'a server’s')
      await systemd.put('/etc/lockstep/server.env', 'a server’s')
      await systemd.demand(`${AGENT}/install.sh`, '--uninstall')
      assert.deepEqual(await machine.processes(), [])
      assert.equal(await machine.property('LoadState'), 'not-found')
      for (const path of [AGENT, STATE, CONFIG])
        assert.equal((await systemd.inside('test', '-e', path)).code, 1, path)
      await systemd.demand('test', '-f', '/var/lib/lockstep/root.key')
      await systemd.demand('test', '-f', '/etc/lockstep/server.env')
    },
    needs(),
  )
})
