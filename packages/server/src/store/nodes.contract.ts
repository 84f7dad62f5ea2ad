import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Activation, FleetNode, NodeQuery } from './nodes.ts'
import type { Store } from './store.ts'

const PLACE = { account: '111122223333', region: 'us-east-1' }
const ELSEWHERE = [
  { ...PLACE, account: '444455556666' },
  { ...PLACE, region: 'eu-west-1' },
]

function activation(changes: Partial<Activation> = {}): Activation {
  return {
    ...PLACE,
    id: '00000000-0000-4000-8000-000000000001',
    codeDigest: 'ab'.repeat(32),
    iamRole: 'nodes',
    registrationLimit: 2,
    registrations: 0,
    expiresAt: new Date(2000),
    tags: {},
    readmits: false,
    createdAt: new Date(1000),
    ...changes,
  }
}

/** The id of the node with this number. */
function id(number: number): string {
  return `mi-${String(number).padStart(17, '0')}`
}

function node(number: number, changes: Partial<FleetNode> = {}): FleetNode {
  return {
    ...PLACE,
    id: id(number),
    state: 'registered',
    activationId: '00000000-0000-4000-8000-000000000001',
    iamRole: 'nodes',
    publicKey: 'key',
    facts: {
      hostname: 'web-1',
      ipAddress: '192.0.2.1',
      sshPort: 22,
      platformType: 'Linux',
      platformName: 'Debian',
      platformVersion: '12',
      agentVersion: '1.0.0.0',
      machineId: `machine-${number}`,
    },
    hostKeys: ['ssh-ed25519 AAAA'],
    tags: {},
    registeredAt: new Date(1000),
    lastSeenAt: new Date(1000),
    ...changes,
  }
}

async function holding(open: () => Promise<Store>, ...nodes: readonly FleetNode[]): Promise<Store> {
  const store = await open()
  await store.write(async (tx) => {
    for (const each of nodes) await tx.nodes.insert(each)
  })
  return store
}

async function idsOf(store: Store, query: Partial<NodeQuery> = {}): Promise<readonly string[]> {
  return (await store.read.nodes.list(PLACE, { limit: 100, ...query })).map((each) => each.id)
}

