import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { newNodeKey, publicKeyOf, registerRequest } from '@lockstep/agent/identity'
import { ACTIVATION, CODE, contentOf, factsOf, LIMITS, PLACE, World } from './nodes.test-support.ts'

describe('registration', () => {
  test('makes a machine a node of its activation’s place, name, role and tags', async () => {
    await using world = await World.open()
    await world.activate()
    const key = newNodeKey()
    const { status, answer } = await world.register(key)
    assert.equal(status, 200)
    assert.match(answer.instanceId, /^mi-[0-9a-f]{17}$/)
    assert.equal(answer.ec2InstanceId, answer.instanceId.replace('mi-', 'i-'))
    assert.deepEqual([answer.account, answer.region], [PLACE.account, PLACE.region])
    const node = await world.store.read.nodes.find(PLACE, answer.instanceId)
    const { hostKeys, ...facts } = factsOf(1)
    assert.partialDeepStrictEqual(node, {
      ...{ state: 'registered', activationId: ACTIVATION, name: 'web', iamRole: 'nodes', hostKeys, facts },
      publicKey: publicKeyOf(key),
      tags: { RotateSSHKeys: 'True' },
    })
    assert.equal((await world.store.read.nodes.activation(PLACE, ACTIVATION))?.registrations, 1)
  })

  test('leaves an event with the source address, and never the code', async () => {
    await using world = await World.open()
    await world.activate()
    const { answer } = await world.register(newNodeKey())
    const [event, ...others] = await world.events('RegisterManagedInstance')
    assert.equal(others.length, 0)
    assert.partialDeepStrictEqual(event, {
      eventSource: 'ssm.amazonaws.com',
      sourceIPAddress: '192.0.2.7',
      requestParameters: { activationId: ACTIVATION },
      responseElements: { instanceId: answer.instanceId },
    })
    assert.ok(!JSON.stringify(event).includes(CODE))
  })

  test('is refused in the same words for an unknown, a wrong, an expired and a used-up activation', async () => {
    const cases = [
      { name: 'unknown', asked: { activationId: '00000000-0000-4000-8000-00000000000b' } },
      { name: 'wrong code', asked: { code: `${CODE}x` } },
      { name: 'expired', activation: { expiresAt: new Date(0) } },
      { name: 'used up', activation: { registrations: 10 } },
    ]
    const answers: string[] = []
    for (const { activation = {}, asked = {} } of cases) {
      await using world = await World.open()
      await world.activate(activation)
      const { status, answer } = await world.register(newNodeKey(), asked)
      answers.push(`${status} ${answer.message}`)
      assert.deepEqual(await world.store.read.nodes.list(PLACE, { limit: 9 }), [])
      const [event] = await world.events('RegisterManagedInstance')
      assert.partialDeepStrictEqual(event, { errorCode: 'AccessDenied', sourceIPAddress: '192.0.2.7' })
      // Of a machine that has no right code nothing is written down that it says of itself.
      assert.ok(!JSON.stringify(event).includes(factsOf(1).hostname))
    }
    assert.equal(new Set(answers).size, 1)
    assert.match(answers[0] ?? '', /^403 /)
  })

  test('admits as many as the activation says, however many ask at once', async () => {
    await using world = await World.open()
    await world.activate({ registrationLimit: 3 })
    const asked = Array.from({ length: 12 }, (_, i) => world.register(newNodeKey(), { facts: factsOf(i) }))
    const admitted = (await Promise.all(asked)).filter(({ status }) => status === 200)
    assert.equal(admitted.length, 3)
    assert.equal((await world.store.read.nodes.list(PLACE, { limit: 99 })).length, 3)
  })

  test('whose answer got lost can be repeated with the same key, and counts once', async () => {
    await using world = await World.open()
    await world.activate({ registrationLimit: 1 })
    const key = newNodeKey()
    const first = await world.register(key)
    const second = await world.register(key)
    assert.equal(second.status, 200)
    assert.equal(second.answer.instanceId, first.answer.instanceId)
    assert.equal((await world.register(key, { code: `${CODE}x` })).status, 403)
  })

  test('of a machine that is a node already is refused, and counts nothing', async () => {
    await using world = await World.open()
    await world.activate()
    await world.register(newNodeKey())
    const { status, answer } = await world.register(newNodeKey())
    assert.equal(status, 409)
    assert.match(answer.message ?? '', /Deregister/)
    assert.equal((await world.store.read.nodes.activation(PLACE, ACTIVATION))?.registrations, 1)
  })

  test('of a known machine is for whoever has the code to learn of', async () => {
    await using world = await World.open()
    await world.activate()
    await world.register(newNodeKey())
    assert.equal((await world.register(newNodeKey(), { code: `${CODE}x` })).status, 403)
  })

  test('with an activation that readmits machines puts the new node in the place of the old one', async () => {
    await using world = await World.open()
    await world.activate({ readmits: true })
    const old = await world.node()
    const { status, answer } = await world.register(newNodeKey())
    assert.equal(status, 200)
    const before = await world.store.read.nodes.find(PLACE, old.id)
    assert.equal(before?.state, 'deregistered')
    assert.equal(before?.publicKey, undefined)
    const listed = await world.store.read.nodes.list(PLACE, { limit: 9 })
    assert.deepEqual(
      listed.map(({ id }) => id),
      [answer.instanceId],
    )
    assert.equal((await world.report(old, {})).status, 403)
  })

  test('needs the private half of the key that it names', async () => {
    await using world = await World.open()
    await world.activate()
    const asked = { activationId: ACTIVATION, activationCode: CODE, facts: factsOf(1) }
    const stolen = { ...registerRequest(newNodeKey(), asked), publicKey: publicKeyOf(newNodeKey()) }
    const reply = await world.ask('/agent/v1/register', JSON.stringify(stolen))
    assert.equal(reply.status, 403)
    assert.deepEqual(await world.store.read.nodes.list(PLACE, { limit: 9 }), [])
  })

  test('covers what the machine tells of itself by its proof', async () => {
    await using world = await World.open()
    await world.activate()
    const asked = { activationId: ACTIVATION, activationCode: CODE, facts: factsOf(1) }
    const request = registerRequest(newNodeKey(), asked)
    const forged = { ...request, facts: { ...request.facts, hostKeys: ['ssh-ed25519 AAAAforged'] } }
    assert.equal((await world.ask('/agent/v1/register', JSON.stringify(forged))).status, 403)
  })

  test('refuses what is not in form, and host names and keys that would reach further', async () => {
    await using world = await World.open()
    await world.activate()
    for (const facts of [
      { ...factsOf(1), hostname: 'x; id' },
      { ...factsOf(1), hostname: '-oProxyCommand=x' },
      { ...factsOf(1), ipAddress: '192.0.2.9,192.0.2.10' },
      { ...factsOf(1), hostKeys: ['ssh-ed25519 AAAA\nother ssh-ed25519 AAAA'] },
      { ...factsOf(1), hostKeys: ['command="x" ssh-ed25519 AAAA'] },
      { ...factsOf(1), sshPort: 0 },
      { ...factsOf(1), machineId: '../../x' },
      { ...factsOf(1), platformName: 'a\u001b[2Jb' },
    ])
      assert.equal((await world.register(newNodeKey(), { facts })).status, 400, JSON.stringify(facts))
    for (const body of ['', 'null', '[]', '{"activationId":1}', '{'])
      assert.equal((await world.ask('/agent/v1/register', body)).status, 400, body)
  })

  test('fails without an event of its own from an address with too many failures, and is summed up', async () => {
    await using world = await World.open({ ...LIMITS, failedSignature: { perSecond: 0.001, burst: 3 } })
    await world.activate()
    for (let i = 0; i < 8; i++)
      assert.equal((await world.register(newNodeKey(), { code: `${CODE}x` })).status, 403)
    assert.equal((await world.events('RegisterManagedInstance')).length, 3)
    assert.deepEqual(world.throttle.drain(), [{ address: '192.0.2.7', count: 5 }])
  })

  test('is refused before anything is looked at where an address asks too often', async () => {
    await using world = await World.open({ ...LIMITS, address: { perSecond: 0.001, burst: 2 } })
    await world.activate()
    const statuses: number[] = []
    for (let i = 0; i < 4; i++)
      statuses.push((await world.register(newNodeKey(), { facts: factsOf(i) })).status)
    assert.deepEqual(statuses, [200, 200, 429, 429])
  })
})

test('the server tells anybody its key, and the fingerprint by which an operator knows it', async () => {
  await using world = await World.open()
  const reply = await world.ask('/agent/v1/server-key', '', {}, { method: 'GET' })
  const { serverKey, fingerprint } = contentOf(reply) as { serverKey: string; fingerprint: string }
  const { fingerprintOf } = await import('@lockstep/agent/identity')
  assert.equal(fingerprintOf(serverKey), fingerprint)
  await world.activate()
  assert.equal((await world.register(newNodeKey())).answer.serverKey, serverKey)
})
