/** Rotations of SSH keys past nodes that are away, and the way of nodes that return or join to the current key. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager'
import { withSsh } from './ssh-clients.ts'
import { holdScripts, quiet } from './ssh-hold.ts'
import { noNodes, type SshNode } from './ssh-node.ts'
import {
  begin,
  demandOneKey,
  eventually,
  failure,
  functionLog,
  newSecret,
  rotate,
  rotated,
  stages,
  told,
} from './ssh-rotating.ts'
import { SshWorld } from './ssh-world.ts'

const reason = noNodes()
const options = reason === undefined ? {} : { skip: reason }

/** A node that was not heard of for five minutes is away; the server refuses nodes whose clock is so far behind. */
const AWAY_MS = 290_000

const POLICIES = [
  { user: 'ada', offline: 'debt' },
  { user: 'ben', offline: 'quorum:60%' },
] as const

describe('a rotation of SSH keys with a node away', options, () => {
  let world: SshWorld
  let here: readonly [SshNode, SshNode]
  let away: SshNode
  /** Not tagged yet. */
  let joining: readonly [SshNode, SshNode, SshNode]
  let aborting: string
  const going: string[] = []
  before(async () => {
    world = await SshWorld.start(0)
    here = [await world.join(), await world.join()]
    away = await world.join()
    const untagged = { tags: {} }
    joining = [await world.join(untagged), await world.join(untagged), await world.join(untagged)]
    aborting = await newSecret(world, '/away/abort', { user: 'cyd', offline: 'abort' })
    for (const settings of POLICIES) going.push(await newSecret(world, `/away/${settings.user}`, settings))
    await Promise.all([aborting, ...going].map((arn) => rotate(world, arn)))
    await away.stop()
    world.ahead(AWAY_MS)
    await world.pinged(away, 'ConnectionLost')
    // By the server's clock the others have said nothing for as long. They need not wait until they would.
    for (const node of [...here, ...joining]) {
      await node.killAgent()
      node.startAgent()
    }
    for (const node of [...here, ...joining]) await world.pinged(node, 'Online')
  })
  after(async () => {
    await world?.[Symbol.asyncDispose]()
  })

  test('fails under abort, names the node, and has changed nothing anywhere', async () => {
    const before = here.map((node) => node.authorizedKeys('cyd'))
    const labels = await stages(world, aborting)
    const token = await begin(world, aborting)
    const { step, message } = await failure(world, aborting, token)
    assert.equal(step, 'setSecret')
    assert.match(message, new RegExp(`1 node\\(s\\): ${away.id} \\(its agent is not connected\\)`))
    assert.deepEqual(
      here.map((node) => node.authorizedKeys('cyd')),
      before,
    )
    assert.deepEqual(await stages(world, aborting), { ...labels, [token]: ['AWSPENDING'] })
    assert.match((await told(world, 'status', aborting)).lastError, new RegExp(away.id))
  })

  test('succeeds under debt, and under a quorum that the others make, twice in a row, and tells of the debt', async () => {
    await Promise.all(
      going.map(async (arn) => {
        await rotate(world, arn)
        await rotate(world, arn)
      }),
    )
    for (const [n, arn] of going.entries()) {
      await demandOneKey(world, arn, { user: POLICIES[n]?.user ?? '', nodes: here })
      const { nodes } = await told(world, 'status', arn)
      const { phase, why } = nodes.find(({ id }: { id: string }) => id === away.id)
      assert.deepEqual([phase, why.includes('it gets the current key when it returns')], ['away', true], why)
      const found = await told(world, 'doctor', arn)
      assert.deepEqual(
        found.map(({ kind, nodeId }: { kind: string; nodeId?: string }) => [kind, nodeId]),
        [['away', away.id]],
      )
      const owed = functionLog(world, arn)
        .split('\n')
        .filter((line) => line.includes('"ssh.node.owed"') && line.includes(arn) && line.includes(away.id))
      assert.ok(owed.length >= 2, owed.join('\n'))
    }
  })

  test('leaves it to the node that returns to have the newest key alone, without another rotation', async () => {
    const before = await Promise.all(going.map((arn) => lastRotatedAt(arn)))
    away.start()
    await world.pinged(away, 'Online')
    for (const [n, arn] of going.entries()) {
      const { user = '' } = POLICIES[n] ?? {}
      const { PrivateKey, PublicKey } = await world.current(arn)
      await eventually(world, 'the newest key', () => away.authorizedKeys(user).includes(PublicKey))
      // Whatever else came to the node when it returned has ended by now.
      await quiet(away)
      await demandOneKey(world, arn, { user, nodes: [away] })
      assert.equal(await withSsh(away, PrivateKey, user), '')
    }
    assert.deepEqual(await Promise.all(going.map((arn) => lastRotatedAt(arn))), before)
  })

  test('that is over brings its key to a node that is tagged later', async () => {
    const [late] = joining
    await world.tag(late, { RotateSSHKeys: 'True' })
    for (const [n, arn] of going.entries()) {
      const { user = '' } = POLICIES[n] ?? {}
      const { PublicKey } = await world.current(arn)
      await eventually(world, 'the current key', () => late.authorizedKeys(user) === `${PublicKey}\n`)
    }
  })

  test('ends with its key on nodes that were tagged in the middle of setSecret and of the drain', async () => {
    const [, first, second] = joining
    const user = 'dee'
    const arn = await newSecret(world, '/away/joining', { user, 'drain-seconds': '6' })
    await rotate(world, arn)
    const { PublicKey: old } = await world.current(arn)
    const held = await holdScripts(here[0], user)
    const token = await begin(world, arn)
    await eventually(world, 'the pending key', () => here[1].authorizedKeys(user).includes(token))
    await world.tag(first, { RotateSSHKeys: 'True' })
    assert.ok(!here[0].authorizedKeys(user).includes(token), 'it is in the middle of setSecret')
    held.release()
    await eventually(world, 'AWSCURRENT', async () =>
      (await stages(world, arn))[token]?.includes('AWSCURRENT'),
    )
    await world.tag(second, { RotateSSHKeys: 'True' })
    assert.ok(here[1].authorizedKeys(user).includes(old), 'it is in the middle of the drain')
    await rotated(world, arn, token)
    const all = [...here, away, ...joining]
    const { PublicKey } = await world.current(arn)
    await eventually(world, 'one key on each', () =>
      all.every((node) => node.authorizedKeys(user) === `${PublicKey}\n`),
    )
  })

  async function lastRotatedAt(SecretId: string): Promise<number | undefined> {
    const { LastRotatedDate } = await world.secrets.send(new DescribeSecretCommand({ SecretId }))
    return LastRotatedDate?.getTime()
  }
})
