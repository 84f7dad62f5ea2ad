/**
 * Nodes of two servers on one PostgreSQL. All calls go to the one server and all that is killed is the other; one
 * node's agent reaches that other one, and the next whichever the load balancer picks for each of its requests.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  RotateSecretCommand,
} from '@aws-sdk/client-secrets-manager'
import {
  CancelCommandCommand,
  CreateAssociationCommand,
  DescribeAssociationCommand,
  ListCommandsCommand,
} from '@aws-sdk/client-ssm'
import { Balancer } from './balancer.ts'
import { needing } from './components.ts'
import { Fleet } from './fleet.ts'
import { demandIntact } from './fleet-trail.ts'
import { connectedTo, Scripts } from './node-calls.ts'
import { Postgres } from './postgres.ts'
import { Scratch } from './server.ts'
import { noNodes, SSH_USER, type SshNode } from './ssh-node.ts'
import { SshWorld } from './ssh-world.ts'
import { TcpProxy } from './tcp-proxy.ts'
import { until } from './until.ts'

const reason = noNodes()
const { test, before, after } = needing('postgresql')

const DATABASE = 'lockstep'
/** The server that is asked, and the one that is killed. */
const [ASKED, KILLED] = [0, 1] as const
const WITHIN_MS = 90_000
const ROTATED_WITHIN_MS = 180_000
/** Each server looks at everything so often; what comes sooner was told to it. */
const SWEEP_MS = 60_000
/** Beyond what a node has under way at a time. */
const MANY = 20

class World implements AsyncDisposable {
  readonly fleet: Fleet
  readonly ssh: SshWorld
  readonly scripts: Scripts
  readonly url: string
  /** Before the server that is killed. */
  readonly proxy: TcpProxy
  readonly balancer: Balancer
  readonly #scratch: Scratch
  readonly #parts: AsyncDisposableStack
  #files = 0

  private constructor(
    parts: AsyncDisposableStack,
    made: Pick<World, 'fleet' | 'ssh' | 'url' | 'proxy' | 'balancer'>,
  ) {
    this.#parts = parts
    this.#scratch = parts.use(new Scratch())
    this.fleet = made.fleet
    this.ssh = parts.use(made.ssh)
    this.url = made.url
    this.proxy = made.proxy
    this.balancer = made.balancer
    this.scripts = new Scripts(made.ssh.ssm)
  }

  static async open(): Promise<World> {
    await using parts = new AsyncDisposableStack()
    const postgres = parts.use(await Postgres.start({ isDurable: false }))
    const url = await postgres.createDatabase(DATABASE)
    const fleet = parts.use(await Fleet.start({ url, servers: 2 }))
    const endpoints = fleet.indexes.map((index) => fleet.caller(index).endpoint)
    const proxy = parts.use(await TcpProxy.start(portOf(endpoints[KILLED])))
    const balancer = parts.use(await Balancer.start(endpoints))
    const ssh = await SshWorld.around(fleet.caller(ASKED))
    return new World(parts.move(), { fleet, ssh, url, proxy, balancer })
  }

  /** A node whose agent goes to the server that is killed. */
  joinKilled(tags: Readonly<Record<string, string>>): Promise<SshNode> {
    return this.ssh.join({ tags, endpoint: `http://127.0.0.1:${this.proxy.port}` })
  }

  joinBalanced(tags: Readonly<Record<string, string>>): Promise<SshNode> {
    return this.ssh.join({ tags, endpoint: this.balancer.url })
  }

  /** How many nodes listen to a server. */
  connected(index: number): Promise<number> {
    return connectedTo(this.fleet.caller(index).endpoint)
  }