/** What every engine must do with nodes and what admits them. */
export function nodesContract(open: () => Promise<Store>): void {
  activationsContract(open)
  describe('nodes', () => {
    test('one comes back as it was put, and nobody elsewhere has it', async () => {
      const whole = node(1, { name: 'Straße 1', tags: { team: 'a', 'b c': '', __proto: 'x' } })
      await using store = await holding(open, whole, node(2))
      assert.deepEqual(await store.read.nodes.find(PLACE, id(1)), whole)
      assert.deepEqual(await store.read.nodes.find(PLACE, id(2)), node(2))
      assert.equal(await store.read.nodes.find(PLACE, id(3)), undefined)
      for (const place of ELSEWHERE) {
        assert.equal(await store.read.nodes.find(place, id(1)), undefined)
        assert.deepEqual(await store.read.nodes.list(place, { limit: 9 }), [])
        assert.deepEqual(await store.read.nodes.list(place, { limit: 9, tags: [{ keys: ['team'] }] }), [])
        assert.deepEqual(await store.read.nodes.ofMachine(place, 'machine-1'), [])
      }
    })

    test('a change writes all that may change', async () => {
      await using store = await holding(open, node(1, { name: 'a', tags: { team: 'a' } }))
      const changed = node(1, {
        name: 'b',
        iamRole: 'other',
        facts: { ...node(9).facts, hostname: 'moved' },
        hostKeys: [],
        tags: { team: 'b' },
        lastSeenAt: new Date(5000),
      })
      await store.write((tx) => tx.nodes.update(changed))
      assert.deepEqual(await store.read.nodes.find(PLACE, id(1)), changed)
      assert.deepEqual(await store.read.nodes.ofMachine(PLACE, 'machine-9'), [changed])
      assert.deepEqual(await store.read.nodes.ofMachine(PLACE, 'machine-1'), [])
    })

    test('lists go by id, in stretches, and only those ids that are asked for', async () => {
      await using store = await holding(open, node(3), node(1), node(2))
      assert.deepEqual(await idsOf(store), [id(1), id(2), id(3)])
      assert.deepEqual(await idsOf(store, { limit: 2 }), [id(1), id(2)])
      assert.deepEqual(await idsOf(store, { after: id(2) }), [id(3)])
      assert.deepEqual(await idsOf(store, { ids: [id(3), id(1), id(7)] }), [id(1), id(3)])
      assert.deepEqual(await idsOf(store, { ids: [] }), [])
    })

    test('tags: all tests must pass, each by one value, as they are written', async () => {
      await using store = await holding(
        open,
        node(1, { tags: { team: 'a', env: 'prod' } }),
        node(2, { tags: { team: 'b', env: 'prod' } }),
        node(3, { tags: { team: 'A' } }),
        node(4, { tags: { Team: 'a', empty: '' } }),
      )
      const tagged = (...tags: NonNullable<NodeQuery['tags']>) => idsOf(store, { tags })
      assert.deepEqual(await tagged({ keys: ['team'], values: ['a'] }), [id(1)])
      assert.deepEqual(await tagged({ keys: ['team'], values: ['a', 'b', 'c'] }), [id(1), id(2)])
      assert.deepEqual(await tagged({ keys: ['team'] }), [id(1), id(2), id(3)])
      assert.deepEqual(await tagged({ keys: ['team'], values: ['b'] }, { keys: ['env'], values: ['prod'] }), [
        id(2),
      ])
      assert.deepEqual(await tagged({ keys: ['team'], values: ['a'] }, { keys: ['team'], values: ['b'] }), [])
      assert.deepEqual(await tagged({ keys: ['empty'], values: [''] }), [id(4)])
      assert.deepEqual(await tagged({ keys: ['team', 'empty'] }), [id(1), id(2), id(3), id(4)])
      assert.deepEqual(await tagged({ keys: ['team'], values: [] }), [])
      assert.deepEqual(await tagged({ keys: [] }), [])
    })

    test('a tag that was taken away or changed is found no longer', async () => {
      await using store = await holding(open, node(1, { tags: { team: 'a', env: 'prod' } }))
      await store.write((tx) => tx.nodes.update(node(1, { tags: { team: 'b' } })))
      assert.deepEqual(await idsOf(store, { tags: [{ keys: ['team'], values: ['a'] }] }), [])
      assert.deepEqual(await idsOf(store, { tags: [{ keys: ['env'] }] }), [])
      assert.deepEqual(await idsOf(store, { tags: [{ keys: ['team'], values: ['b'] }] }), [id(1)])
    })

    test('a deregistered one is in no list, and is still found by its id', async () => {
      await using store = await holding(open, node(1, { tags: { team: 'a' } }))
      const { publicKey, ...rest } = node(1, { state: 'deregistered', tags: { team: 'a' } })
      await store.write((tx) => tx.nodes.update(rest))
      assert.deepEqual(await store.read.nodes.find(PLACE, id(1)), rest)
      assert.deepEqual(await idsOf(store), [])
      assert.deepEqual(await idsOf(store, { tags: [{ keys: ['team'] }] }), [])
      assert.deepEqual(await store.read.nodes.ofMachine(PLACE, 'machine-1'), [])
    })

    test('hearing of a node never goes back in time, and no cache is told', async () => {
      await using store = await holding(open, node(1))
      const seenAt = async () => (await store.read.nodes.find(PLACE, id(1)))?.lastSeenAt.getTime()
      const before = store.revision('nodes')
      await store.write((tx) => tx.nodes.seen(PLACE, id(1), new Date(3000)))
      await store.write((tx) => tx.nodes.seen(PLACE, id(1), new Date(2000)))
      assert.equal(await seenAt(), 3000)
      assert.equal(store.revision('nodes'), before)
    })

    test('what changes a node is told to those who follow', async () => {
      await using store = await holding(open, node(1))
      const before = store.revision('nodes')
      await store.write((tx) => tx.nodes.update(node(1, { name: 'b' })))
      const between = store.revision('nodes')
      await store.write((tx) => tx.nodes.insert(node(2)))
      assert.ok(before < between && between < store.revision('nodes'))
    })
  })
}

