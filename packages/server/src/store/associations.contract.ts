import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Association, ExecutionTarget } from './associations.ts'
import type { FleetNode } from './nodes.ts'
import type { Store } from './store.ts'

const PLACE = { account: '111122223333', region: 'us-east-1' }
const ELSEWHERE = [
  { ...PLACE, account: '444455556666' },
  { ...PLACE, region: 'eu-west-1' },
]
const NODES = ['mi-00000000000000001', 'mi-00000000000000002'] as const

function association(changes: Partial<Association> = {}): Association {
  return {
    ...PLACE,
    id: 'a',
    document: 'greet',
    version: 1,
    settings: { documentVersion: '$DEFAULT', targets: [{ Key: 'tag:Env', Values: ['dev'] }] },
    tags: { team: 'a' },
    execution: 1,
    createdAt: new Date(1000),
    updatedAt: new Date(1000),
    ...changes,
  }
}

function target(changes: Partial<ExecutionTarget> = {}): ExecutionTarget {
  return {
    association: 'a',
    execution: 1,
    node: NODES[0],
    version: '1.abc',
    status: 'Success',
    steps: { success: 1, failed: 0, timedOut: 0 },
    executedAt: new Date(2000),
    ...changes,
  }
}

function node(id: string): FleetNode {
  return {
    ...PLACE,
    ...{
      id,
      state: 'registered',
      activationId: 'x',
      iamRole: 'nodes',
      publicKey: 'key',
      hostKeys: [],
      tags: {},
    },
    facts: {
      ...{ hostname: 'web-1', ipAddress: '192.0.2.1', sshPort: 22, platformType: 'Linux' },
      ...{ platformName: 'Debian', platformVersion: '12', agentVersion: '1', machineId: id },
    },
    registeredAt: new Date(1000),
    lastSeenAt: new Date(1000),
  }
}

/** Engines give bytes in arrays of their own kinds. */
function comparable<T extends { readonly sealedParameters?: Uint8Array | undefined }>(found: T | undefined) {
  return found && { ...found, sealedParameters: Buffer.from(found.sealedParameters ?? []).toString() }
}