  /** A file that scripts of every node add lines to. */
  newRuns(): Runs {
    return new Runs(join(this.#scratch.path, `runs-${this.#files++}`))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts[Symbol.asyncDispose]()
  }
}

class Runs {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  note(mark: string): string {
    return `echo ${mark} >> ${this.#path}`
  }

  get marks(): readonly string[] {
    return existsSync(this.#path) ? readFileSync(this.#path, 'utf8').split('\n').filter(Boolean) : []
  }
}

function portOf(endpoint = ''): number {
  return Number(new URL(endpoint).port)
}

const BLUE = { fleet: 'blue', RotateSSHKeys: 'True' }
const TARGETS = [{ Key: 'tag:fleet', Values: ['blue'] }]

let opened: World | undefined
let world: World
let nodes: readonly [SshNode, SshNode]

before(async () => {
  if (reason !== undefined) return
  world = await World.open()
  opened = world
  nodes = [await world.joinKilled(BLUE), await world.joinBalanced(BLUE)]
  await until('nodes that listen, one to the server that is not asked at least', WITHIN_MS, async () => {
    const [asked, killed] = [await world.connected(ASKED), await world.connected(KILLED)]
    return killed > 0 && asked + killed === nodes.length ? true : undefined
  })
})
after(async () => {
  await opened?.[Symbol.asyncDispose]()
})

function proves(name: string, body: () => Promise<void>): void {
  test(name, async (t) => {
    if (reason === undefined) await body()
    else t.skip(reason)
  })
}

proves(
  'a command goes by tag to nodes of either server, no more at a time than it says, and its results come back',
  async () => {
    const runs = world.newRuns()
    const lines = [runs.note('begins'), 'sleep 0.5', runs.note('ends'), 'echo $AWS_SSM_INSTANCE_ID']
    const id = await world.scripts.send(lines, { Targets: TARGETS, MaxConcurrency: '1' })
    for (const node of nodes) {
      const { Status, StandardOutputContent } = await world.scripts.ended(node.id, id)
      assert.deepEqual([Status, StandardOutputContent], ['Success', `${node.id}\n`])
    }
    assert.deepEqual(runs.marks, ['begins', 'ends', 'begins', 'ends'])
    const [command] = (await world.ssh.ssm.send(new ListCommandsCommand({ CommandId: id }))).Commands ?? []
    assert.deepEqual([command?.Status, command?.TargetCount, command?.CompletedCount], ['Success', 2, 2])
  },
)

proves(
  'a node whose stream is one server’s and whose reports are any’s runs many commands, each once',
  async () => {
    const runs = world.newRuns()
    const beganMs = performance.now()
    const sent = await Promise.all(
      Array.from({ length: MANY }, (_, n) =>
        world.scripts.send([runs.note(`${n}`)], { InstanceIds: nodes.map(({ id }) => id) }),
      ),
    )
    for (const id of sent)
      for (const node of nodes) assert.equal((await world.scripts.ended(node.id, id)).Status, 'Success')
    const tookMs = performance.now() - beganMs
    assert.ok(tookMs < SWEEP_MS / 2, 'one server hears of the other’s commands at once')
    const twice = Array.from({ length: MANY }, (_, n) => [`${n}`, `${n}`]).flat()
    assert.deepEqual([...runs.marks].sort(), twice.sort())
  },
)

proves(
  'a command that is cancelled at one server ends on a node of the other, in the middle of it',
  async () => {
    const [node] = nodes
    const runs = world.newRuns()
    const lines = [runs.note('begun'), 'sleep 300', runs.note('ended')]
    const id = await world.scripts.send(lines, { InstanceIds: [node.id] })
    await world.scripts.is('InProgress', node.id, id)
    await world.ssh.ssm.send(new CancelCommandCommand({ CommandId: id }))
    assert.equal((await world.scripts.ended(node.id, id)).Status, 'Cancelled')
    assert.deepEqual(runs.marks, ['begun'])
  },
)

proves('an SSH key is rotated on the nodes of both servers', async () => {
  const { secrets } = world.ssh
  const Tags = [
    { Key: 'lockstep:ssh-user', Value: SSH_USER },
    { Key: 'lockstep:ssh-drain-seconds', Value: '0' },
  ]
  const created = await secrets.send(new CreateSecretCommand({ Name: '/dev/ssh', SecretString: '{}', Tags }))
  const SecretId = created.ARN ?? ''
  const RotationLambdaARN = SecretId.replace(
    /:secretsmanager:(.*):secret:.*/,
    ':lambda:$1:function:lockstep-rotate-ssh-key-pair',
  )
  const keys: string[] = []
  for (const _ of ['from nothing', 'from one key to the next']) {
    await rotate(SecretId, RotationLambdaARN)
    const { PublicKey } = await world.ssh.current(SecretId)
    keys.push(PublicKey)
    for (const node of nodes) assert.equal(node.authorizedKeys(), `${PublicKey}\n`)
  }
  assert.equal(new Set(keys).size, 2)
})

/** Rotates, and waits until Secrets Manager says that it is over. */
async function rotate(SecretId: string, RotationLambdaARN: string): Promise<void> {
  const { secrets } = world.ssh
  const lastRotated = async () => {
    const { LastRotatedDate } = await secrets.send(new DescribeSecretCommand({ SecretId }))
    return LastRotatedDate?.getTime()
  }
  const before = await lastRotated()
  await secrets.send(
    new RotateSecretCommand({ SecretId, RotationLambdaARN, RotationRules: { AutomaticallyAfterDays: 30 } }),
  )
  await until('rotated secret', ROTATED_WITHIN_MS, async () =>
    (await lastRotated()) === before ? undefined : true,
  )
}

proves('an association that was made at one server is applied by a node that joins the other', async () => {
  const runs = world.newRuns()
  const { AssociationDescription } = await world.ssh.ssm.send(
    new CreateAssociationCommand({
      Name: 'AWS-RunShellScript',
      Targets: [{ Key: 'tag:fleet', Values: ['green'] }],
      Parameters: { commands: [runs.note('$AWS_SSM_INSTANCE_ID')] },
    }),
  )
  const node = await world.joinKilled({ fleet: 'green' })
  const AssociationId = AssociationDescription?.AssociationId ?? ''
  await until('applied association', WITHIN_MS, async () => {
    const found = await world.ssh.ssm.send(new DescribeAssociationCommand({ AssociationId }))
    return found.AssociationDescription?.Overview?.Status === 'Success' ? true : undefined
  })
  assert.deepEqual(runs.marks, [node.id])
})

proves(
  'a server that is killed takes no command with it: what was under way ends once, and what was sent comes',
  async () => {
    const { fleet, scripts, proxy } = world
    const runs = world.newRuns()
    const lines = [runs.note('begun'), 'sleep 5', runs.note('ended'), 'echo whole']
    const underWay = await scripts.send(lines, { Targets: TARGETS })
    for (const node of nodes) await scripts.is('InProgress', node.id, underWay)
    await fleet.kill(KILLED)
    const meanwhile = await scripts.send([runs.note('meanwhile')], { Targets: TARGETS })
    // As a name or an address that moves: the agent knows no other.
    proxy.redirect(portOf(fleet.caller(ASKED).endpoint))
    for (const id of [underWay, meanwhile])
      for (const node of nodes) assert.equal((await scripts.ended(node.id, id)).Status, 'Success')
    for (const node of nodes)
      assert.equal((await scripts.on(node.id, underWay)).StandardOutputContent, 'whole\n')
    const twice = ['begun', 'ended', 'meanwhile'].flatMap((mark) => [mark, mark])
    assert.deepEqual([...runs.marks].sort(), twice)
    await until('nodes at the server that is left', WITHIN_MS, async () =>
      (await world.connected(ASKED)) === world.ssh.nodes.length ? true : undefined,
    )
  },
)

proves('a server that comes back serves nodes again, and the trail of both is whole', async () => {
  const { fleet, scripts, proxy } = world
  await fleet.begin(KILLED)
  proxy.redirect(portOf(fleet.caller(KILLED).endpoint))
  await until('node at the server that came back', WITHIN_MS, async () =>
    (await world.connected(KILLED)) > 0 ? true : undefined,
  )
  const runs = world.newRuns()
  for (const node of nodes) assert.equal((await scripts.run(node.id, [runs.note(node.id)])).Status, 'Success')
  assert.deepEqual(
    runs.marks,
    nodes.map(({ id }) => id),
  )
  for (const node of world.ssh.nodes) await node.stop()
  await fleet.stopAll()
  await demandIntact(fleet, world.url)
})