function activationsContract(open: () => Promise<Store>): void {
  describe('activations', () => {
    test('one comes back as it was put, in its place alone', async () => {
      await using store = await open()
      const whole = activation({
        description: 'racks',
        defaultName: 'rack',
        tags: { team: 'a' },
        readmits: true,
      })
      const bare = activation({ id: '00000000-0000-4000-8000-000000000002' })
      await store.write(async (tx) => {
        await tx.nodes.insertActivation(bare)
        await tx.nodes.insertActivation(whole)
      })
      const { nodes } = store.read
      assert.deepEqual(await nodes.activation(PLACE, whole.id), whole)
      assert.deepEqual(await nodes.activations(PLACE, { limit: 9 }), [whole, bare])
      assert.deepEqual(await nodes.activations(PLACE, { limit: 1 }), [whole])
      assert.deepEqual(await nodes.activations(PLACE, { limit: 9, after: whole.id }), [bare])
      for (const place of ELSEWHERE) {
        assert.equal(await nodes.activation(place, whole.id), undefined)
        assert.deepEqual(await nodes.activations(place, { limit: 9 }), [])
      }
    })

    test('where one is kept is told by its id alone, wherever that is, until it is gone', async () => {
      await using store = await open()
      const ids = [3, 4, 5].map((number) => `00000000-0000-4000-8000-00000000000${number}`)
      const places = [PLACE, ...ELSEWHERE]
      const placesOf = () => Promise.all(ids.map((id) => store.read.nodes.placeOfActivation(id)))
      await store.write(async (tx) => {
        for (const [i, place] of places.entries())
          await tx.nodes.insertActivation(activation({ ...place, id: ids[i] ?? '' }))
      })
      const told = await placesOf()
      assert.deepEqual(told, places)
      assert.equal(await store.read.nodes.placeOfActivation(activation().id), undefined)
      assert.equal(await store.read.nodes.placeOfActivation(''), undefined)
      await store.write((tx) => tx.nodes.removeActivation(PLACE, ids[0] ?? ''))
      assert.equal((await placesOf())[0], undefined)
    })

    test('admits as many as its limit says, and nobody from its end on', async () => {
      await using store = await open()
      const { id } = activation()
      await store.write((tx) => tx.nodes.insertActivation(activation({ registrationLimit: 2 })))
      const spend = (at: number) => store.write((tx) => tx.nodes.spendActivation(PLACE, id, new Date(at)))
      assert.equal(await spend(2000), false)
      assert.deepEqual(await Promise.all([spend(1999), spend(1999), spend(1999)]).then(sorted), [
        false,
        true,
        true,
      ])
      assert.equal((await store.read.nodes.activation(PLACE, id))?.registrations, 2)
      for (const place of ELSEWHERE)
        assert.equal(await store.write((tx) => tx.nodes.spendActivation(place, id, new Date(1))), false)
    })

    test('one that is removed is gone, and cannot be removed again', async () => {
      await using store = await open()
      const { id } = activation()
      await store.write((tx) => tx.nodes.insertActivation(activation()))
      assert.equal(await store.write((tx) => tx.nodes.removeActivation(PLACE, id)), true)
      assert.equal(await store.read.nodes.activation(PLACE, id), undefined)
      assert.equal(await store.write((tx) => tx.nodes.removeActivation(PLACE, id)), false)
    })
  })
}

function sorted(answers: readonly boolean[]): readonly boolean[] {
  return [...answers].sort()
}