/** What every engine's associations must do. */
export function associationsContract(open: () => Promise<Store>): void {
  async function holding(...associations: readonly Association[]): Promise<Store> {
    const store = await open()
    await store.write(async (tx) => {
      for (const id of NODES) await tx.nodes.insert(node(id))
      for (const each of associations) await tx.associations.insert(each, `first of ${each.id}`)
    })
    return store
  }

  describe('associations', () => {
    test('an association comes back as it was added and as it was changed, in its place only', async () => {
      const first = association({ sealedParameters: new Uint8Array(Buffer.from('one')) })
      await using store = await holding(first)
      const { associations } = store.read
      assert.deepEqual(comparable(await associations.find(PLACE, 'a')), comparable(first))
      assert.deepEqual(comparable(await associations.look(PLACE, 'a')), comparable(first))
      for (const place of ELSEWHERE) {
        assert.equal(await associations.find(place, 'a'), undefined)
        assert.deepEqual(await associations.list(place, { limit: 9 }), [])
        assert.equal(await associations.usesDocument(place, 'greet'), false)
      }
      const second = association({
        ...{ version: 2, execution: 2, document: 'part', updatedAt: new Date(3000) },
        settings: { documentVersion: '3', targets: [], scheduleExpression: 'rate(1 hour)' },
      })
      await store.write((tx) => tx.associations.addVersion(second, 'second'))
      await store.write((tx) => tx.associations.retag(second, {}))
      assert.deepEqual(await associations.find(PLACE, 'a'), { ...second, tags: {} })
      assert.equal((await associations.version(second, 1))?.document, 'greet')
      const versions = await associations.versions(second, { before: undefined, limit: 9 })
      assert.deepEqual(versions.map(comparable), [
        comparable({ ...pick(second), createdAt: new Date(3000) }),
        comparable({ ...pick(first), createdAt: new Date(1000) }),
      ])
    })

    test('associations come by id, in pages, and are counted', async () => {
      await using store = await holding(...['c', 'a', 'b'].map((id) => association({ id })))
      const ids = async (after?: string) =>
        (await store.read.associations.list(PLACE, { after, limit: 2 })).map(({ id }) => id)
      assert.deepEqual(await ids(), ['a', 'b'])
      assert.deepEqual(await ids('b'), ['c'])
      assert.equal(await store.read.associations.count(PLACE), 3)
    })

    test('what an association uses of a document is known', async () => {
      await using store = await holding(
        association({ settings: { documentVersion: '2', targets: [] } }),
        association({ id: 'b', document: 'part' }),
      )
      const uses = (document: string, version?: number) =>
        store.read.associations.usesDocument(PLACE, document, version)
      assert.deepEqual(await Promise.all([uses('greet'), uses('part'), uses('none')]), [true, true, false])
      assert.deepEqual(await Promise.all([uses('greet', 2), uses('greet', 1), uses('part', 2)]), [
        true,
        false,
        false,
      ])
    })

    test('the last hundred executions are kept, with what was reported of them', async () => {
      await using store = await holding(association())
      await store.write((tx) => tx.associations.report(PLACE, target()))
      for (let number = 2; number <= 102; number++) {
        const execution = { number, id: `e${number}`, associationVersion: 1, createdAt: new Date(number) }
        await store.write((tx) => tx.associations.addExecution(association(), execution))
      }
      const { associations } = store.read
      assert.equal((await associations.find(PLACE, 'a'))?.execution, 102)
      const kept = await associations.executions(association(), { before: undefined, limit: 200 })
      assert.deepEqual([kept.length, kept[0]?.number, kept.at(-1)?.number], [100, 102, 3])
      assert.equal((await associations.executionOfId(association(), 'e50'))?.number, 50)
      assert.equal((await associations.execution(association(), 50))?.id, 'e50')
      assert.equal(await associations.execution(association(), 2), undefined)
      assert.deepEqual(await associations.targets(association(), 1, { limit: 9 }), [])
    })

    test('the latest report of each node counts, whichever comes first', async () => {
      await using store = await holding(association())
      const late = target({ status: 'Failed', version: '1.b', executedAt: new Date(5000) })
      for (const each of [late, target(), target({ node: NODES[1] })])
        await store.write((tx) => tx.associations.report(PLACE, each))
      const { associations } = store.read
      const page = (after?: string) => associations.targets(association(), 1, { after, limit: 1 })
      assert.deepEqual(await page(), [late])
      assert.deepEqual(await page(NODES[0]), [target({ node: NODES[1] })])
      assert.deepEqual(await associations.lastExecuted(association()), {
        at: new Date(5000),
        successAt: new Date(2000),
      })
      assert.deepEqual(await associations.targetsOfNode(PLACE, NODES[0]), [late])
      await store.write((tx) => tx.nodes.update({ ...node(NODES[0]), state: 'deregistered' }))
      assert.deepEqual(await page(), [target({ node: NODES[1] })])
    })

    test('what a node reported of an execution that is over is not its state', async () => {
      await using store = await holding(association())
      await store.write((tx) => tx.associations.report(PLACE, target()))
      await store.write((tx) =>
        tx.associations.addVersion(association({ version: 2, execution: 2 }), 'second'),
      )
      assert.deepEqual(await store.read.associations.targetsOfNode(PLACE, NODES[0]), [])
    })

    test('a removed association leaves nothing of itself, and all of others', async () => {
      await using store = await holding(association(), association({ id: 'b' }))
      for (const id of ['a', 'b'])
        await store.write((tx) => tx.associations.report(PLACE, target({ association: id })))
      await store.write((tx) => tx.associations.remove(association()))
      const { associations } = store.read
      const left = async (id: string) => [
        await associations.find(PLACE, id),
        await associations.version(association({ id }), 1),
        await associations.execution(association({ id }), 1),
        (await associations.targets(association({ id }), 1, { limit: 9 }))[0],
      ]
      assert.ok((await left('a')).every((each) => each === undefined))
      assert.ok((await left('b')).every((each) => each !== undefined))
    })

    test('each change tells those that follow, and reports do not', async () => {
      await using store = await holding()
      const before = store.revision('associations')
      await store.write((tx) => tx.associations.insert(association(), 'e'))
      const inserted = store.revision('associations')
      assert.ok(inserted > before)
      await store.write((tx) => tx.associations.report(PLACE, target()))
      assert.equal(store.revision('associations'), inserted)
      await store.write((tx) => tx.associations.remove(association()))
      assert.ok(store.revision('associations') > inserted)
    })
  })
}

function pick({ document, version, settings, sealedParameters }: Association) {
  return { document, version, settings, sealedParameters }
}
